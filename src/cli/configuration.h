#pragma once
// The configuration a verb works with: the file named, else the default one where there is one, else the defaults.

#include <optional>
#include <string>

#include "config/config.h"
#include "rules/rule_set.h"

namespace hullwatch {

inline constexpr const char* kDefaultConfigFile = "/etc/hullwatch/hullwatch.yaml";

/// Errors go to stderr with their places; then nothing is returned (exit 3).
std::optional<Config> load_configuration(const std::string& file);

/// What the configuration says of rules, for RuleSet::load.
RuleSetOptions rule_options(const Config& config);

}  // namespace hullwatch
