#pragma once
// What rule files are worth here, in a line or as JSON: `rules check` and `doctor` say it. Any thread.

#include <string>

#include "rules/rule_set.h"

namespace hullwatch {

class JsonWriter;

/// "25 rules: 11 live, 14 inert (4: events open, openat; 1: …); to be live they need the events open, openat (no tier)
/// and the fields fd.name (no tier); 1 of the live needs a tier: mount.resolved (T1 lsm or T2 fentry)"
std::string rules_summary_line(const RuleSet& rules);
/// An object: rules, live, disabled, inert, needs_events, needs_fields, live_needing_tier, needs_tier[].
void write_rules_summary(JsonWriter& json, const RuleSet& rules);
/// Names of the rules that are inert because of this kernel alone or among others: "a, b".
std::string rules_inert_on_this_kernel(const RuleSet& rules);

}  // namespace hullwatch
