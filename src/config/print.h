#pragma once
// A configuration as text, all from the table of keys. Pure.

#include <string>

#include "config/config.h"

namespace hullwatch {

/// YAML that load_config_text() reads back to the same configuration.
std::string print_config(const Config& config);
/// The same as one JSON object with `schema`; sizes in bytes.
std::string print_config_json(const Config& config);
/// The defaults with their documentation, every key commented out: deploy/hullwatch.yaml.
std::string default_config_file();
/// The table of docs/configuration.md, in Markdown.
std::string config_reference_markdown();

}  // namespace hullwatch
