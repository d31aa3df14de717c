#include <netdb.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "rules/matcher.h"

namespace hullwatch::rules {
namespace {

using enum Operator;

/// Numbers of every width as one ordered type: signed and unsigned fields compare with what the rule wrote.
struct Number {
  bool negative = false;
  uint64_t bits = 0;  // two's complement when negative
  bool operator==(const Number&) const = default;
  bool operator<(const Number& other) const {
    if (negative != other.negative) return negative;
    return bits < other.bits;
  }
};

Number from_signed(int64_t value) { return {value < 0, static_cast<uint64_t>(value)}; }

std::optional<Number> number_of(const Value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return Number{false, *flag ? 1U : 0U};
  if (const auto* number = std::get_if<uint64_t>(&value)) return Number{false, *number};
  if (const auto* number = std::get_if<int64_t>(&value)) return from_signed(*number);
  return std::nullopt;
}

/// What is larger than 64 bits counts as the largest number there is: no field holds either.
std::optional<Number> parse_number(std::string_view text, bool is_signed) {
  const std::string_view whole = text;
  while (!text.empty() && (text.front() == ' ' || (text.front() >= '\t' && text.front() <= '\r'))) text.remove_prefix(1);
  const bool minus = text.starts_with('-');
  if (minus || text.starts_with('+')) text.remove_prefix(1);
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  if (hexadecimal) text.remove_prefix(2);
  uint64_t magnitude = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), magnitude, hexadecimal ? 16 : 10);
  if (parsed.ec == std::errc::invalid_argument || parsed.ptr != whole.data() + whole.size()) return std::nullopt;
  if (parsed.ec == std::errc::result_out_of_range) magnitude = UINT64_MAX;
  if (!is_signed) return Number{false, minus ? ~magnitude + 1 : magnitude};  // a negative literal wraps, as in Falco
  magnitude = std::min(magnitude, static_cast<uint64_t>(INT64_MAX) + (minus ? 1 : 0));
  return Number{minus && magnitude != 0, minus ? ~magnitude + 1 : magnitude};
}

Compiled<Number> parse_port(const Constant& constant) {
  if (constant.text.empty()) return Number{};
  const bool plain = constant.text.find_first_not_of("0123456789") == std::string::npos;
  const bool hexadecimal = constant.text.starts_with("0x") || constant.text.starts_with("0X");
  if (const auto number = parse_number(constant.text, false); number && (plain || hexadecimal)) {
    if (number->bits <= 65535 || (plain && number->bits <= INT32_MAX)) return *number;
    return compile_error(constant.offset, "'" + constant.text + "' is no port: 0 to 65535");
  }
  servent entry{};
  servent* found = nullptr;
  char buffer[1024];
  if (::getservbyname_r(constant.text.c_str(), nullptr, &entry, buffer, sizeof buffer, &found) != 0 || found == nullptr)
    return compile_error(constant.offset, "unknown service name '" + constant.text + "'");
  const auto wire = static_cast<uint16_t>(found->s_port);
  return Number{false, static_cast<uint64_t>((wire & 0xffU) << 8 | wire >> 8)};
}

Compiled<Number> parse_constant(const OperandType& operand, const Constant& constant) {
  const ValueType type = operand.type;
  if (constant.text.find('\0') != std::string::npos)
    return compile_error(constant.offset, "a value cannot contain a NUL byte (\\x00)");
  if (type == ValueType::boolean) {
    if (constant.text == "true") return Number{false, 1};
    if (constant.text == "false") return Number{false, 0};
    return compile_error(constant.offset, "'" + constant.text + "' is not a boolean", "write true or false");
  }
  if (type == ValueType::port) return parse_port(constant);
  if (auto number = parse_number(constant.text, type == ValueType::integer)) {
    // `user.uid = -1` is the id of nobody, 4294967295: it wraps in the width of the field.
    const bool narrow = type == ValueType::unsigned_integer && (operand.bits == 16 || operand.bits == 32);
    if (narrow && constant.text.find('-') != std::string::npos) number->bits &= (uint64_t{1} << operand.bits) - 1;
    return *number;
  }
  return compile_error(constant.offset, "'" + constant.text + "' is not a valid number", "whole numbers, decimal or 0x…");
}

class NumberMatcher final : public Matcher {
 public:
  NumberMatcher(Operator op, ValueType type, std::vector<Number> constants)
      : op_(op), signed_(type == ValueType::integer), constants_(std::move(constants)) {
    std::sort(constants_.begin(), constants_.end());
  }

  [[nodiscard]] bool matches(const Value& value) const override {
    if (const auto number = number_of(value)) return matches_number(*number);
    // proc.apid without an index: the ancestors' numbers come as text.
    if (const auto* text = std::get_if<std::string_view>(&value)) {
      const auto number = parse_number(*text, signed_);
      return number && matches_number(*number);
    }
    const auto* list = std::get_if<std::vector<std::string_view>>(&value);
    return list != nullptr && std::ranges::any_of(*list, [this](std::string_view one) { return matches(Value(one)); });
  }

 private:
  [[nodiscard]] bool matches_number(const Number& number) const {
    switch (op_) {
      case in:
      case intersects: return std::binary_search(constants_.begin(), constants_.end(), number);
      case equal: return number == constants_[0];
      case not_equal: return !(number == constants_[0]);
      case less: return number < constants_[0];
      case less_equal: return !(constants_[0] < number);
      case greater: return constants_[0] < number;
      case greater_equal: return !(number < constants_[0]);
      default: return false;
    }
  }
  Operator op_;
  bool signed_;
  std::vector<Number> constants_;
};

}  // namespace

bool is_out_of_range(const OperandType& type, const std::string& text) {
  const bool is_signed = type.type == ValueType::integer;
  if (type.list || type.type == ValueType::string || type.type == ValueType::string_list || type.type == ValueType::boolean ||
      type.type == ValueType::ip)
    return false;
  const auto number = parse_number(text, is_signed);
  if (!number) return false;
  if (is_signed && type.bits < 64) {
    const int64_t value = static_cast<int64_t>(number->bits), limit = int64_t{1} << (type.bits - 1);
    return value >= limit || value < -limit;
  }
  if (type.bits < 64) return number->bits >> type.bits != 0 && text.find('-') == std::string::npos;
  if (!is_signed && text.find('-') != std::string::npos) return false;
  // As wide as can be: compared as text with the number that was made of it.
  return text.size() > 18 && text.find_first_of("xX") == std::string::npos &&
         text.substr(std::min(text.find_first_not_of(" \t\n\v\f\r+-0"), text.size() - 1)) !=
             std::to_string(number->negative ? ~number->bits + 1 : number->bits);
}

bool compare_numbers(Operator op, const Value& left, const Value& right) {
  const auto a = number_of(left), b = number_of(right);
  if (!a || !b) return false;
  switch (op) {
    case equal:
    case in:
    case intersects: return *a == *b;
    case not_equal: return !(*a == *b);
    case less: return *a < *b;
    case less_equal: return !(*b < *a);
    case greater: return *b < *a;
    case greater_equal: return !(*a < *b);
    default: return false;
  }
}

Compiled<MatcherPtr> make_number_matcher(Operator op, const OperandType& type, const std::vector<Constant>& constants) {
  std::vector<Number> numbers;
  for (const auto& constant : constants) {
    const auto number = parse_constant(type, constant);
    if (!number) return tl::make_unexpected(number.error());
    numbers.push_back(*number);
  }
  return std::make_unique<NumberMatcher>(op, type.type, std::move(numbers));
}

}  // namespace hullwatch::rules
