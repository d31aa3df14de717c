#include "rules/condition_pool.h"

#include <algorithm>
#include <utility>

namespace hullwatch::rules {
namespace {

constexpr size_t kMaxForeign = TypeSet::kWords * 64 - TypeSet::kForeign - 1;

uint32_t cost_of(Operator op, const Slot& slot) {
  uint32_t cost = slot.type.list || (slot.kind == Slot::Kind::field && slot.reference.any_ancestor()) ? 40 : 4;
  if (slot.kind != Slot::Kind::field) cost += 20;
  switch (op) {
    case Operator::contains:
    case Operator::icontains:
    case Operator::pmatch: return cost + 6;
    case Operator::glob:
    case Operator::iglob:
    case Operator::regex: return cost + 20;
    default: return slot.type.type == ValueType::string ? cost + 1 : cost;
  }
}

}  // namespace

NodeId ConditionPool::add(const std::string& key, Node node, NodeFacts facts) {
  const auto id = static_cast<NodeId>(nodes_.size());
  nodes_.push_back(node);
  facts_.push_back(facts);
  references_.push_back(0);
  by_key_.emplace(key, id);
  return id;
}

void ConditionPool::refer(NodeId child) {
  if (++references_[child] > 1) nodes_[child].shared = nodes_[child].kind != Kind::types;
}

NodeId ConditionPool::series(Kind kind, std::vector<NodeId> children) {
  // Checks have no side effects, so their order is free: the cheapest first.
  std::ranges::stable_sort(children, {}, [this](NodeId id) { return facts_[id].cost; });
  std::string key(1, kind == Kind::all_of ? '&' : '|');
  for (const NodeId child : children) key.append(std::to_string(child)).append(",");
  if (const auto found = by_key_.find(key); found != by_key_.end()) return found->second;

  const bool all = kind == Kind::all_of;
  NodeFacts facts{all ? TypeSet::all() : TypeSet{}, all ? TypeSet{} : TypeSet::all(), {}};
  for (const NodeId child : children) {
    const NodeFacts& inner = facts_[child];
    if (all) {
      facts.may_hold &= inner.may_hold;
      facts.may_fail |= inner.may_fail;
    } else {
      facts.may_hold |= inner.may_hold;
      facts.may_fail &= inner.may_fail;
    }
    facts.blind |= inner.blind;
    facts.depth = std::max(facts.depth, inner.depth + 1);
    facts.cost = std::min<uint32_t>(facts.cost + inner.cost, 1'000'000);
  }
  // Where another child decides alone, what is not known does not matter.
  facts.blind &= all ? facts.may_hold : facts.may_fail;
  Node node{kind};
  node.first = static_cast<uint32_t>(children_.size());
  node.count = static_cast<uint32_t>(children.size());
  children_.insert(children_.end(), children.begin(), children.end());
  for (const NodeId child : children) refer(child);
  return add(key, node, facts);
}

NodeId ConditionPool::negation(NodeId child) {
  const std::string key = "!" + std::to_string(child);
  if (const auto found = by_key_.find(key); found != by_key_.end()) return found->second;
  NodeFacts facts = facts_[child];
  std::swap(facts.may_hold, facts.may_fail);
  ++facts.depth;
  Node node{Kind::negation};
  node.first = static_cast<uint32_t>(children_.size());
  node.count = 1;
  children_.push_back(child);
  refer(child);
  return add(key, node, facts);
}

NodeId ConditionPool::types(const TypeSet& set) {
  std::string key = "t";
  for (const uint64_t word : set.words) key.append(std::to_string(word)).append(",");
  if (const auto found = by_key_.find(key); found != by_key_.end()) return found->second;
  Node node{Kind::types};
  node.types = set.own();
  return add(key, node, {set, set.complement(), {}});
}

NodeId ConditionPool::constant(bool holds) { return types(holds ? TypeSet::all() : TypeSet{}); }

NodeId ConditionPool::check(const std::string& key, SlotId left, Operator op, MatcherPtr matcher, std::optional<SlotId> right) {
  if (const auto found = by_key_.find("c" + key); found != by_key_.end()) return found->second;
  NodeFacts facts{TypeSet::all(), TypeSet::all(), {}};
  const bool blind = !slots_[left].without_accessor.empty() || (right && !slots_[*right].without_accessor.empty());
  if (blind) facts.blind = TypeSet::all();
  facts.cost = cost_of(op, slots_[left]);
  Node node{Kind::check};
  node.first = static_cast<uint32_t>(checks_.size());
  checks_.push_back({left, op, std::move(matcher), right});
  return add("c" + key, node, facts);
}

std::vector<NodeId> ConditionPool::conjuncts(NodeId node) {
  std::vector<NodeId> out;
  collect_conjuncts(node, out);
  std::ranges::stable_sort(out, {}, [this](NodeId id) { return facts_[id].cost; });
  for (const NodeId id : out) refer(id);
  return out;
}

std::optional<ConditionPool::Exact> ConditionPool::exact(NodeId id) const {
  const Node& node = nodes_[id];
  if (node.kind != Kind::check) return std::nullopt;
  const Check& check = checks_[node.first];
  const Slot& slot = slots_[check.left];
  // "Any ancestor" compares a list with single texts.
  if (!check.matcher || slot.type.list || slot.type.type != ValueType::string || slot.type.bytes) return std::nullopt;
  if (slot.kind != Slot::Kind::field || slot.reference.any_ancestor()) return std::nullopt;
  Exact out{check.left, {}};
  return check.matcher->append_exact(out.texts) ? std::optional(std::move(out)) : std::nullopt;
}

void ConditionPool::collect_conjuncts(NodeId id, std::vector<NodeId>& out) {
  const Node& node = nodes_[id];
  if (node.kind == Kind::types) return;
  // What others share stays whole, so that its answer is found once.
  if (node.kind != Kind::all_of || node.shared) {
    out.push_back(id);
    return;
  }
  for (uint32_t i = 0; i < node.count; ++i) collect_conjuncts(children_[node.first + i], out);
}

std::vector<const Field*> ConditionPool::missing_fields(NodeId node, const TypeSet& types) const {
  std::vector<const Field*> out;
  std::vector<bool> seen(nodes_.size());
  collect_missing(node, types, seen, out);
  return out;
}

void ConditionPool::collect_missing(NodeId id, TypeSet types, std::vector<bool>& seen, std::vector<const Field*>& out) const {
  types &= facts_[id].blind;
  if (types.empty() || seen[id]) return;
  seen[id] = true;
  const Node& node = nodes_[id];
  if (node.kind == Kind::check) {
    const Check& check = checks_[node.first];
    const auto take = [&out](const std::vector<const Field*>& fields) {
      for (const Field* field : fields)
        if (std::ranges::find(out, field) == out.end()) out.push_back(field);
    };
    take(slots_[check.left].without_accessor);
    if (check.right) take(slots_[*check.right].without_accessor);
    return;
  }
  for (uint32_t i = 0; i < node.count; ++i) collect_missing(children_[node.first + i], types, seen, out);
}

size_t ConditionPool::foreign_bit(std::string_view name) {
  const auto [found, added] = foreign_.try_emplace(std::string(name), foreign_.size());
  // More names than bits cannot be with the tables we have; sharing the last bit would still only blur a reason.
  return TypeSet::kForeign + std::min(found->second, kMaxForeign);
}

std::vector<std::string> ConditionPool::foreign_names(const TypeSet& set) const {
  std::vector<std::string> names;
  for (const auto& [name, bit] : foreign_)
    if (set.contains(TypeSet::kForeign + std::min(bit, kMaxForeign))) names.push_back(name);
  std::ranges::sort(names);
  return names;
}

void ConditionPool::seal() {
  answers_.assign(nodes_.size(), {});
  facts_ = {};
  references_ = {};
  by_key_ = {};
  foreign_ = {};
}

std::vector<SlotId> ConditionPool::slots_of(NodeId node) const {
  std::vector<SlotId> out;
  std::vector<bool> seen(nodes_.size());
  collect_slots(node, seen, out);
  return out;
}

void ConditionPool::collect_slots(NodeId id, std::vector<bool>& seen, std::vector<SlotId>& out) const {
  if (seen[id]) return;
  seen[id] = true;
  const Node& node = nodes_[id];
  const auto take = [&out](SlotId slot) {
    if (std::ranges::find(out, slot) == out.end()) out.push_back(slot);
  };
  if (node.kind == Kind::check) {
    take(checks_[node.first].left);
    if (checks_[node.first].right) take(*checks_[node.first].right);
    return;
  }
  if (node.kind == Kind::types) return;
  for (uint32_t i = 0; i < node.count; ++i) collect_slots(children_[node.first + i], seen, out);
}

bool ConditionPool::compute(const Node& node, EventType type, Evaluation& evaluation) {
  const NodeId* children = children_.data() + node.first;
  switch (node.kind) {
    case Kind::all_of:
      for (uint32_t i = 0; i < node.count; ++i)
        if (!evaluate(children[i], type, evaluation)) return false;
      return true;
    case Kind::any_of:
      for (uint32_t i = 0; i < node.count; ++i)
        if (evaluate(children[i], type, evaluation)) return true;
      return false;
    case Kind::negation: return !evaluate(children[0], type, evaluation);
    case Kind::types: return (node.types >> static_cast<unsigned>(type) & 1) != 0;
    case Kind::check: break;
  }
  const Check& check = checks_[node.first];
  const Value& left = evaluation.value(check.left);
  if (is_missing(left)) return false;
  if (check.matcher) return check.matcher->matches(left);
  if (!check.right) return true;
  const Value& right = evaluation.value(*check.right);
  return !is_missing(right) && compare_values(check.op, left, right);
}

}  // namespace hullwatch::rules
