#include "cli/rules_summary.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "util/json_writer.h"

namespace hullwatch {
namespace {

std::string joined(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

/// What a rule that does nothing waits for, short enough to be counted: "events open, openat", "fields fd.name".
std::string want_of(const RuleInfo& rule) {
  if (!rule.missing_events.empty()) return "events " + joined({rule.missing_events.begin(), rule.missing_events.end()});
  if (!rule.missing_fields.empty()) return "fields " + joined({rule.missing_fields.begin(), rule.missing_fields.end()});
  return rule.reason;
}

struct Summary {
  size_t live = 0, disabled = 0, inert = 0;
  std::map<std::string, size_t> wants;   // of the inert ones
  std::set<std::string> events, fields;  // that would make more of them live
};

Summary summary_of(const RuleSet& rules) {
  Summary sum;
  for (const RuleInfo& rule : rules.rules()) {
    if (rule.state == RuleInfo::State::live) ++sum.live;
    if (rule.state == RuleInfo::State::disabled) ++sum.disabled;
    if (rule.state != RuleInfo::State::inert) continue;
    ++sum.inert;
    ++sum.wants[want_of(rule)];
    sum.events.insert(rule.missing_events.begin(), rule.missing_events.end());
    sum.fields.insert(rule.missing_fields.begin(), rule.missing_fields.end());
  }
  return sum;
}

}  // namespace

std::string rules_summary_line(const RuleSet& rules) {
  const Summary sum = summary_of(rules);
  std::string text = std::to_string(rules.rules().size()) + " rules: " + std::to_string(sum.live) + " live";
  if (sum.disabled > 0) text += ", " + std::to_string(sum.disabled) + " disabled";
  text += ", " + std::to_string(sum.inert) + " inert";
  if (sum.inert == 0) return text;
  std::vector<std::pair<std::string, size_t>> wants(sum.wants.begin(), sum.wants.end());
  std::ranges::stable_sort(wants, std::ranges::greater{}, &std::pair<std::string, size_t>::second);
  std::string separator = " (";
  for (const auto& [want, count] : wants) {
    text += separator + std::to_string(count) + ": " + want;
    separator = "; ";
  }
  text += ")";
  if (sum.events.empty() && sum.fields.empty()) return text;
  text += "; to be live they need";
  if (!sum.events.empty()) text += " the events " + joined(sum.events);
  if (!sum.fields.empty()) text += (sum.events.empty() ? "" : " and") + std::string(" the fields ") + joined(sum.fields);
  return text;
}

void write_rules_summary(JsonWriter& json, const RuleSet& rules) {
  const Summary sum = summary_of(rules);
  json.begin_object().member("rules", rules.rules().size()).member("live", sum.live);
  json.member("disabled", sum.disabled).member("inert", sum.inert);
  const auto list = [&json](std::string_view key, const std::set<std::string>& names) {
    json.key(key).begin_array();
    for (const std::string& name : names) json.value(name);
    json.end_array();
  };
  list("needs_events", sum.events);
  list("needs_fields", sum.fields);
  json.end_object();
}

std::string rules_inert_on_this_kernel(const RuleSet& rules) {
  std::set<std::string> names;
  for (const RuleInfo& rule : rules.rules())
    if (rule.state == RuleInfo::State::inert && !rule.unprovided_events.empty()) names.insert(rule.name);
  return joined(names);
}

}  // namespace hullwatch
