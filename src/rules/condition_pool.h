#pragma once
// Compiled conditions of a whole rule set: one pool of nodes in which equal sub-expressions are one node, so that what rules
// share (macros, most of all) is evaluated once per event. Built while rules compile; then only evaluate() is called, by the
// evaluator thread.

#include <string>
#include <unordered_map>
#include <vector>

#include "rules/evaluation.h"
#include "rules/matcher.h"
#include "rules/slots.h"
#include "rules/type_set.h"

namespace hullwatch::rules {

using NodeId = uint32_t;

/// What is known of a node before any event, per event type.
struct NodeFacts {
  TypeSet may_hold, may_fail;
  /// Where the answer hangs on a field that nothing here produces.
  TypeSet blind;
  uint32_t depth = 1;
  uint32_t cost = 0;  // rough, to try the cheap child first
};

class ConditionPool {
 public:
  explicit ConditionPool(const FieldLookup& fields) : slots_(fields) {}

  // --- while compiling ---
  SlotTable& slots() { return slots_; }
  NodeId all_of(std::vector<NodeId> children) { return series(Kind::all_of, std::move(children)); }
  NodeId any_of(std::vector<NodeId> children) { return series(Kind::any_of, std::move(children)); }
  NodeId negation(NodeId child);
  /// Holds for the types in `set`, decided by the type alone.
  NodeId types(const TypeSet& set);
  NodeId constant(bool holds);
  /// left exists, left op constants, or left op right. `key` tells equal checks apart from others.
  NodeId check(const std::string& key, SlotId left, Operator op, MatcherPtr matcher, std::optional<SlotId> right);
  [[nodiscard]] const NodeFacts& facts(NodeId node) const { return facts_[node]; }
  /// What must all hold for the node to hold, the cheapest first, for a rule whose event types are already right: `evt.type`
  /// checks at the top are left out. Counts as a use of each.
  std::vector<NodeId> conjuncts(NodeId node);
  /// Of a check that one text is among a few: which text, and those.
  struct Exact {
    SlotId slot;
    std::vector<std::string_view> texts;
  };
  [[nodiscard]] std::optional<Exact> exact(NodeId node) const;
  /// Fields without accessor that the node's answer hangs on for some of `types`.
  [[nodiscard]] std::vector<const Field*> missing_fields(NodeId node, const TypeSet& types) const;
  /// The bit of an event name that nothing here produces.
  size_t foreign_bit(std::string_view name);
  [[nodiscard]] std::vector<std::string> foreign_names(const TypeSet& set) const;

  // --- afterwards ---
  /// Frees what only compiling needs, and makes the evaluation's state.
  void seal();
  [[nodiscard]] bool evaluate(NodeId id, EventType type, Evaluation& evaluation) {
    const Node& node = nodes_[id];
    if (!node.shared) return compute(node, type, evaluation);
    Answer& answer = answers_[id];
    if (answer.epoch != evaluation.epoch()) answer = {evaluation.epoch(), compute(node, type, evaluation)};
    return answer.holds;
  }
  /// What the node reads from an event, each once.
  [[nodiscard]] std::vector<SlotId> slots_of(NodeId node) const;
  [[nodiscard]] const SlotTable& slots() const { return slots_; }

 private:
  enum class Kind : uint8_t { all_of, any_of, negation, types, check };
  struct Node {
    Kind kind;
    bool shared = false;            // named by more than one parent: its answer is kept for the event
    uint32_t first = 0, count = 0;  // children; a check's index in `first`
    uint64_t types = 0;
  };
  struct Check {
    SlotId left;
    Operator op;
    MatcherPtr matcher;  // null: exists, or a comparison with `right`
    std::optional<SlotId> right;
  };
  struct Answer {
    uint64_t epoch = 0;
    bool holds = false;
  };

  NodeId series(Kind kind, std::vector<NodeId> children);
  NodeId add(const std::string& key, Node node, NodeFacts facts);
  void refer(NodeId child);
  void collect_missing(NodeId node, TypeSet types, std::vector<bool>& seen, std::vector<const Field*>& out) const;
  void collect_conjuncts(NodeId node, std::vector<NodeId>& out);
  void collect_slots(NodeId node, std::vector<bool>& seen, std::vector<SlotId>& out) const;
  [[nodiscard]] bool compute(const Node& node, EventType type, Evaluation& evaluation);

  SlotTable slots_;
  std::vector<Node> nodes_;
  std::vector<NodeId> children_;
  std::vector<Check> checks_;
  std::vector<Answer> answers_;
  // compiling only
  std::vector<NodeFacts> facts_;
  std::vector<uint32_t> references_;
  std::unordered_map<std::string, NodeId> by_key_;
  std::unordered_map<std::string, size_t> foreign_;
};

}  // namespace hullwatch::rules
