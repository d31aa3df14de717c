#pragma once
// `rules.select` and `rules.append_output`: from YAML, and to JSON, which is also how they stand on one line of YAML.

#include <yaml-cpp/yaml.h>

#include "config/value_parser.h"
#include "rules/rule_options.h"
#include "util/json_writer.h"

namespace hullwatch {

void parse_selection(const YAML::Node& entry, const ConfigComplaint& complain, RuleSelection& out);
void parse_appended(const YAML::Node& entry, const ConfigComplaint& complain, AppendedOutput& out);

void write_selections(JsonWriter& json, const std::vector<RuleSelection>& selections);
void write_appended(JsonWriter& json, const std::vector<AppendedOutput>& appended);

}  // namespace hullwatch
