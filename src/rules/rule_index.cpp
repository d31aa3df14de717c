#include "rules/rule_index.h"

#include <algorithm>
#include <map>

namespace hullwatch::rules {
namespace {

constexpr size_t kFewestRules = 3;  // a guard of fewer rules saves nothing
constexpr size_t kMaxGuards = 256;  // per type; bounds what rules without evt.type can make of it

}  // namespace

void RuleIndex::add(uint32_t rule, NodeId condition, std::span<const EventType> types, ConditionPool& pool) {
  if (conjuncts_.size() <= rule) conjuncts_.resize(rule + 1);
  conjuncts_[rule] = pool.conjuncts(condition);
  for (const EventType type : types) by_type_[static_cast<size_t>(type)].rules.push_back(rule);
}

void RuleIndex::build(const ConditionPool& pool) {
  for (auto& candidates : by_type_) choose_guards(candidates, pool);
}

void RuleIndex::choose_guards(Candidates& candidates, const ConditionPool& pool) const {
  std::map<NodeId, std::vector<size_t>> needed_by;
  for (size_t i = 0; i < candidates.rules.size(); ++i)
    for (const NodeId node : conjuncts_[candidates.rules[i]]) needed_by[node].push_back(i);
  struct Choice {
    NodeId node;
    double worth;
  };
  std::vector<Choice> choices;
  for (const auto& [node, rules] : needed_by)
    if (rules.size() >= kFewestRules)
      choices.push_back({node, static_cast<double>(rules.size()) / static_cast<double>(pool.facts(node).cost + 1)});
  std::sort(choices.begin(), choices.end(), [](const Choice& a, const Choice& b) { return a.worth > b.worth; });
  if (choices.size() > kMaxGuards) choices.resize(kMaxGuards);
  for (const Choice& choice : choices) {
    Guard guard{choice.node, std::vector<uint64_t>((candidates.rules.size() + 63) / 64)};
    for (const size_t i : needed_by[choice.node]) guard.rules[i / 64] |= uint64_t{1} << i % 64;
    candidates.guards.push_back(std::move(guard));
  }
}

void RuleIndex::select(const Candidates& candidates, EventType type, ConditionPool& pool, Evaluation& evaluation) {
  const size_t count = candidates.rules.size();
  alive_.assign((count + 63) / 64, ~uint64_t{0});
  if (count % 64 != 0) alive_.back() = (uint64_t{1} << count % 64) - 1;
  for (const Guard& guard : candidates.guards) {
    uint64_t waiting = 0;
    for (size_t i = 0; i < alive_.size(); ++i) waiting |= alive_[i] & guard.rules[i];
    if (waiting == 0 || pool.evaluate(guard.node, type, evaluation)) continue;
    for (size_t i = 0; i < alive_.size(); ++i) alive_[i] &= ~guard.rules[i];
  }
}

bool RuleIndex::holds(uint32_t rule, EventType type, ConditionPool& pool, Evaluation& evaluation) const {
  return std::ranges::all_of(conjuncts_[rule], [&](NodeId node) { return pool.evaluate(node, type, evaluation); });
}

}  // namespace hullwatch::rules
