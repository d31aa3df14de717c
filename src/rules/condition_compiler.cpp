#include "rules/condition_compiler.h"

#include <algorithm>
#include <utility>

#include "event/event_type.h"
#include "rules/condition_parser.h"
#include "util/diagnostic.h"

namespace hullwatch::rules {
namespace {

constexpr uint32_t kMaxNodeDepth = 2000;  // bounds the evaluator's stack whatever macros are piled up

std::vector<Constant> constants_of(const Operand& operand) {
  std::vector<Constant> out;
  if (operand.kind == Operand::Kind::value) out.push_back({operand.text, operand.offset});
  for (const auto& child : operand.children) out.push_back({child.text, child.offset});
  return out;
}

std::string check_key(const Expr& expr, SlotId left) {
  std::string key = std::to_string(left);
  key.append(" ").append(operator_name(expr.op)).append(" ").append(modifier_name(expr.modifier));
  if (expr.op == Operator::exists || expr.right.is_extracted()) return key;
  for (const auto& constant : constants_of(expr.right))
    key.append(" ").append(std::to_string(constant.text.size())).append(":").append(constant.text);
  return key;
}

/// evt.num counts from 1, so some comparisons are settled before any event; Falco's never_true is one of them.
std::optional<bool> settled(const Expr& expr) {
  using enum Operator;
  if (expr.left.kind != Operand::Kind::field || expr.left.text != "evt.num" || expr.left.argument) return std::nullopt;
  if (expr.modifier != Modifier::none || expr.op == exists || expr.right.is_extracted()) return std::nullopt;
  const auto constants = constants_of(expr.right);
  const auto is = [&](std::string_view text) { return constants.size() == 1 && constants[0].text == text; };
  const bool zero = is("0");
  switch (expr.op) {
    case in:
      if (std::ranges::all_of(constants, [](const Constant& c) { return c.text == "0"; })) return false;
      return std::nullopt;
    case equal: return zero ? std::optional(false) : std::nullopt;
    case not_equal: return zero ? std::optional(true) : std::nullopt;
    case less: return zero || is("1") ? std::optional(false) : std::nullopt;
    case less_equal: return zero ? std::optional(false) : std::nullopt;
    case greater: return zero ? std::optional(true) : std::nullopt;
    case greater_equal: return zero || is("1") ? std::optional(true) : std::nullopt;
    default: return std::nullopt;
  }
}

bool simpler_than_regex(std::string_view pattern) {
  for (size_t i = 0; i < pattern.size(); ++i) {
    if ((i == 0 && pattern[i] == '^') || (i + 1 == pattern.size() && pattern[i] == '$')) continue;
    const std::string_view two = pattern.substr(i, 2);
    if ((i == 0 || i + 2 == pattern.size()) && (two == ".*" || two == ".+" || two == ".?")) {
      ++i;  // what may stand before or behind
      continue;
    }
    if (std::string_view(".+*?^$()[]{}|\\").find(pattern[i]) != std::string_view::npos) return false;
  }
  return true;
}

}  // namespace

bool is_deprecated_field(std::string_view name) {
  return name == "evt.dir" || name == "evt.wait_latency" || (name.starts_with("evt.latency") && !name.ends_with("quantized"));
}

std::vector<CompileError> ConditionCompiler::compile(const Expr& expr, NodeId& node) {
  errors_.clear();
  warnings_.clear();
  node = visit(expr);
  if (errors_.empty() && pool_.facts(node).depth > kMaxNodeDepth)
    errors_.push_back({"the condition and its macros nest deeper than " + std::to_string(kMaxNodeDepth) + " levels",
                       {},
                       expr.offset,
                       false,
                       {}});
  return std::move(errors_);
}

NodeId ConditionCompiler::visit(const Expr& expr) {
  switch (expr.kind) {
    case Expr::Kind::all_of:
    case Expr::Kind::any_of: {
      std::vector<NodeId> children;
      for (const auto& child : expr.children) children.push_back(visit(child));
      return expr.kind == Expr::Kind::all_of ? pool_.all_of(std::move(children)) : pool_.any_of(std::move(children));
    }
    case Expr::Kind::negation: return pool_.negation(visit(expr.children[0]));
    case Expr::Kind::macro: {
      auto node = macros_.macro(expr.macro, expr.offset);
      if (node) return *node;
      errors_.push_back(std::move(node.error()));
      return pool_.constant(false);
    }
    case Expr::Kind::check: break;
  }
  return visit_check(expr);
}

NodeId ConditionCompiler::visit_check(const Expr& expr) {
  auto node = compile_check(expr);
  if (node) return *node;
  errors_.push_back(std::move(node.error()));
  return pool_.constant(false);
}

Compiled<NodeId> ConditionCompiler::compile_check(const Expr& expr) {
  const auto left = pool_.slots().intern(expr.left);
  if (!left) return tl::make_unexpected(left.error());
  if (is_deprecated_field(expr.left.text))
    warnings_.push_back({"LOAD_DEPRECATED_ITEM", "field '" + expr.left.text + "' is deprecated", expr.left.offset});
  const Slot& slot = pool_.slots()[*left];
  if (slot.kind == Slot::Kind::field && slot.reference.is_event_type()) return compile_event_type(expr);

  const OperandType type = slot.type;
  if (auto checked = check_operator(expr.op, expr.modifier, type, expr.offset); !checked)
    return tl::make_unexpected(std::move(checked.error()));
  const std::string key = check_key(expr, *left);
  if (expr.op == Operator::exists) return pool_.check(key, *left, expr.op, nullptr, std::nullopt);
  if (expr.right.is_extracted()) return compare_slots(expr, *left, key);

  const auto constants = constants_of(expr.right);
  if (expr.left.text == "evt.around" && expr.op != Operator::equal)
    return compile_error(expr.offset, "field 'evt.around' takes only the operator '='");
  for (const auto& constant : constants) warn_about(expr, type, constant);
  auto matcher = make_matcher(expr.op, expr.modifier, type, constants, expr.offset);
  if (!matcher) return tl::make_unexpected(std::move(matcher.error()));
  if (const auto holds = settled(expr)) return pool_.constant(*holds);
  // Of every event: `evt.dir = >` never holds, and a rule that asks for it is told so.
  if (expr.left.kind == Operand::Kind::field && expr.left.text == "evt.dir")
    return pool_.constant(matcher.value()->matches(Value(std::string_view("<"))));
  return pool_.check(key, *left, expr.op, std::move(*matcher), std::nullopt);
}

Compiled<NodeId> ConditionCompiler::compare_slots(const Expr& expr, SlotId left, const std::string& key) {
  if (expr.op == Operator::pmatch || expr.op == Operator::regex)
    return compile_error(expr.right.offset,
                         "operator '" + std::string(operator_name(expr.op)) + "' takes no field on its right");
  const auto right = pool_.slots().intern(expr.right);
  if (!right) return tl::make_unexpected(right.error());
  const Slot& a = pool_.slots()[left];
  const Slot& b = pool_.slots()[*right];
  if (a.type.network) return compile_error(expr.right.offset, "a network field takes no field on its right");
  for (const Slot* side : {&a, &b})
    if (side->kind == Slot::Kind::field && !side->reference.compares_with_fields())
      return compile_error(side == &a ? expr.offset : expr.right.offset,
                           "field '" + side->spelled + "' cannot be compared with another field");
  if (!(a.type == b.type))
    return compile_error(expr.right.offset, "'" + a.spelled + "' is of type '" + type_name(a.type) + "' but '" + b.spelled +
                                                "' of type '" + type_name(b.type) + "'");
  return pool_.check(key + " val " + std::to_string(*right), left, expr.op, nullptr, *right);
}

Compiled<NodeId> ConditionCompiler::compile_event_type(const Expr& expr) {
  if (expr.op == Operator::exists) return pool_.constant(true);
  if (expr.right.is_extracted())
    return compile_error(expr.right.offset, "field '" + expr.left.text + "' cannot be compared with another field");
  auto constants = constants_of(expr.right);
  TypeSet named;
  for (auto& constant : constants) {
    if (const auto type = event_type_from_name(constant.text)) {
      named.insert(static_cast<size_t>(*type));
      constant.text = event_type_name(*type);  // `fork` is our `clone`
    } else if (is_known_event_name(constant.text)) {
      named.insert(pool_.foreign_bit(constant.text));
    } else if (expr.left.text == "syscall.type") {  // Falco looks at no name here: it is one no event has
      warnings_.push_back({"LOAD_COMPILE_CONDITION", "there is no system call '" + constant.text + "'", constant.offset});
    } else {
      std::vector<std::string_view> names;
      for (const auto& info : event_types()) names.push_back(info.name);
      CompileError error{"unknown event type '" + constant.text + "'", did_you_mean(constant.text, names), constant.offset,
                         true};
      return tl::make_unexpected(std::move(error));
    }
  }
  auto matcher = make_matcher(expr.op, expr.modifier, {ValueType::string}, constants, expr.offset);
  if (!matcher) return tl::make_unexpected(std::move(matcher.error()));
  // Every name is known, so the check is a set: decided here once for each type.
  TypeSet set = expr.op == Operator::not_equal ? named.complement() : named;
  for (const auto& info : event_types()) {
    const auto bit = static_cast<size_t>(info.type);
    const bool holds = (*matcher)->matches(Value(info.name));
    set.words[0] = holds ? set.words[0] | uint64_t{1} << bit : set.words[0] & ~(uint64_t{1} << bit);
  }
  return pool_.types(set);
}

void ConditionCompiler::warn_about(const Expr& expr, const OperandType& type, const Constant& constant) {
  const auto warn = [&](std::string message) {
    warnings_.push_back({"LOAD_COMPILE_CONDITION", std::move(message), constant.offset});
  };
  if (expr.op == Operator::regex && simpler_than_regex(constant.text))
    warn("regex '" + constant.text + "' could be a simpler and faster operator: =, contains, startswith or endswith");
  if (is_out_of_range(type, constant.text)) warn("'" + constant.text + "' is more than this field can hold");
  // A cheap look before the exact one: only what has a dot or a parenthesis can be a field or a transformer.
  if (constant.text.find_first_of(".(") == std::string::npos) return;
  std::string text = constant.text;
  std::erase_if(text, [](unsigned char c) { return std::isspace(c) != 0; });
  if (looks_like_transformer(text)) return warn("'" + constant.text + "' looks like a transformer but is a string here");
  size_t length = 0;
  const auto operand = parse_field_or_transformer(text, length);
  if (operand && length == text.size() && resolve_field(pool_.slots().fields(), *operand))
    warn("'" + constant.text + "' looks like a field but is a string here; val(" + text + ") would be its value");
}

}  // namespace hullwatch::rules
