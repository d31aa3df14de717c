#include "rules/condition_parser.h"

#include <utility>

// Expr        = AndExpr , { "or"  , ( blank , AndExpr | "(" , Expr , ")" ) } ;
// AndExpr     = NotExpr , { "and" , ( blank , NotExpr | "(" , Expr , ")" ) } ;
// NotExpr     = { "not" , blank } , ( "not(" , Expr , ")" | Check ) ;
// Check       = "(" , Expr , ")" | Field , Condition | Transformer , Condition | Identifier ;
// Field       = FieldName , [ "[" , Argument , "]" ] ;
// Argument    = QuotedString | BareArgument ;
// Transformer = TransformerName , "(" , TransformerArgument , { "," , TransformerArgument } , ")" , [ "[" , Argument , "]" ] ;
// TransformerArgument = Number | QuotedString | OperandList | Transformer | Field ;
// OperandList = "(" , [ ListArgument , { "," , ListArgument } ] , ")" ;
// ListArgument = Field | Transformer | QuotedString | Number ;
// Condition   = "exists"
//             | ( "<=" | "<" | ">=" | ">" ) , ( Transformer | ValField | Number )
//             | StringOperator , ( Modifier , List | Transformer | ValField | QuotedString | BareString )
//             | ( "intersects" | "in" | "pmatch" ) , ( List | Transformer | ValField ) ;
// ValField    = "val(" , Field , ")" ;
// List        = "(" , [ String , { "," , String } ] , ")" | Identifier ;
//
// Blanks may stand between any two tokens but inside Field. Operators are tried in the order above, longest first.

namespace hullwatch::rules {
namespace {

class Parser {
 public:
  Parser(std::string_view text, uint32_t max_depth) : lexer_(text), max_depth_(max_depth) {}

  tl::expected<Expr, SyntaxError> condition() {
    if (lexer_.at_end()) return tl::make_unexpected(SyntaxError{"the condition is empty", 0});
    Expr expr;
    if (!parse_or(expr)) return tl::make_unexpected(*error_);
    if (!lexer_.at_end())
      return tl::make_unexpected(
          SyntaxError{"unexpected token after '" + std::string(lexer_.last()) + "', expecting 'or', 'and'", lexer_.offset()});
    return expr;
  }

  tl::expected<Operand, SyntaxError> field_or_transformer(size_t& length) {
    Operand operand;
    std::string token;
    const uint32_t offset = lexer_.offset();
    bool good = false;
    if (lexer_.take_field_name(token)) {
      good = parse_field(std::move(token), offset, operand);
    } else if (lexer_.take_transformer(token)) {
      good = parse_transformer(std::move(token), offset, operand);
    } else {
      good = fail("expected a field or a transformer");
    }
    if (!good) return tl::make_unexpected(*error_);
    length = lexer_.offset();
    return operand;
  }

 private:
  class Depth {
   public:
    explicit Depth(Parser& parser) : parser_(parser) { ++parser_.depth_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;
    ~Depth() { --parser_.depth_; }
    [[nodiscard]] bool exceeded() const {
      return parser_.depth_ >= parser_.max_depth_ &&
             !parser_.fail("the condition nests deeper than " + std::to_string(parser_.max_depth_) + " levels");
    }

   private:
    Parser& parser_;
  };

  /// Keeps the first error; returns false so that it can end any rule.
  bool fail(std::string message) {
    if (!error_) error_ = SyntaxError{std::move(message), lexer_.offset()};
    return false;
  }

  using Rule = bool (Parser::*)(Expr&);
  bool parse_series(Expr& out, Expr::Kind kind, std::string_view keyword, Rule element) {
    const Depth depth(*this);
    if (depth.exceeded()) return false;
    const uint32_t offset = lexer_.offset();
    std::vector<Expr> children(1);
    lexer_.skip_blanks();
    if (!(this->*element)(children[0])) return false;
    lexer_.skip_blanks();
    while (lexer_.take(keyword)) {
      Expr& child = children.emplace_back();
      if (lexer_.skip_blanks()) {
        if (!(this->*element)(child)) return false;
      } else if (lexer_.take("(")) {
        if (!parse_parenthesised_rest(child)) return false;
      } else {
        return fail("expected blank or '(' after '" + std::string(keyword) + "'");
      }
      lexer_.skip_blanks();
    }
    if (children.size() == 1) {
      out = std::move(children[0]);
    } else {
      out.kind = kind;
      out.offset = offset;
      out.children = std::move(children);
    }
    return true;
  }

  bool parse_or(Expr& out) { return parse_series(out, Expr::Kind::any_of, "or", &Parser::parse_and); }
  bool parse_and(Expr& out) { return parse_series(out, Expr::Kind::all_of, "and", &Parser::parse_not); }

