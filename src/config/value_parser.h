#pragma once
// One YAML value -> one slot of the Config. Used by load.cpp.

#include <yaml-cpp/yaml.h>

#include <functional>
#include <optional>
#include <string>

#include "config/config_keys.h"

namespace hullwatch {

/// Reports a problem at a node: message, hint.
using ConfigComplaint = std::function<void(const YAML::Node& where, std::string message, std::string hint)>;

void parse_config_value(const ConfigKey& key, const YAML::Node& node, Config& config, const ConfigComplaint& complain);

/// "64MiB", "1 GiB", "4096"; empty when it is no size or too large.
std::optional<uint64_t> parse_byte_size(std::string_view text);

/// What a node is, for messages: "a list", "a mapping", "nothing", "'text'".
std::string describe_node(const YAML::Node& node);

}  // namespace hullwatch
