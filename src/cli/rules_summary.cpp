#include "cli/rules_summary.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "event/event_type.h"
#include "probe/tier_needs.h"
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
  std::map<std::string, size_t> wants;       // of the inert ones
  std::set<std::string> events, fields;      // that would make more of them live
  size_t with_tier = 0;                      // of the live ones, those that not every kernel's choice serves
  std::map<std::string, std::string> tiers;  // an event or field, and the tiers that have it
};

/// The fields and events for which a live rule hangs on a tier. Of events: all that it has do.
void add_tiers(const RuleSet& rules, size_t index, Summary& sum) {
  std::map<std::string, std::string> found;
  std::set<std::string_view> observations;
  bool everywhere = false;
  for (const EventType type : rules.rules()[index].event_types) {
    const TierNeeds needs = tiers_of_event(type);
    observations.insert(needs.observation);
    everywhere = everywhere || needs.all;
    if (!everywhere) found.emplace(event_type_name(type), needs.text());
  }
  if (everywhere) found.clear();
  for (const std::string_view field : rules.fields_of(index)) {
    for (const TierNeeds& needs : tiers_of_field(field)) {
      if (!observations.contains(needs.observation)) continue;
      const std::string of = field.starts_with("evt.") ? " of " + std::string(needs.observation) : "";
      found.emplace(std::string(field) + of, needs.text());
    }
  }
  sum.with_tier += found.empty() ? 0 : 1;
  sum.tiers.merge(found);
}

Summary summary_of(const RuleSet& rules) {
  Summary sum;
  for (size_t i = 0; i < rules.rules().size(); ++i) {
    const RuleInfo& rule = rules.rules()[i];
    if (rule.state == RuleInfo::State::live) ++sum.live;
    if (rule.state == RuleInfo::State::live) add_tiers(rules, i, sum);
    if (rule.state == RuleInfo::State::disabled) ++sum.disabled;
    if (rule.state != RuleInfo::State::inert) continue;
    ++sum.inert;
    ++sum.wants[want_of(rule)];
    sum.events.insert(rule.missing_events.begin(), rule.missing_events.end());
    sum.fields.insert(rule.missing_fields.begin(), rule.missing_fields.end());
  }
  return sum;
}

/// Which tiers an event that a rule waits for would come by.
std::string tiers_of_missing(const std::string& event) {
  const auto type = event_type_from_name(event);
  const std::string text = type ? tiers_of_event(*type).text() : "";
  return text.empty() ? "no tier" : text;
}

/// "a, b (no tier), c (T3 quiet)": names of the same tiers stand together.
std::string with_tiers(const std::set<std::string>& names, const std::function<std::string(const std::string&)>& tiers) {
  std::map<std::string, std::set<std::string>> by_tiers;
  for (const std::string& name : names) by_tiers[tiers(name)].insert(name);
  std::string out;
  for (const auto& [tier, same] : by_tiers) out.append(out.empty() ? "" : ", ").append(joined(same)).append(" (" + tier + ")");
  return out;
}

}  // namespace

std::string rules_summary_line(const RuleSet& rules) {
  const Summary sum = summary_of(rules);
  std::string text = std::to_string(rules.rules().size()) + " rules: " + std::to_string(sum.live) + " live";
  if (sum.disabled > 0) text += ", " + std::to_string(sum.disabled) + " disabled";
  text += ", " + std::to_string(sum.inert) + " inert";
  std::vector<std::pair<std::string, size_t>> wants(sum.wants.begin(), sum.wants.end());
  std::ranges::stable_sort(wants, std::ranges::greater{}, &std::pair<std::string, size_t>::second);
  std::string separator = " (";
  for (const auto& [want, count] : wants) {
    text += separator + std::to_string(count) + ": " + want;
    separator = "; ";
  }
  if (!wants.empty()) text += ")";
  if (!sum.events.empty() || !sum.fields.empty()) text += "; to be live they need";
  if (!sum.events.empty()) text += " the events " + with_tiers(sum.events, tiers_of_missing);
  if (!sum.fields.empty())
    text += (sum.events.empty() ? "" : " and") + std::string(" the fields ") +
            with_tiers(sum.fields, [](const std::string&) { return "no tier"; });
  if (sum.with_tier == 0) return text;
  text += "; " + std::to_string(sum.with_tier) + " of the live " + (sum.with_tier == 1 ? "needs" : "need") + " a tier";
  separator = ": ";
  for (const auto& [what, tiers] : sum.tiers) {
    text += separator + what + " (" + tiers + ")";
    separator = ", ";
  }
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
  json.member("live_needing_tier", sum.with_tier).key("needs_tier").begin_array();
  for (const auto& [what, tiers] : sum.tiers) json.begin_object().member("what", what).member("tiers", tiers).end_object();
  json.end_array().end_object();
}

std::string rules_inert_on_this_kernel(const RuleSet& rules) {
  std::set<std::string> names;
  for (const RuleInfo& rule : rules.rules())
    if (rule.state == RuleInfo::State::inert && !rule.unprovided_events.empty()) names.insert(rule.name);
  return joined(names);
}

}  // namespace hullwatch
