// The part of the compiler that finds whether a rule is live, inert or disabled, and why.

#include <algorithm>
#include <utility>

#include "event/event_type.h"
#include "rules/rule_compiler.h"

namespace hullwatch::rules {
namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out.append(out.empty() ? "" : ", ").append(name);
  return out;
}

/// `*` stands for any text, all other characters for themselves.
bool matches_wildcard(std::string_view text, std::string_view pattern) {
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return text == pattern;
  if (!text.starts_with(pattern.substr(0, star))) return false;
  text.remove_prefix(star);
  pattern.remove_prefix(star + 1);
  for (size_t next = pattern.find('*'); next != std::string_view::npos; next = pattern.find('*')) {
    const size_t at = text.find(pattern.substr(0, next));
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + next);
    pattern.remove_prefix(next + 1);
  }
  return text.ends_with(pattern);
}

bool selects(const RuleSelection& selection, const RuleDefinition& rule) {
  if (!selection.tag.empty()) return rule.tags.contains(selection.tag);
  return matches_wildcard(rule.name, selection.rule);
}

}  // namespace

void RuleCompiler::find_state(const RuleDefinition& rule, NodeId node, RuleInfo& info) const {
  const NodeFacts& facts = pool_->facts(node);
  uint64_t unavailable = 0;
  for (const EventType type : options_.unavailable_events) unavailable |= uint64_t{1} << static_cast<unsigned>(type);
  const uint64_t possible = facts.may_hold.own();
  const uint64_t live = possible & ~facts.blind.own() & ~unavailable;
  for (const auto& type : event_types()) {
    const uint64_t bit = uint64_t{1} << static_cast<unsigned>(type.type);
    if ((live & bit) != 0) info.event_types.push_back(type.type);
    if ((possible & unavailable & bit) != 0) info.unprovided_events.emplace_back(type.name);
  }

  std::vector<const Field*> missing;
  if (!facts.blind.empty()) missing = pool_->missing_fields(node, facts.may_hold);
  std::string needs;
  for (const Field* field : missing) {
    info.missing_fields.emplace_back(field->name);
    if (needs.empty()) needs = field->needs;
  }
  std::ranges::sort(info.missing_fields);
  // A set that holds the names nobody mentioned is open: it misses nothing in particular.
  const bool open = facts.may_hold.contains(TypeSet::kWords * 64 - 1);
  if (!open) info.missing_events = pool_->foreign_names(facts.may_hold);
  info.missing_events.insert(info.missing_events.end(), info.unprovided_events.begin(), info.unprovided_events.end());

  const auto set = [&info](RuleInfo::State state, std::string reason) {
    info.state = state;
    info.reason = std::move(reason);
  };
  bool enabled = rule.enabled, selected = false;
  for (const auto& selection : options_.selections) {
    if (!selects(selection, rule)) continue;
    enabled = selection.enable;
    selected = true;
  }
  if (!enabled)
    return set(RuleInfo::State::disabled, selected ? "disabled by the configuration: rules.select" : "enabled: false");
  if (rule.priority > options_.minimum_priority)
    return set(RuleInfo::State::disabled,
               "its priority is below the minimum, " + std::string(priority_name(options_.minimum_priority)));
  if (live != 0) return;
  if (facts.may_hold.empty()) return set(RuleInfo::State::inert, "the condition can never hold");
  if (possible == 0)
    return set(RuleInfo::State::inert, "needs events hullwatch does not observe: " + joined(info.missing_events));
  if ((possible & ~unavailable) == 0)
    return set(RuleInfo::State::inert, "needs events nothing on this kernel provides: " + joined(info.unprovided_events));
  set(RuleInfo::State::inert,
      "needs fields hullwatch does not have: " + joined(info.missing_fields) + (needs.empty() ? "" : " (" + needs + ")"));
}

void RuleCompiler::warn_unmatched() {
  for (const auto& selection : options_.selections) {
    if (std::ranges::any_of(definitions_.rules(), [&](const RuleDefinition& rule) { return selects(selection, rule); }))
      continue;
    diagnostics_.warning("LOAD_WARNING_EXTENSION",
                         std::string("rules.select: no rule ") +
                             (selection.tag.empty() ? "is named '" + selection.rule : "has the tag '" + selection.tag) + "'");
  }
}

}  // namespace hullwatch::rules
