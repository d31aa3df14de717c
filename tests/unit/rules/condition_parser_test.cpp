#include "rules/condition_parser.h"

#include <gtest/gtest.h>

namespace hullwatch::rules {
namespace {

/// The tree in a compact form: and(a.b = c, not(m)).
std::string shape(const Expr& expr) {
  std::string out;
  const auto children = [&](const char* name) {
    out = std::string(name) + "(";
    for (const auto& child : expr.children) out.append(out.ends_with('(') ? "" : ", ").append(shape(child));
    return out + ")";
  };
  switch (expr.kind) {
    case Expr::Kind::all_of: return children("and");
    case Expr::Kind::any_of: return children("or");
    case Expr::Kind::negation: return children("not");
    case Expr::Kind::macro: return expr.macro;
    case Expr::Kind::check: break;
  }
  out = expr.left.spelled() + " " + std::string(operator_name(expr.op));
  if (expr.modifier != Modifier::none) out.append(" ").append(modifier_name(expr.modifier));
  return expr.op == Operator::exists ? out : out + " " + expr.right.spelled();
}

std::string parsed(std::string_view text) {
  const auto expr = parse_condition(text);
  return expr ? shape(*expr) : "error at " + std::to_string(expr.error().offset) + ": " + expr.error().message;
}

bool accepts(std::string_view text) { return parse_condition(text).has_value(); }

struct Pair {
  const char* text;
  const char* tree;
};

class Accepted : public testing::TestWithParam<Pair> {};
TEST_P(Accepted, GivesThisTree) { EXPECT_EQ(parsed(GetParam().text), GetParam().tree) << GetParam().text; }

INSTANTIATE_TEST_SUITE_P(Precedence, Accepted,
                         testing::Values(Pair{"a and b or c and d", "or(and(a, b), and(c, d))"},
                                         Pair{"a or b and c or d", "or(a, and(b, c), d)"},
                                         Pair{"not a and b", "and(not(a), b)"}, Pair{"not (a and b)", "not(and(a, b))"},
                                         Pair{"not(a or b) and c", "and(not(or(a, b)), c)"}, Pair{"not not a", "a"},
                                         Pair{"not not not a", "not(a)"}, Pair{"not not(a)", "a"}, Pair{"a or(b)", "or(a, b)"},
                                         Pair{"a and(b or c)", "and(a, or(b, c))"}, Pair{"((((a))))", "a"},
                                         Pair{" \t\n a \r\n and\tb ", "and(a, b)"},
                                         Pair{"nothing and android and organ", "and(nothing, android, organ)"}));

INSTANTIATE_TEST_SUITE_P(
    Checks, Accepted,
    testing::Values(
        Pair{"proc.name=sh", "proc.name = sh"}, Pair{"proc.name == sh", "proc.name = sh"},
        Pair{"proc.name!=sh", "proc.name != sh"}, Pair{"proc.name exists", "proc.name exists"},
        Pair{"proc.name existsand b", "and(proc.name exists, b)"}, Pair{"proc.name exists and b", "and(proc.name exists, b)"},
        Pair{"proc.pid<=5", "proc.pid <= 5"}, Pair{"proc.pid > 0x1F", "proc.pid > 0x1F"},
        Pair{"proc.pid < -5", "proc.pid < -5"}, Pair{"proc.pid >= 1.5e+3", "proc.pid >= 1.5e+3"},
        Pair{"proc.name startswith runc:[0:PARENT]", "proc.name startswith runc:[0:PARENT]"},
        Pair{"fd.name = /a/b-c.d", "fd.name = /a/b-c.d"}, Pair{"evt.dir=<", "evt.dir = <"},
        Pair{"proc.name in (a,b, c )", "proc.name in (a, b, c)"}, Pair{"proc.name in()", "proc.name in ()"},
        Pair{"proc.name in (\"a b\", 'c')", "proc.name in (a b, c)"},
        Pair{"proc.name in some_list", "proc.name in (some_list)"}, Pair{"proc.args intersects(a)", "proc.args intersects (a)"},
        Pair{"fd.name pmatch (/var, /etc)", "fd.name pmatch (/var, /etc)"}, Pair{"proc.aname[2]=sh", "proc.aname[2] = sh"},
        Pair{"proc.env[\"A B\"] = x", "proc.env[A B] = x"}, Pair{"proc.name regex ^a.*", "proc.name regex ^a.*"},
        Pair{"proc.name contains\tx", "proc.name contains x"}));

INSTANTIATE_TEST_SUITE_P(
    Modifiers, Accepted,
    testing::Values(Pair{"proc.name = oneof (a, b)", "proc.name = oneof (a, b)"},
                    Pair{"proc.name startswith anyof (a, b)", "proc.name startswith anyof (a, b)"},
                    Pair{"proc.name != allof names", "proc.name != allof (names)"},
                    Pair{"proc.name =oneof", "proc.name = oneof"}, Pair{"proc.name = oneof", "proc.name = oneof"},
                    Pair{"proc.name = oneof and b", "and(proc.name = oneof, b)"},
                    Pair{"proc.name contains anyof or b", "or(proc.name contains anyof, b)"},
                    Pair{"proc.name = anyof(a)", "error at 17: unexpected token after 'anyof', expecting 'or', 'and'"}));

INSTANTIATE_TEST_SUITE_P(Transformers, Accepted,
                         testing::Values(Pair{"tolower(proc.name) = sh", "tolower(proc.name) = sh"},
                                         Pair{"toupper( b64( proc.name ) ) = SH", "toupper(b64(proc.name)) = SH"},
                                         Pair{"proc.name = val(proc.pname)", "proc.name = val(proc.pname)"},
                                         Pair{"proc.name = val( proc.pname )", "proc.name = val(proc.pname)"},
                                         Pair{"proc.name = basename(proc.exe)", "proc.name = basename(proc.exe)"},
                                         Pair{"proc.pid > len(proc.name)", "proc.pid > len(proc.name)"},
                                         Pair{"join(\",\", (proc.name, \"x\", 1)) = a", "join(,, (proc.name, x, 1)) = a"},
                                         Pair{"getopt(proc.args, \"ab:\")[b] = v", "getopt(proc.args, ab:)[b] = v"},
                                         Pair{"concat(proc.name, '-', proc.pname) contains x",
                                              "concat(proc.name, -, proc.pname) contains x"},
                                         Pair{"proc.name in val(proc.pname)", "proc.name in val(proc.pname)"}));

INSTANTIATE_TEST_SUITE_P(Escapes, Accepted,
                         testing::Values(Pair{R"(a.b = "x\ty")", "a.b = x\ty"},
                                         Pair{R"(a.b = "say \"hi\"")", "a.b = say \"hi\""},
                                         Pair{R"(a.b = 'it\'s')", "a.b = it's"}, Pair{R"(a.b = "\x41\x2f")", "a.b = A/"},
                                         Pair{R"(a.b = "a\ b")", "a.b = a\\b"}, Pair{R"(a.b = "a\\b")", "a.b = a\\b"},
                                         Pair{R"(a.b = "")", "a.b = "}, Pair{R"(a.b = "it's")", "a.b = it's"}));

class Rejected : public testing::TestWithParam<const char*> {};
TEST_P(Rejected, IsASyntaxError) { EXPECT_FALSE(accepts(GetParam())) << GetParam(); }

INSTANTIATE_TEST_SUITE_P(
    Syntax, Rejected,
    testing::Values("", " ", "(", ")", "()", "a and", "and a", "a or", "not ", "a b", "a and and b", "a orb", "a andb", "(a",
                    "a)", "a or or b", "proc.name", "proc.name =", "proc.name = =", "proc.name like x", "proc.name = a b",
                    "proc.name AND b", "a AND b", "a OR b", "proc.name containsx", "proc.name startswith", "proc.pid > abc",
                    "proc.pid < \"5\"", "proc.pid > ", "proc.pid = (1)", "proc.name in", "proc.name in (", "proc.name in (a",
                    "proc.name in (a,)", "proc.name in (,a)", "proc.name in \"a\"", "proc.name in (a b)",
                    "proc.name pmatch /etc", "proc.name[1 = x", "proc.aname[] = x", "proc.aname [2] = x", "proc.aname[ 2 ] = x",
                    "proc.name exists x", "1proc.name = x", "proc. = x", ".name = x", "proc..name = x", "a.b = 'open",
                    "a.b = \"open", "tolower() = x", "tolower(proc.name = x", "tolower(proc.name)", "tolower (proc.name) = x",
                    "unknown(proc.name) = x", "val(proc.name) = x", "proc.name = val()", "proc.name = val(tolower(proc.name))",
                    "proc.name = val(proc.name", "getopt(proc.args, \"a\") [a] = x", "a.b = \"\\q\"", "a.b = \"\\'\"",
                    "a.b = '\\\"'", "a.b = \"\\x4\"", "a.b = \"\\xzz\"", "a.b = x=y", "a.b = x,y", "a; b", "a && b", "!a"));

TEST(ConditionParser, ErrorsCarryTheirOffset) {
  const auto expr = parse_condition("proc.name = a and proc.pid > x");
  ASSERT_FALSE(expr.has_value());
  EXPECT_EQ(expr.error().offset, 29U);
  EXPECT_EQ(expr.error().message, "expected a number, a transformer or val(field)");
}

TEST(ConditionParser, ChecksKnowWhereTheyStand) {
  const auto expr = parse_condition("a and proc.name in (x, y)");
  ASSERT_TRUE(expr.has_value());
  const Expr& check = expr->children.at(1);
  EXPECT_EQ(check.offset, 6U);
  EXPECT_EQ(check.right.children.at(1).offset, 23U);
}

TEST(ConditionParser, DepthIsBounded) {
  const auto nested = [](size_t n) { return std::string(n, '(') + "a" + std::string(n, ')'); };
  EXPECT_TRUE(accepts(nested(150)));
  EXPECT_FALSE(accepts(nested(300)));
  EXPECT_FALSE(accepts(nested(1'000'000)));
}

TEST(ConditionParser, AFieldEndsWhereItsGrammarEnds) {
  size_t length = 0;
  const auto operand = parse_field_or_transformer("proc.aname[2]) rest", length);
  ASSERT_TRUE(operand.has_value());
  EXPECT_EQ(length, 13U);
  EXPECT_EQ(operand->spelled(), "proc.aname[2]");
}

}  // namespace
}  // namespace hullwatch::rules
