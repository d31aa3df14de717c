#pragma once
// The tokens of the condition language, taken one at a time from where the cursor stands: the grammar is not context-free in
// its tokens (a word may be a macro, a bare string or an operator), so the parser asks for what it can use.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rules/condition_ast.h"

namespace hullwatch::rules {

struct SyntaxError {
  std::string message;
  uint32_t offset = 0;
};

/// Views the text it was given. Every take_…() consumes what it returns, and nothing when it returns false or empty.
class ConditionLexer {
 public:
  explicit ConditionLexer(std::string_view text) : text_(text) {}

  [[nodiscard]] uint32_t offset() const { return static_cast<uint32_t>(at_); }
  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }
  /// The last token taken, for messages.
  [[nodiscard]] std::string_view last() const { return last_; }
  void rewind(uint32_t offset) { at_ = offset; }

  bool skip_blanks();
  bool take(std::string_view exact);
  /// "not" and the blanks behind it.
  bool take_not();
  bool take_identifier(std::string& out);
  bool take_field_name(std::string& out);
  bool take_bare_field_argument(std::string& out);
  bool take_number(std::string& out);
  bool take_bare_string(std::string& out);
  /// False without an error when there is no closed string here; with `error` set when an escape in it is wrong.
  bool take_quoted_string(std::string& out, std::optional<SyntaxError>& error);
  /// "tolower(" and its like; gives the name without the parenthesis.
  bool take_transformer(std::string& name);
  bool take_numeric_operator(Operator& op);
  bool take_string_operator(Operator& op);
  bool take_list_operator(Operator& op);
  /// A modifier, its blanks, and then something that can be a list; else nothing is taken.
  bool take_modifier(Modifier& modifier);

 private:
  bool take_word_and_blanks(std::string_view word);
  bool accept(size_t length, std::string& out);

  std::string_view text_;
  size_t at_ = 0;
  std::string_view last_;
};

bool is_identifier(std::string_view text);
bool is_bare_string(std::string_view text);
/// The name of a transformer, or val, with parentheses around whatever it is.
bool looks_like_transformer(std::string_view text);

}  // namespace hullwatch::rules
