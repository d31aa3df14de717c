#include "rules/matcher.h"

#include <algorithm>
#include <utility>

namespace hullwatch::rules {
namespace {

using enum Operator;

bool is_numeric(ValueType type) {
  return type == ValueType::integer || type == ValueType::unsigned_integer || type == ValueType::relative_time ||
         type == ValueType::absolute_time || type == ValueType::port;
}

bool accepts(Operator op, const OperandType& type) {
  const auto any_of = [op](std::initializer_list<Operator> ops) { return std::ranges::find(ops, op) != ops.end(); };
  if (op == exists) return true;
  if (type.list) return any_of({in, intersects});
  if (type.type == ValueType::boolean || type.type == ValueType::ip) return any_of({equal, not_equal, in, intersects});
  if (is_numeric(type.type)) return any_of({equal, not_equal, less, less_equal, greater, greater_equal, in, intersects});
  if (type.bytes) return any_of({equal, not_equal, contains, in, startswith, endswith, intersects, bcontains, bstartswith});
  return !any_of({bcontains, bstartswith});
}

/// One matcher for each constant, and how many of them must match.
class ModifiedMatcher final : public Matcher {
 public:
  ModifiedMatcher(Modifier modifier, std::vector<MatcherPtr> each) : modifier_(modifier), each_(std::move(each)) {}
  [[nodiscard]] bool matches(const Value& value) const override {
    const auto hit = [&value](const MatcherPtr& matcher) { return matcher->matches(value); };
    if (each_.empty()) return false;
    if (modifier_ == Modifier::anyof) return std::ranges::any_of(each_, hit);
    if (modifier_ == Modifier::allof) return std::ranges::all_of(each_, hit);
    return std::ranges::count_if(each_, hit) == 1;
  }

 private:
  Modifier modifier_;
  std::vector<MatcherPtr> each_;
};

/// Applies a matcher of single values to the elements of a list: any of them (intersects), or all (in).
class ElementMatcher final : public Matcher {
 public:
  ElementMatcher(bool all, MatcherPtr element) : all_(all), element_(std::move(element)) {}
  [[nodiscard]] bool matches(const Value& value) const override {
    const auto* list = std::get_if<std::vector<std::string_view>>(&value);
    if (list == nullptr) return element_->matches(value);
    for (const auto text : *list)
      if (element_->matches(Value(text)) != all_) return !all_;
    return all_;
  }

 private:
  bool all_;
  MatcherPtr element_;
};

Compiled<MatcherPtr> make_plain(Operator op, const OperandType& type, const std::vector<Constant>& constants) {
  switch (type.type) {
    case ValueType::string:
    case ValueType::string_list: return make_string_matcher(op, constants, type.bytes);
    case ValueType::ip: return make_address_matcher(op, type.network, constants);
    default: return make_number_matcher(op, type, constants);
  }
}

}  // namespace

Compiled<void> check_operator(Operator op, Modifier modifier, const OperandType& type, uint32_t offset) {
  if (accepts(op, type) && (modifier == Modifier::none || !type.list)) return {};
  std::string name(operator_name(op));
  if (modifier != Modifier::none) name.append(" ").append(modifier_name(modifier));
  std::string hint = "this type takes:";
  for (int i = 0; i <= static_cast<int>(pmatch); ++i)
    if (const auto candidate = static_cast<Operator>(i); accepts(candidate, type))
      hint.append(" ").append(operator_name(candidate));
  return compile_error(offset, "operator '" + name + "' cannot be used on type '" + type_name(type) + "'", std::move(hint));
}

Compiled<MatcherPtr> make_matcher(Operator op, Modifier modifier, const OperandType& type,
                                  const std::vector<Constant>& constants, uint32_t offset) {
  if (auto checked = check_operator(op, modifier, type, offset); !checked)
    return tl::make_unexpected(std::move(checked.error()));
  // Equality with any of many, and inequality with all, are set lookups.
  if (modifier == Modifier::anyof && op == equal && !constants.empty()) return make_plain(in, type, constants);
  if (modifier != Modifier::none) {
    std::vector<MatcherPtr> each;
    for (const auto& constant : constants) {
      auto matcher = make_plain(op, type, {constant});
      if (!matcher) return matcher;
      each.push_back(std::move(*matcher));
    }
    return std::make_unique<ModifiedMatcher>(modifier, std::move(each));
  }
  OperandType element = type;
  element.list = false;
  auto matcher = make_plain(type.list ? in : op, element, constants);
  if (!matcher || !type.list) return matcher;
  return std::make_unique<ElementMatcher>(op == in, std::move(*matcher));
}

bool compare_values(Operator op, const Value& left, const Value& right) {
  using List = std::vector<std::string_view>;
  if (const auto* many = std::get_if<List>(&left)) {
    const auto* others = std::get_if<List>(&right);
    if (others == nullptr) return false;
    const auto known = [others](std::string_view text) { return std::ranges::find(*others, text) != others->end(); };
    return op == in ? std::ranges::all_of(*many, known) : std::ranges::any_of(*many, known);
  }
  const auto* left_text = std::get_if<std::string_view>(&left);
  const auto* right_text = std::get_if<std::string_view>(&right);
  if (left_text != nullptr && right_text != nullptr) return compare_strings(op, *left_text, *right_text);
  return compare_numbers(op, left, right);
}

}  // namespace hullwatch::rules
