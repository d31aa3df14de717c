#pragma once
// What rule files are worth here, in a line or as JSON: `rules check` and `doctor` say it. Any thread.

#include <string>

#include "rules/rule_set.h"

namespace hullwatch {

class JsonWriter;

/// "25 rules: 11 live, 14 inert (4: events open, openat; 1: …); to be live they need the events … and the fields …"
std::string rules_summary_line(const RuleSet& rules);
/// An object: rules, live, disabled, inert, needs_events, needs_fields.
void write_rules_summary(JsonWriter& json, const RuleSet& rules);
/// Names of the rules that are inert because of this kernel alone or among others: "a, b".
std::string rules_inert_on_this_kernel(const RuleSet& rules);

}  // namespace hullwatch