  bool parse_not(Expr& out) {
    const Depth depth(*this);
    if (depth.exceeded()) return false;
    const uint32_t offset = lexer_.offset();
    lexer_.skip_blanks();
    bool negated = false;
    while (lexer_.take_not()) negated = !negated;
    Expr inner;
    if (lexer_.take("not(")) {
      negated = !negated;
      if (!parse_parenthesised_rest(inner)) return false;
    } else if (!parse_check(inner)) {
      return false;
    }
    if (!negated) {
      out = std::move(inner);
      return true;
    }
    out.kind = Expr::Kind::negation;
    out.offset = offset;
    out.children.push_back(std::move(inner));
    return true;
  }

  bool parse_parenthesised_rest(Expr& out) {
    const Depth depth(*this);
    if (depth.exceeded()) return false;
    lexer_.skip_blanks();
    if (!parse_or(out)) return false;
    lexer_.skip_blanks();
    return lexer_.take(")") || fail("expected a ')' token");
  }

  bool parse_check(Expr& out) {
    const Depth depth(*this);
    if (depth.exceeded()) return false;
    lexer_.skip_blanks();
    const uint32_t offset = lexer_.offset();
    if (lexer_.take("(")) return parse_parenthesised_rest(out);
    out.offset = offset;
    std::string token;
    if (lexer_.take_field_name(token)) {
      out.kind = Expr::Kind::check;
      return parse_field(std::move(token), offset, out.left) && parse_comparison(out);
    }
    if (lexer_.take_transformer(token)) {
      out.kind = Expr::Kind::check;
      return parse_transformer(std::move(token), offset, out.left) && parse_comparison(out);
    }
    if (lexer_.take_identifier(token)) {
      out.kind = Expr::Kind::macro;
      out.macro = std::move(token);
      return true;
    }
    return fail("expected a '(' token, a field check, or an identifier");
  }

  bool parse_field(std::string name, uint32_t offset, Operand& out) {
    const Depth depth(*this);
    if (depth.exceeded()) return false;
    out.kind = Operand::Kind::field;
    out.offset = offset;
    out.text = std::move(name);
    return parse_optional_argument(out);
  }

  bool parse_optional_argument(Operand& out) {
    if (!lexer_.take("[")) return true;
    std::string argument;
    if (!take_quoted(argument) && (error_ || !lexer_.take_bare_field_argument(argument)))
      return fail("expected a valid field argument: a quoted string or a bare string");
    out.argument = std::move(argument);
    return lexer_.take("]") || fail("expected a ']' token");
  }

  bool parse_transformer(std::string name, uint32_t offset, Operand& out) {
    const Depth depth(*this);
    if (depth.exceeded()) return false;
    out.kind = Operand::Kind::transformer;
    out.offset = offset;
    out.text = std::move(name);
    lexer_.skip_blanks();
    do {
      if (!parse_transformer_argument(out.children.emplace_back())) return false;
      lexer_.skip_blanks();
    } while (lexer_.take(","));
    if (!lexer_.take(")")) return fail("expected a ')' token closing the transformer");
    return parse_optional_argument(out);
  }

  bool parse_transformer_argument(Operand& out) {
    const Depth depth(*this);
    if (depth.exceeded()) return false;
    lexer_.skip_blanks();
    const uint32_t offset = lexer_.offset();
    std::string token;
    if (lexer_.take_number(token) || take_quoted(token)) return make_value(std::move(token), offset, out);
    if (error_) return false;
    if (lexer_.take("(")) return parse_operand_list(offset, out);
    if (lexer_.take_transformer(token)) return parse_transformer(std::move(token), offset, out);
    if (lexer_.take_field_name(token)) return parse_field(std::move(token), offset, out);
    return fail("expected a transformer's argument: a field, transformer, quoted string, number, or list of these");
  }

  bool parse_operand_list(uint32_t offset, Operand& out) {
    out.kind = Operand::Kind::operand_list;
    out.offset = offset;
    lexer_.skip_blanks();
    if (lexer_.take(")")) return true;
    do {
      lexer_.skip_blanks();
      if (!parse_operand_list_element(out.children.emplace_back())) return false;
      lexer_.skip_blanks();
    } while (lexer_.take(","));
    return lexer_.take(")") || fail("expected a ')' token");
  }

  bool parse_operand_list_element(Operand& out) {
    const uint32_t offset = lexer_.offset();
    std::string token;
    if (lexer_.take_field_name(token)) return parse_field(std::move(token), offset, out);
    if (lexer_.take_transformer(token)) return parse_transformer(std::move(token), offset, out);
    if (take_quoted(token) || (!error_ && lexer_.take_number(token))) return make_value(std::move(token), offset, out);
    return fail("expected a field, transformer, quoted string, or number");
  }

