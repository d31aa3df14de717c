#include "rules/condition_lexer.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "util/utf8.h"

namespace hullwatch::rules {
namespace {

bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_alpha(c) || is_digit(c); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\b' || c == '\r' || c == '\n'; }
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

constexpr std::array<std::string_view, 8> kTransformers = {"tolower(", "toupper(", "b64(",    "basename(",
                                                           "len(",     "join(",    "concat(", "getopt("};

template <typename Predicate>
size_t run_length(std::string_view text, Predicate predicate) {
  size_t n = 0;
  while (n < text.size() && predicate(text[n])) ++n;
  return n;
}

size_t identifier_length(std::string_view text) {
  if (text.empty() || !is_alpha(text[0])) return 0;
  return run_length(text, [](char c) { return is_alnum(c) || c == '_'; });
}

/// The same over whole characters: bytes that are not UTF-8 end the run, as they do for Falco's lexer.
template <typename Predicate>
size_t text_length(std::string_view text, Predicate predicate) {
  size_t n = 0;
  while (n < text.size() && predicate(text[n])) {
    const size_t sequence = utf8_sequence_length(text.substr(n));
    if (sequence == 0) break;
    n += sequence;
  }
  return n;
}

size_t bare_length(std::string_view text) {
  return text_length(
      text, [](char c) { return !is_space(c) && c != '(' && c != ')' && c != '"' && c != '\'' && c != '=' && c != ','; });
}

size_t hexadecimal_length(std::string_view text) {
  if (text.size() < 3 || text[0] != '0' || (text[1] != 'x' && text[1] != 'X')) return 0;
  const size_t digits = run_length(text.substr(2), is_hex);
  return digits == 0 ? 0 : digits + 2;
}

// [+-]?[0-9]+\.?[0-9]*([eE][+-][0-9]+)?
size_t decimal_length(std::string_view text) {
  size_t n = !text.empty() && (text[0] == '+' || text[0] == '-') ? 1 : 0;
  const size_t whole = run_length(text.substr(n), is_digit);
  if (whole == 0) return 0;
  n += whole;
  if (n < text.size() && text[n] == '.') ++n;
  n += run_length(text.substr(n), is_digit);
  if (n + 2 < text.size() && (text[n] == 'e' || text[n] == 'E') && (text[n + 1] == '+' || text[n + 1] == '-')) {
    const size_t exponent = run_length(text.substr(n + 2), is_digit);
    if (exponent > 0) n += 2 + exponent;
  }
  return n;
}

int hex_value(char c) { return is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10; }

/// Reads the escapes between the quotes. `body` excludes both quotes.
std::optional<std::string> unescape(std::string_view body, char quote, uint32_t offset, std::optional<SyntaxError>& error) {
  std::string out;
  out.reserve(body.size());
  const auto wrong = [&](size_t at, std::string message) {
    error = SyntaxError{std::move(message), offset + static_cast<uint32_t>(at)};
    return std::nullopt;
  };
  for (size_t i = 0; i < body.size(); ++i) {
    if (body[i] != '\\') {
      out += body[i];
      continue;
    }
    if (++i == body.size()) break;
    const char c = body[i];
    switch (c) {
      case 'b': out += '\b'; break;
      case 'f': out += '\f'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 't': out += '\t'; break;
      case ' ':  // old rule files escape blanks that need none; the backslash stays, the blank goes
      case '\\': out += '\\'; break;
      case '/': out += '/'; break;
      case '"':
      case '\'':
        if (c != quote) return wrong(i - 1, std::string("invalid \\") + c + " escape in a " + quote + "-quoted string");
        out += c;
        break;
      case 'x':
        if (i + 2 >= body.size()) return wrong(i - 1, "truncated hexadecimal escape");
        if (!is_hex(body[i + 1]) || !is_hex(body[i + 2])) return wrong(i - 1, "\\x must be followed by two hexadecimal digits");
        out += static_cast<char>(hex_value(body[i + 1]) * 16 + hex_value(body[i + 2]));
        i += 2;
        break;
      default: return wrong(i - 1, std::string("unsupported escape \\") + c);
    }
  }
  return out;
}

}  // namespace

bool is_identifier(std::string_view text) { return !text.empty() && identifier_length(text) == text.size(); }
bool is_bare_string(std::string_view text) { return !text.empty() && bare_length(text) == text.size(); }

bool looks_like_transformer(std::string_view text) {
  const auto begins = [text](std::string_view name) { return text.starts_with(name); };
  return text.ends_with(')') && (begins("val(") || std::ranges::any_of(kTransformers, begins));
}

bool ConditionLexer::accept(size_t length, std::string& out) {
  if (length == 0) return false;
  last_ = text_.substr(at_, length);
  out.assign(last_);
  at_ += length;
  return true;
}

bool ConditionLexer::skip_blanks() {
  const size_t n = run_length(rest(), is_blank);
  at_ += n;
  return n > 0;
}

bool ConditionLexer::take(std::string_view exact) {
  if (!rest().starts_with(exact)) return false;
  last_ = text_.substr(at_, exact.size());
  at_ += exact.size();
  return true;
}

bool ConditionLexer::take_not() {
  if (!rest().starts_with("not")) return false;
  const size_t blanks = run_length(rest().substr(3), is_space);
  if (blanks == 0) return false;
  last_ = text_.substr(at_, 3);
  at_ += 3 + blanks;
  return true;
}

bool ConditionLexer::take_identifier(std::string& out) { return accept(identifier_length(rest()), out); }

bool ConditionLexer::take_field_name(std::string& out) {
  size_t n = identifier_length(rest());
  if (n == 0) return false;
  size_t parts = 1;
  while (n < rest().size() && rest()[n] == '.') {
    const size_t part = identifier_length(rest().substr(n + 1));
    if (part == 0) break;
    n += 1 + part;
    ++parts;
  }
  return parts > 1 && accept(n, out);
}

bool ConditionLexer::take_bare_field_argument(std::string& out) {
  return accept(text_length(rest(), [](char c) { return !is_space(c) && c != '[' && c != ']' && c != '"' && c != '\''; }), out);
}

bool ConditionLexer::take_number(std::string& out) {
  const size_t hexadecimal = hexadecimal_length(rest());
  return accept(hexadecimal > 0 ? hexadecimal : decimal_length(rest()), out);
}

bool ConditionLexer::take_bare_string(std::string& out) { return accept(bare_length(rest()), out); }

bool ConditionLexer::take_quoted_string(std::string& out, std::optional<SyntaxError>& error) {
  const char quote = peek();
  if (quote != '"' && quote != '\'') return false;
  const std::string_view text = rest();
  // A quote right after a backslash never closes, even when that backslash is itself escaped: so Falco reads it.
  size_t end = 1;
  while (end < text.size() && text[end] != '\0' && !(text[end] == quote && text[end - 1] != '\\')) ++end;
  if (end >= text.size() || text[end] == '\0') return false;
  auto value = unescape(text.substr(1, end - 1), quote, offset() + 1, error);
  if (!value) return false;
  last_ = text.substr(0, end + 1);
  at_ += end + 1;
  out = std::move(*value);
  return true;
}

bool ConditionLexer::take_transformer(std::string& name) {
  for (const auto candidate : kTransformers)
    if (take(candidate)) {
      name.assign(candidate.substr(0, candidate.size() - 1));
      return true;
    }
  return false;
}

bool ConditionLexer::take_word_and_blanks(std::string_view word) {
  const size_t before = at_;
  const auto last = last_;
  if (take(word) && skip_blanks()) return true;
  at_ = before;
  last_ = last;
  return false;
}

bool ConditionLexer::take_numeric_operator(Operator& op) {
  using enum Operator;
  for (const auto candidate : {less_equal, less, greater_equal, greater})
    if (take(operator_name(candidate))) {
      op = candidate;
      return true;
    }
  return false;
}

bool ConditionLexer::take_string_operator(Operator& op) {
  using enum Operator;
  if (take("==") || take("=")) {
    op = equal;
    return true;
  }
  if (take("!=")) {
    op = not_equal;
    return true;
  }
  for (const auto candidate : {glob, iglob, contains, icontains, bcontains, startswith, bstartswith, endswith, regex})
    if (take_word_and_blanks(operator_name(candidate))) {
      op = candidate;
      return true;
    }
  return false;
}

bool ConditionLexer::take_list_operator(Operator& op) {
  using enum Operator;
  for (const auto candidate : {intersects, in, pmatch})
    if (take(operator_name(candidate))) {
      op = candidate;
      return true;
    }
  return false;
}

bool ConditionLexer::take_modifier(Modifier& modifier) {
  const size_t before = at_;
  const auto last = last_;
  for (const auto candidate : {Modifier::oneof, Modifier::anyof, Modifier::allof}) {
    if (!take_word_and_blanks(modifier_name(candidate))) continue;
    bool keyword = false;
    for (const std::string_view word : {"and", "or", "not"})
      keyword |= rest().starts_with(word) && (rest().size() == word.size() || !is_alnum(rest()[word.size()]));
    if (!keyword && (peek() == '(' || identifier_length(rest()) > 0)) {
      modifier = candidate;
      return true;
    }
    break;  // the word was the value: `proc.name = oneof and …`
  }
  at_ = before;
  last_ = last;
  return false;
}

}  // namespace hullwatch::rules
