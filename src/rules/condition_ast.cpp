#include "rules/condition_ast.h"

#include <array>

namespace hullwatch::rules {

std::string Operand::spelled() const {
  const auto list = [this] {
    std::string out = "(";
    for (const auto& child : children) out.append(out.size() > 1 ? ", " : "").append(child.spelled());
    return out + ")";
  };
  std::string out;
  switch (kind) {
    case Kind::value: return text;
    case Kind::values:
    case Kind::operand_list: return list();
    case Kind::field: out = text; break;
    case Kind::transformer: out = text + list(); break;
  }
  if (argument) out.append("[").append(*argument).append("]");
  return out;
}

std::string_view operator_name(Operator op) {
  static constexpr std::array<std::string_view, 19> kNames = {
      "exists",    "<=",        "<",          ">=",          ">",        "=",     "!=",         "glob", "iglob", "contains",
      "icontains", "bcontains", "startswith", "bstartswith", "endswith", "regex", "intersects", "in",   "pmatch"};
  return kNames[static_cast<size_t>(op)];
}

std::string_view modifier_name(Modifier modifier) {
  static constexpr std::array<std::string_view, 4> kNames = {"", "oneof", "anyof", "allof"};
  return kNames[static_cast<size_t>(modifier)];
}

}  // namespace hullwatch::rules