  bool parse_comparison(Expr& out) {
    const Depth depth(*this);
    if (depth.exceeded()) return false;
    lexer_.skip_blanks();
    if (lexer_.take("exists")) {
      out.op = Operator::exists;
      return true;
    }
    if (lexer_.take_numeric_operator(out.op)) return parse_number(out.right);
    if (lexer_.take_string_operator(out.op)) {
      lexer_.skip_blanks();
      // The modifier needs a blank before it: `=anyof` is a value.
      const char before = lexer_.last().empty() ? ' ' : lexer_.last().back();
      const bool symbol = before == '=';
      if ((!symbol || blank_before_cursor()) && lexer_.take_modifier(out.modifier)) return parse_list(out.right, false);
      return parse_string(out.right, true);
    }
    if (lexer_.take_list_operator(out.op)) return parse_list(out.right, true);
    return fail(
        "expected a valid check operator: exists, <=, <, >=, >, =, !=, glob, iglob, contains, icontains, bcontains, "
        "startswith, bstartswith, endswith, regex, intersects, in, pmatch");
  }

  [[nodiscard]] bool blank_before_cursor() const { return lexer_.last().data() + lexer_.last().size() != lexer_.rest().data(); }

  bool parse_number(Operand& out) {
    const Depth depth(*this);
    if (depth.exceeded()) return false;
    lexer_.skip_blanks();
    const uint32_t offset = lexer_.offset();
    if (parse_extracted(out)) return true;
    if (error_) return false;
    std::string token;
    if (lexer_.take_number(token)) return make_value(std::move(token), offset, out);
    return fail("expected a number, a transformer or val(field)");
  }

  bool parse_string(Operand& out, bool may_extract) {
    const Depth depth(*this);
    if (depth.exceeded()) return false;
    lexer_.skip_blanks();
    const uint32_t offset = lexer_.offset();
    if (may_extract) {
      if (parse_extracted(out)) return true;
      if (error_) return false;
    }
    std::string token;
    if (take_quoted(token) || (!error_ && lexer_.take_bare_string(token))) return make_value(std::move(token), offset, out);
    return fail(may_extract ? "expected a string, a transformer or val(field)" : "expected a string value");
  }

  bool parse_list(Operand& out, bool may_extract) {
    const Depth depth(*this);
    if (depth.exceeded()) return false;
    lexer_.skip_blanks();
    const uint32_t offset = lexer_.offset();
    if (lexer_.take("(")) return parse_values(offset, out);
    if (may_extract) {
      if (parse_extracted(out)) return true;
      if (error_) return false;
    }
    std::string token;
    if (!lexer_.take_identifier(token))
      return fail(may_extract ? "expected a list, an identifier, a transformer or val(field)"
                              : "expected a list or an identifier");
    out.kind = Operand::Kind::values;
    out.offset = offset;
    return make_value(std::move(token), offset, out.children.emplace_back());
  }

  bool parse_values(uint32_t offset, Operand& out) {
    out.kind = Operand::Kind::values;
    out.offset = offset;
    lexer_.skip_blanks();
    if (lexer_.take(")")) return true;
    do {
      if (!parse_string(out.children.emplace_back(), false)) return false;
      lexer_.skip_blanks();
    } while (lexer_.take(","));
    return lexer_.take(")") || fail("expected a ')' token");
  }

  /// A transformer or val(field) at the cursor. False without an error when there is none.
  bool parse_extracted(Operand& out) {
    const Depth depth(*this);
    if (depth.exceeded()) return false;
    const uint32_t offset = lexer_.offset();
    std::string token;
    if (lexer_.take_transformer(token)) return parse_transformer(std::move(token), offset, out);
    if (!lexer_.take("val(")) return false;
    lexer_.skip_blanks();
    const uint32_t field_offset = lexer_.offset();
    if (!lexer_.take_field_name(token)) return fail("expected a field within 'val'");
    out.kind = Operand::Kind::transformer;
    out.offset = offset;
    out.text = "val";
    if (!parse_field(std::move(token), field_offset, out.children.emplace_back())) return false;
    lexer_.skip_blanks();
    if (!lexer_.take(")")) return fail("expected a ')' token closing the transformer");
    return parse_optional_argument(out);
  }

  bool take_quoted(std::string& out) { return lexer_.take_quoted_string(out, error_); }

  static bool make_value(std::string text, uint32_t offset, Operand& out) {
    out.kind = Operand::Kind::value;
    out.offset = offset;
    out.text = std::move(text);
    return true;
  }

  ConditionLexer lexer_;
  uint32_t max_depth_;
  uint32_t depth_ = 0;
  std::optional<SyntaxError> error_;
};

}  // namespace

tl::expected<Expr, SyntaxError> parse_condition(std::string_view text, uint32_t max_depth) {
  return Parser(text, max_depth).condition();
}

tl::expected<Operand, SyntaxError> parse_field_or_transformer(std::string_view text, size_t& length) {
  return Parser(text, kMaxConditionDepth).field_or_transformer(length);
}

}  // namespace hullwatch::rules
