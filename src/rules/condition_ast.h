#pragma once
// The syntax tree of a condition, as the parser leaves it: names are not looked up, macros not resolved, nothing is typed.
// Passive data; offsets are bytes into the text that was parsed.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hullwatch::rules {

/// One side of a check, or an argument of a transformer.
struct Operand {
  enum class Kind : uint8_t {
    field,         // text[argument]
    transformer,   // text(children)[argument]; "val" is the identity
    value,         // a constant: text
    values,        // constants of an `in (…)` list: children, each a value
    operand_list,  // (a, b) inside a transformer: children
  };
  Kind kind = Kind::value;
  uint32_t offset = 0;
  std::string text;
  std::optional<std::string> argument;
  std::vector<Operand> children;

  /// A field or a transformer: something that has to be read from the event.
  [[nodiscard]] bool is_extracted() const { return kind == Kind::field || kind == Kind::transformer; }
  /// As a rule would write it: "proc.aname[2]", "tolower(proc.name)".
  [[nodiscard]] std::string spelled() const;
};

enum class Operator : uint8_t {
  exists,
  less_equal,
  less,
  greater_equal,
  greater,
  equal,
  not_equal,
  glob,
  iglob,
  contains,
  icontains,
  bcontains,
  startswith,
  bstartswith,
  endswith,
  regex,
  intersects,
  in,
  pmatch,
};
enum class Modifier : uint8_t { none, oneof, anyof, allof };

std::string_view operator_name(Operator op);
std::string_view modifier_name(Modifier modifier);

struct Expr {
  enum class Kind : uint8_t { all_of, any_of, negation, macro, check };
  Kind kind = Kind::check;
  uint32_t offset = 0;
  std::vector<Expr> children;  // all_of, any_of: two or more; negation: one
  std::string macro;
  Operator op = Operator::exists;
  Modifier modifier = Modifier::none;
  Operand left, right;  // check; right is unused by exists
};

}  // namespace hullwatch::rules
