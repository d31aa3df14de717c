#pragma once
// Text of a condition -> syntax tree. Lists are already in the text, macros are still names. Pure; any thread.

#include <string_view>
#include <tl/expected.hpp>

#include "rules/condition_ast.h"
#include "rules/condition_lexer.h"

namespace hullwatch::rules {

/// How many rules of the grammar may be open at once: what bounds the parser's stack. Falco's figure for rule files.
inline constexpr uint32_t kMaxConditionDepth = 1000;

tl::expected<Expr, SyntaxError> parse_condition(std::string_view text, uint32_t max_depth = kMaxConditionDepth);

/// A field or transformer at the start of `text`, as output templates hold them; `length` gets the bytes it took.
tl::expected<Operand, SyntaxError> parse_field_or_transformer(std::string_view text, size_t& length);

}  // namespace hullwatch::rules
