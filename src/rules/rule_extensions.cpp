#include "rules/rule_extensions.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <span>
#include <utility>

#include "rules/item_reader.h"
#include "rules/sequence.h"
#include "util/diagnostic.h"
#include "util/duration.h"

namespace hullwatch::rules {
namespace {

constexpr size_t kMaxBy = 8;
constexpr uint64_t kMinDuration = 1'000'000;
constexpr uint64_t kMaxDuration = 7ULL * 86'400'000'000'000;
constexpr uint32_t kMaxCount = 10'000;
constexpr uint64_t kMaxPids = 4'194'304;
using Names = std::span<const std::string_view>;

std::string listed(Names names) {
  std::string out;
  for (const auto name : names) out.append(out.empty() ? "" : ", ").append(name);
  return out;
}

/// A map that has no keys but these. Null, having said why, when it is none.
const YamlNode* checked_map(ItemReader& item, const YamlPtr& node, std::string_view what, Names keys) {
  if (!node->is_map()) {
    item.error(*node, "the value of '" + std::string(what) + "' must be a map", "of " + listed(keys));
    return nullptr;
  }
  for (const auto& [key, value] : node->entries)
    if (!key->is_scalar() || std::ranges::find(keys, key->value) == keys.end()) {
      const std::string hint = did_you_mean(key->value, {keys.begin(), keys.end()});
      item.error(*key, "unknown key '" + key->value + "' in '" + std::string(what) + "'", hint.empty() ? listed(keys) : hint);
    }
  return node.get();
}

YamlPtr child(const YamlNode& map, std::string_view key) {
  for (const auto& [name, value] : map.entries)
    if (name->is_scalar() && name->value == key) return value;
  return nullptr;
}

uint64_t read_duration(ItemReader& item, const YamlNode& owner, const YamlNode* value, const std::string& name) {
  if (value == nullptr) {
    item.error(owner, "key " + name + " is missing", "a duration, as in 500ms, 10s, 5m, 1h");
    return 0;
  }
  const auto parsed = value->is_scalar() ? parse_duration(value->value) : std::nullopt;
  if (!parsed) {
    item.error(*value, "the value of " + name + " is no duration", "as in 500ms, 10s, 5m, 1h");
    return 0;
  }
  if (*parsed < kMinDuration || *parsed > kMaxDuration)
    item.error(*value, "the value of " + name + " is out of range: from 1ms to 7d");
  return *parsed;
}

uint64_t read_number(ItemReader& item, const YamlNode& value, const std::string& name, uint64_t least, uint64_t most) {
  uint64_t number = 0;
  const char* end = value.value.data() + value.value.size();
  const auto parsed = std::from_chars(value.value.data(), end, number);
  if (value.is_scalar() && parsed.ec == std::errc() && parsed.ptr == end && number >= least && number <= most) return number;
  item.error(value,
             "the value of " + name + " must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return least;
}

NamedField read_field(ItemReader& item, const YamlPtr& node, const std::string& name) {
  if (!node->is_scalar() || node->value.empty()) item.error(*node, "the value of " + name + " must be a field");
  return {node->value, node};
}

/// One field or a list of them.
std::vector<NamedField> read_by(ItemReader& item, const YamlPtr& node) {
  std::vector<NamedField> out;
  if (!node || node->is_null()) return out;
  if (!node->is_sequence()) return {read_field(item, node, "'by'")};
  if (node->items.size() > kMaxBy) item.error(*node, "'by' takes at most " + std::to_string(kMaxBy) + " fields");
  for (const auto& field : node->items) out.push_back(read_field(item, field, "'by'"));
  return out;
}

std::optional<ThresholdDefinition> read_threshold(ItemReader& item) {
  static constexpr std::array<std::string_view, 4> kKeys = {"count", "window", "by", "distinct"};
  const YamlNode* map = checked_map(item, item.node("threshold"), "threshold", kKeys);
  if (map == nullptr) return std::nullopt;
  ThresholdDefinition out;
  const YamlNode* count = map->find("count");
  if (count == nullptr)
    item.error(*map, "key 'count' of 'threshold' is missing");
  else
    out.count = static_cast<uint32_t>(read_number(item, *count, "'count'", 2, kMaxCount));
  out.window_ns = read_duration(item, *map, map->find("window"), "'window' of 'threshold'");
  out.by = read_by(item, child(*map, "by"));
  if (const auto distinct = child(*map, "distinct")) out.distinct = read_field(item, distinct, "'distinct'");
  return out;
}

SequenceStep read_step(ItemReader& item, const YamlPtr& node) {
  static constexpr std::array<std::string_view, 2> kKeys = {"rule", "condition"};
  SequenceStep step;
  step.node = node;
  const YamlNode* map = checked_map(item, node, "sequence", kKeys);
  if (map == nullptr) return step;
  const YamlPtr rule = child(*map, "rule"), condition = child(*map, "condition");
  if ((rule != nullptr) == (condition != nullptr)) {
    item.error(*node, "a step of a sequence has either 'rule' or 'condition'");
    return step;
  }
  const YamlPtr& given = rule ? rule : condition;
  if (!given->is_scalar() || given->value.empty())
    item.error(*given, "the value of '" + std::string(rule ? "rule" : "condition") + "' is empty");
  else if (rule)
    step.rule = rule->value;
  else
    step.condition = TrackedText(*item.place().file, condition);
  return step;
}

std::optional<SequenceDefinition> read_sequence(ItemReader& item) {
  const YamlPtr list = item.node("sequence");
  if (!list->is_sequence() || list->items.size() < 2 || list->items.size() > Sequence::kMaxSteps) {
    item.error(*list, "the value of 'sequence' must be a list of 2 to " + std::to_string(Sequence::kMaxSteps) + " steps",
               "each {rule: NAME} or {condition: TEXT}");
    return std::nullopt;
  }
  SequenceDefinition out;
  for (const auto& node : list->items) out.steps.push_back(read_step(item, node));
  out.within_ns = read_duration(item, *list, item.node("within").get(), "'within' of a rule with 'sequence'");
  out.by = read_by(item, item.node("by"));
  return out;
}

std::optional<SuppressDefinition> read_suppress(ItemReader& item) {
  static constexpr std::array<std::string_view, 2> kKeys = {"for", "by"};
  const YamlNode* map = checked_map(item, item.node("suppress"), "suppress", kKeys);
  if (map == nullptr) return std::nullopt;
  return SuppressDefinition{read_duration(item, *map, map->find("for"), "'for' of 'suppress'"),
                            read_by(item, child(*map, "by"))};
}

std::optional<uint64_t> signal_number(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, int>, 8> kSignals = {{{"TERM", SIGTERM},
                                                                                {"KILL", SIGKILL},
                                                                                {"INT", SIGINT},
                                                                                {"STOP", SIGSTOP},
                                                                                {"CONT", SIGCONT},
                                                                                {"HUP", SIGHUP},
                                                                                {"USR1", SIGUSR1},
                                                                                {"USR2", SIGUSR2}}};
  if (text.starts_with("SIG")) text.remove_prefix(3);
  for (const auto& [name, number] : kSignals)
    if (name == text) return static_cast<uint64_t>(number);
  return std::nullopt;
}

/// `freeze`, or `{clamp_pids: 100}`: the action's name, and its value where it takes one.
void read_action(ItemReader& item, const YamlNode& node, std::vector<ResponseAction>& out) {
  using Kind = ResponseAction::Kind;
  constexpr auto& kActions = kResponseNames;
  const bool with_value = node.is_map() && node.entries.size() == 1;
  if (!node.is_scalar() && !with_value) return item.error(node, "an action is a name, or a map of one name and its value");
  const YamlNode& name = with_value ? *node.entries[0].first : node;
  const auto found = std::ranges::find(kActions, name.value);
  if (found == kActions.end()) {
    const std::string hint = did_you_mean(name.value, {kActions.begin(), kActions.end()});
    return item.error(name, "unknown action '" + name.value + "'", hint.empty() ? listed(kActions) : hint);
  }
  ResponseAction action{static_cast<Kind>(found - kActions.begin()), 0};
  const bool takes_value = action.kind == Kind::clamp_pids || action.kind == Kind::signal;
  if (takes_value != with_value)
    return item.error(node, "action '" + name.value + "' takes " + (takes_value ? "a value" : "no value"),
                      action.kind == Kind::signal ? "{signal: SIGTERM}" : (takes_value ? "{clamp_pids: 100}" : ""));
  if (action.kind == Kind::clamp_pids) action.value = read_number(item, *node.entries[0].second, "'clamp_pids'", 1, kMaxPids);
  if (action.kind == Kind::signal) {
    const auto number = signal_number(node.entries[0].second->value);
    if (!number)
      return item.error(*node.entries[0].second, "unknown signal '" + node.entries[0].second->value + "'",
                        "SIGTERM, SIGKILL, SIGINT, SIGSTOP, SIGCONT, SIGHUP, SIGUSR1, SIGUSR2");
    action.value = *number;
  }
  out.push_back(action);
}

}  // namespace

RuleExtensions read_extensions(ItemReader& item) {
  RuleExtensions out;
  item.in_extension(true);
  if (item.has("threshold")) out.threshold = read_threshold(item);
  if (item.has("sequence")) out.sequence = read_sequence(item);
  if (item.has("threshold") && item.has("sequence"))
    item.error(*item.node("sequence"), "a rule has either 'threshold' or 'sequence'");
  for (const std::string_view key : {"by", "within"})
    if (item.has(key) && !item.has("sequence"))
      item.error(*item.node(key), "'" + std::string(key) + "' at the level of the rule belongs to a 'sequence'",
                 key == "by" ? "'threshold' and 'suppress' have a 'by' of their own" : "");
  if (item.has("suppress")) out.suppress = read_suppress(item);
  if (const auto respond = item.node("respond")) {
    if (respond->is_sequence()) {
      for (const auto& action : respond->items) read_action(item, *action, out.respond);
    } else {
      read_action(item, *respond, out.respond);
    }
    out.respond_node = respond;
  }
  item.in_extension(false);
  return out;
}

}  // namespace hullwatch::rules
