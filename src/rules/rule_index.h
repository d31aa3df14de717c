#pragma once
// Which rules to try for an event: by its type; then by dispatch, where several rules each want one field to be one of their
// texts (proc.name in (…)): one look-up rules out all that do not want this one; then by guards, conditions that several
// rules need: one that fails rules out all of them at once. Built at load, then read by the evaluator thread, which it also
// keeps scratch for.

#include <array>
#include <bit>
#include <functional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "rules/condition_pool.h"

namespace hullwatch::rules {

class RuleIndex {
 public:
  /// In order of definition, while the pool is not sealed. `rule` is tried for events of these types.
  void add(uint32_t rule, NodeId condition, std::span<const EventType> types, ConditionPool& pool);
  /// Chooses the guards. Before the pool is sealed.
  void build(const ConditionPool& pool);

  [[nodiscard]] bool wants(EventType type) const { return !by_type_[static_cast<size_t>(type)].rules.empty(); }

  /// Calls found(rule) for each rule that holds, in order, until it returns false.
  template <typename Found>
  void match(EventType type, ConditionPool& pool, Evaluation& evaluation, Found found) {
    const Candidates& candidates = by_type_[static_cast<size_t>(type)];
    select(candidates, type, pool, evaluation);
    for (size_t word = 0; word < alive_.size(); ++word)
      for (uint64_t bits = alive_[word]; bits != 0; bits &= bits - 1) {
        const uint32_t rule = candidates.rules[word * 64 + static_cast<size_t>(std::countr_zero(bits))];
        if (holds(rule, type, pool, evaluation) && !found(rule)) return;
      }
  }

 private:
  struct Guard {
    NodeId node;
    std::vector<uint64_t> rules;  // bit i: candidate i needs it
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct Dispatch {
    SlotId slot;
    std::vector<uint64_t> rules;  // bit i: candidate i wants the field to be one of its texts
    std::unordered_map<std::string, std::vector<uint64_t>, Hash, std::equal_to<>> wanting;  // by text: the candidates
  };
  struct Candidates {
    std::vector<uint32_t> rules;
    std::vector<Dispatch> dispatches;
    std::vector<Guard> guards;
  };
  /// Leaves in alive_ the candidates that nothing ruled out.
  void select(const Candidates& candidates, EventType type, ConditionPool& pool, Evaluation& evaluation);
  [[nodiscard]] bool holds(uint32_t rule, EventType type, ConditionPool& pool, Evaluation& evaluation) const;
  void choose_dispatches(Candidates& candidates, const ConditionPool& pool) const;
  void choose_guards(Candidates& candidates, const ConditionPool& pool) const;

  std::array<Candidates, static_cast<size_t>(EventType::count_)> by_type_;
  std::vector<std::vector<NodeId>>
      conjuncts_;  // by rule: what must all hold, the cheapest first; the event's type is not among them
  std::vector<uint64_t> alive_;
};

}  // namespace hullwatch::rules
