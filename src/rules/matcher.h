#pragma once
// A matcher decides one check: a value that is not missing against constants known since load. Immutable after load, but a
// matcher may keep scratch, so only the evaluator thread calls matches().

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/condition_ast.h"
#include "rules/slots.h"

namespace hullwatch::rules {

class Matcher {
 public:
  virtual ~Matcher() = default;
  [[nodiscard]] virtual bool matches(const Value& value) const = 0;
  /// Where a text matches exactly when it is one of a few: appends those, and true. An index is made of them.
  virtual bool append_exact(std::vector<std::string_view>& /*out*/) const { return false; }
};
using MatcherPtr = std::unique_ptr<Matcher>;

/// One constant as the rule wrote it.
struct Constant {
  std::string text;
  uint32_t offset = 0;
};

/// Whether `op` (with or without a modifier) can be used on the type; else what is wrong.
Compiled<void> check_operator(Operator op, Modifier modifier, const OperandType& type, uint32_t offset);

/// Builds the matcher of one check. Fails on constants that the type or the operator cannot take.
Compiled<MatcherPtr> make_matcher(Operator op, Modifier modifier, const OperandType& type,
                                  const std::vector<Constant>& constants, uint32_t offset);

/// True for a number that no value of the type can be equal to: it is accepted, and worth a warning.
bool is_out_of_range(const OperandType& type, const std::string& text);

/// `left op right` where both sides come from the event; types were checked to be the same.
bool compare_values(Operator op, const Value& left, const Value& right);

// The families; a matcher for one operator without modifier.
Compiled<MatcherPtr> make_string_matcher(Operator op, const std::vector<Constant>& constants, bool bytes);
Compiled<MatcherPtr> make_number_matcher(Operator op, const OperandType& type, const std::vector<Constant>& constants);
bool compare_numbers(Operator op, const Value& left, const Value& right);
Compiled<MatcherPtr> make_address_matcher(Operator op, bool network, const std::vector<Constant>& constants);

/// Comparison of two strings by an operator that needs no preparation (all but glob, regex, pmatch and the sets).
bool compare_strings(Operator op, std::string_view left, std::string_view right);

}  // namespace hullwatch::rules
