#include "rules/rule_index.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

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
  for (auto& candidates : by_type_) {
    choose_dispatches(candidates, pool);
    choose_guards(candidates, pool);
  }
}

void RuleIndex::choose_dispatches(Candidates& candidates, const ConditionPool& pool) const {
  const size_t words = (candidates.rules.size() + 63) / 64;
  std::map<SlotId, std::vector<std::pair<size_t, std::vector<std::string_view>>>> by_slot;
  for (size_t i = 0; i < candidates.rules.size(); ++i) {
    std::set<SlotId> seen;  // a rule with two such conditions on one field: one is enough
    for (const NodeId node : conjuncts_[candidates.rules[i]])
      if (auto exact = pool.exact(node); exact && seen.insert(exact->slot).second)
        by_slot[exact->slot].emplace_back(i, std::move(exact->texts));
  }
  for (const auto& [slot, wants] : by_slot) {
    if (wants.size() < kFewestRules) continue;
    Dispatch dispatch{slot, std::vector<uint64_t>(words), {}};
    for (const auto& [i, texts] : wants) {
      dispatch.rules[i / 64] |= uint64_t{1} << i % 64;
      for (const auto text : texts) {
        auto& wanting = dispatch.wanting.try_emplace(std::string(text), words).first->second;
        wanting[i / 64] |= uint64_t{1} << i % 64;
      }
    }
    candidates.dispatches.push_back(std::move(dispatch));
  }
  std::ranges::sort(candidates.dispatches, std::greater<>(), [](const Dispatch& dispatch) {
    return std::accumulate(dispatch.rules.begin(), dispatch.rules.end(), 0,
                           [](int n, uint64_t bits) { return n + std::popcount(bits); });
  });
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
  for (const Dispatch& dispatch : candidates.dispatches) {
    uint64_t waiting = 0;
    for (size_t i = 0; i < alive_.size(); ++i) waiting |= alive_[i] & dispatch.rules[i];
    if (waiting == 0) continue;
    const Value& value = evaluation.value(dispatch.slot);
    const auto* text = std::get_if<std::string_view>(&value);
    const auto found = text != nullptr ? dispatch.wanting.find(*text) : dispatch.wanting.end();
    if (found == dispatch.wanting.end())
      for (size_t i = 0; i < alive_.size(); ++i) alive_[i] &= ~dispatch.rules[i];
    else
      for (size_t i = 0; i < alive_.size(); ++i) alive_[i] &= ~dispatch.rules[i] | found->second[i];
  }
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
