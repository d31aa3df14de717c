// The grammar of conditions, sentence by sentence: what parses, and where and why the rest does not. No name is looked up.

#include <gtest/gtest.h>

#include "rules/condition_parser.h"

namespace hullwatch::test {
namespace {

using rules::parse_condition;

class SyntaxThatParses : public testing::TestWithParam<std::string_view> {};
TEST_P(SyntaxThatParses, AsACondition) {
  const auto tree = parse_condition(GetParam());
  EXPECT_TRUE(tree) << GetParam() << "\n" << tree.error().offset << ": " << tree.error().message;
}
INSTANTIATE_TEST_SUITE_P(Precedence, SyntaxThatParses,
                         testing::Values("a and b or c", "a or b and not c", "(a or b) and c", "not a", "not not a", "not(a)",
                                         "not (a)", "not  not(a or b)", "a and(b)", "a or(b or c)", "a and(b)and c",
                                         "((((a))))", " a ", "\ta\r\n", "\b a", "and", "or", "not", "notable",
                                         "andy and oral"));
INSTANTIATE_TEST_SUITE_P(Fields, SyntaxThatParses,
                         testing::Values("a.b exists", "a.b.c exists", "a1.b_2 exists", "a.b[1] exists", "a.b[x-y.z/1] exists",
                                         "a.b['x y'] exists", "a.b[\"]\"] exists", "a.b[(] exists", "a.b[=,] exists",
                                         "a.b exists and c", "a.bexists exists", "a.b[1]exists"));
INSTANTIATE_TEST_SUITE_P(Operators, SyntaxThatParses,
                         testing::Values("a.b=c", "a.b = c", "a.b==c", "a.b!=c", "a.b<1", "a.b<=1", "a.b>1", "a.b>=1",
                                         "a.b contains c", "a.b icontains c", "a.b bcontains 61", "a.b startswith c",
                                         "a.b bstartswith 61", "a.b endswith c", "a.b glob c*", "a.b iglob c*",
                                         "a.b regex 'c.*'", "a.b contains\tc", "a.b contains\nc", "a.b in (c)", "a.b in(c)",
                                         "a.b in(c)and d.e = f", "a.b intersects(c)", "a.b pmatch(/c)", "a.b in x",
                                         "a.b intersects x", "a.b pmatch x", "a.b inx", "a.b exists"));
INSTANTIATE_TEST_SUITE_P(Numbers, SyntaxThatParses,
                         testing::Values("a.b < 0", "a.b < -1", "a.b < +1", "a.b < 1.5", "a.b < 1.", "a.b < 1e+3",
                                         "a.b < 1.5E-3", "a.b < 0x1F", "a.b < 0Xff", "a.b < 00", "a.b < len(c.d)",
                                         "a.b < val(c.d)", "a.b <val( c.d )"));
INSTANTIATE_TEST_SUITE_P(Strings, SyntaxThatParses,
                         testing::Values("a.b = /etc/x-y", "a.b = 10.0.0.1", "a.b = runc:[0:PARENT]", "a.b = a.b", "a.b = *",
                                         "a.b = $x%", "a.b = 'x y'", "a.b = \"x y\"", "a.b = ''", "a.b = \"\"", "a.b = 'a\"b'",
                                         "a.b = \"a'b\"", "a.b = 'a\\'b'", "a.b = \"a\\\"b\"", "a.b = '\\b\\f\\n\\r\\t\\\\\\/'",
                                         "a.b = '\\x41\\xff'", "a.b = 'a\\ b'", "a.b = 'a,b=(c)'", "a.b = \xc3\xa9t\xc3\xa9",
                                         "a.b = anyof", "a.b = oneof and c", "a.b = exists", "a.b = not", "a.b = in",
                                         "a.b=anyof"));
INSTANTIATE_TEST_SUITE_P(Lists, SyntaxThatParses,
                         testing::Values("a.b in ()", "a.b in ( )", "a.b in (c,d)", "a.b in ( c , 'd e' , \"f\" )",
                                         "a.b in (1, 0x2, -3)", "a.b in val(c.d)", "a.b in tolower(c.d)", "a.b = anyof (c, d)",
                                         "a.b = oneof  (c)", "a.b contains allof (c)", "a.b startswith anyof x",
                                         "a.b != allof ()", "a.b glob oneof ('*x')", "a.b regex anyof (a, b)",
                                         "a.b == anyof x and c"));
INSTANTIATE_TEST_SUITE_P(Transformers, SyntaxThatParses,
                         testing::Values("tolower(a.b) = c", "toupper( a.b )= c", "b64(a.b) = c", "basename(a.b) = c",
                                         "len(a.b) > 3", "join(',', a.b) = c", "concat(a.b, 'x', c.d) = e",
                                         "getopt(a.b, 'x:') exists", "getopt(a.b, 'x:')[x] = y", "tolower(toupper(a.b)) = c",
                                         "join(',', (a.b, 'x', 3, tolower(c.d))) = e", "join(',', ()) = e",
                                         "concat(1, 0x2) = e", "a.b = tolower(c.d)", "a.b contains basename(c.d)",
                                         "tolower(a.b[1]) exists", "tolower('x') = x", "a.b = val(c.d[1])",
                                         "tolower(a.b)[1] = c"));

struct Fault {
  std::string_view text;
  uint32_t offset;
  std::string_view says;  // part of the message
};
class SyntaxThatDoesNot : public testing::TestWithParam<Fault> {};
TEST_P(SyntaxThatDoesNot, AndSaysWhereAndWhatWasExpected) {
  const auto tree = parse_condition(GetParam().text);
  ASSERT_FALSE(tree) << GetParam().text;
  EXPECT_EQ(tree.error().offset, GetParam().offset) << GetParam().text << "\n" << tree.error().message;
  EXPECT_NE(tree.error().message.find(GetParam().says), std::string::npos) << GetParam().text << "\n" << tree.error().message;
}
constexpr std::string_view kCheck = "expected a '(' token, a field check, or an identifier";
constexpr std::string_view kTrailing = "expecting 'or', 'and'";
constexpr std::string_view kOperator = "expected a valid check operator";
INSTANTIATE_TEST_SUITE_P(Structure, SyntaxThatDoesNot,
                         testing::Values(Fault{"", 0, "empty"}, Fault{" ", 1, kCheck}, Fault{"(", 1, kCheck},
                                         Fault{"()", 1, kCheck}, Fault{"(a", 2, "expected a ')'"}, Fault{"a)", 1, kTrailing},
                                         Fault{"a b", 2, kTrailing}, Fault{"a and", 5, "expected blank or '('"},
                                         Fault{"a and ", 6, kCheck}, Fault{"a or", 4, "expected blank or '('"},
                                         Fault{"a orb", 4, "expected blank or '('"}, Fault{"a AND b", 2, kTrailing},
                                         Fault{"a && b", 2, kTrailing}, Fault{"!a", 0, kCheck}, Fault{"not ", 4, kCheck},
                                         Fault{"not(a", 5, "expected a ')'"}, Fault{"1a", 0, kCheck}, Fault{"_a", 0, kCheck},
                                         Fault{"\v a", 0, kCheck}));
INSTANTIATE_TEST_SUITE_P(Fields, SyntaxThatDoesNot,
                         testing::Values(Fault{"a.b", 3, kOperator}, Fault{"a.b.", 3, kOperator},
                                         Fault{"a. b = c", 1, kTrailing}, Fault{"a.1 = c", 1, kTrailing},
                                         Fault{"a.b[] = c", 4, "field argument"}, Fault{"a.b[1 = c", 5, "expected a ']'"},
                                         Fault{"a.b[ 1] = c", 4, "field argument"}, Fault{"a.b[1 ] = c", 5, "expected a ']'"},
                                         Fault{"a.b['x] = c", 4, "field argument"}, Fault{"a.b [1] = c", 4, kOperator},
                                         Fault{"a.b['x'y] = c", 7, "expected a ']'"}, Fault{"= c", 0, kCheck},
                                         Fault{"'a' = c", 0, kCheck}, Fault{"a = c", 2, kTrailing}));
INSTANTIATE_TEST_SUITE_P(Operators, SyntaxThatDoesNot,
                         testing::Values(Fault{"a.b =", 5, "expected a string"}, Fault{"a.b ~ c", 4, kOperator},
                                         Fault{"a.b containsc", 4, kOperator}, Fault{"a.b contains", 4, kOperator},
                                         Fault{"a.b startswith(c)", 4, kOperator}, Fault{"a.b Contains c", 4, kOperator},
                                         Fault{"a.b =! c", 7, kTrailing}, Fault{"a.b <> 1", 5, "expected a number"},
                                         Fault{"a.b < c", 6, "expected a number"}, Fault{"a.b < '1'", 6, "expected a number"},
                                         Fault{"a.b < 0x", 7, kTrailing}, Fault{"a.b < 1e3", 7, kTrailing},
                                         Fault{"a.b < .5", 6, "expected a number"}, Fault{"a.b in", 6, "expected a list"},
                                         Fault{"a.b in 'x'", 7, "expected a list"}, Fault{"a.b in 10", 7, "expected a list"},
                                         Fault{"a.b exists c", 11, kTrailing}));
INSTANTIATE_TEST_SUITE_P(Strings, SyntaxThatDoesNot,
                         testing::Values(Fault{"a.b = 'x", 6, "expected a string"}, Fault{"a.b = 'x\"", 6, "expected a string"},
                                         Fault{"a.b = x=y", 7, kTrailing}, Fault{"a.b = x,y", 7, kTrailing},
                                         Fault{"a.b = (x)", 6, "expected a string"}, Fault{"a.b = 'a\\q'", 8, "escape"},
                                         Fault{"a.b = 'a\\\"'", 8, "escape"}, Fault{"a.b = \"a\\'\"", 8, "escape"},
                                         Fault{"a.b = 'a\\x4'", 8, "hexadecimal"}, Fault{"a.b = 'a\\xzz'", 8, "hexadecimal"},
                                         Fault{"a.b = 'x\\'", 6, "expected a string"},
                                         Fault{"a.b = \xff", 6, "expected a string"}, Fault{"a.b = x y", 8, kTrailing}));
INSTANTIATE_TEST_SUITE_P(Lists, SyntaxThatDoesNot,
                         testing::Values(Fault{"a.b in (", 8, "expected"}, Fault{"a.b in (c", 9, "expected a ')'"},
                                         Fault{"a.b in (c,)", 10, "expected a string value"},
                                         Fault{"a.b in (,c)", 8, "expected"}, Fault{"a.b in (c d)", 10, "expected a ')'"},
                                         Fault{"a.b in ((c))", 8, "expected"}, Fault{"a.b = anyof (c", 14, "expected a ')'"},
                                         Fault{"a.b < anyof (1)", 6, "expected a number"},
                                         Fault{"a.b in anyof (c)", 13, kTrailing}, Fault{"a.b = oneof(c)", 11, kTrailing},
                                         Fault{"a.b = anyof 'c'", 12, kTrailing}, Fault{"a.b in ('\\q')", 9, "escape"}));
INSTANTIATE_TEST_SUITE_P(
    Transformers, SyntaxThatDoesNot,
    testing::Values(Fault{"tolower() = c", 8, "transformer's argument"}, Fault{"tolower(a) = c", 8, "transformer's argument"},
                    Fault{"tolower (a.b) = c", 8, kTrailing}, Fault{"tolower(a.b = c", 12, "expected a ')'"},
                    Fault{"nosuch(a.b) = c", 6, kTrailing}, Fault{"val(a.b) = c", 3, kTrailing},
                    Fault{"a.b = val(c)", 10, "expected a field within 'val'"},
                    Fault{"a.b = val(tolower(c.d))", 10, "expected a field within 'val'"},
                    Fault{"a.b = val(c.d", 13, "expected a ')'"}, Fault{"a.b = val('x')", 10, "expected a field within 'val'"},
                    Fault{"join(',', (a.b) = c", 16, "expected a ')'"}, Fault{"join(',', (a.b,)) = c", 15, "expected a field"},
                    Fault{"tolower(a.b,) = c", 12, "transformer's argument"}));

std::string nested(size_t levels) { return std::string(levels, '(') + "a" + std::string(levels, ')'); }
TEST(Depth, IsBoundedAndTheBoundIsSaid) {
  EXPECT_TRUE(parse_condition(nested(198)));
  const auto deep = parse_condition(nested(1000));
  ASSERT_FALSE(deep);
  EXPECT_NE(deep.error().message.find("1000 levels"), std::string::npos);
  EXPECT_FALSE(parse_condition(nested(30), 100));
}

}  // namespace
}  // namespace hullwatch::test
