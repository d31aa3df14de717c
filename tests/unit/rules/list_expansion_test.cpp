#include "rules/list_expansion.h"

#include <gtest/gtest.h>

namespace hullwatch::rules {
namespace {

using List = ListExpansion::List;

std::string expanded(std::string text, std::vector<List> lists) {
  TrackedText tracked;
  tracked.append_plain(text);
  bool too_long = false;
  ListExpansion expansion(std::move(lists));
  return expansion.expand(std::move(tracked), too_long).text();
}

/// Blanks the engine adds do not matter.
std::string squeezed(std::string text) {
  std::erase(text, ' ');
  return text;
}

TEST(ListExpansion, ANameBetweenDelimitersBecomesItsItems) {
  EXPECT_EQ(squeezed(expanded("proc.name in (shells, x)", {{"shells", {"sh", "bash"}}})), "proc.namein(sh,bash,x)");
  EXPECT_EQ(squeezed(expanded("a.b=shells", {{"shells", {"sh"}}})), "a.b=sh");
}

TEST(ListExpansion, APartOfAWordIsNotTheName) {
  EXPECT_EQ(expanded("proc.name in (shellsx, my-shells)", {{"shells", {"sh"}}}), "proc.name in (shellsx, my-shells)");
  EXPECT_EQ(expanded("proc.name = \"shells\"", {{"shells", {"sh"}}}), "proc.name = \"shells\"");
}

TEST(ListExpansion, EvenInsideAQuotedString) {
  EXPECT_EQ(squeezed(expanded("a.b = \"x shells y\"", {{"shells", {"sh"}}})), "a.b=\"xshy\"");
}

TEST(ListExpansion, AnItemWithABlankIsQuoted) {
  EXPECT_EQ(expanded("in (l)", {{"l", {"a b", "'c d'"}}}), "in ( \"a b\", 'c d' )");
}

TEST(ListExpansion, AnEmptyListTakesOneCommaAlong) {
  EXPECT_EQ(squeezed(expanded("in (a, none)", {{"none", {}}})), "in(a)");
  EXPECT_EQ(squeezed(expanded("in (none, a)", {{"none", {}}})), "in(a)");
  EXPECT_EQ(squeezed(expanded("in (a, none, b)", {{"none", {}}})), "in(a,b)");
  EXPECT_EQ(squeezed(expanded("in (none)", {{"none", {}}})), "in()");
  EXPECT_EQ(squeezed(expanded("in (none, none)", {{"none", {}}})), "in()");
}

TEST(ListExpansion, ItemsThatNameALaterListAreExpandedInTurn) {
  EXPECT_EQ(squeezed(expanded("in (first)", {{"first", {"second"}}, {"second", {"x"}}})), "in(x)");
  EXPECT_EQ(squeezed(expanded("in (second)", {{"first", {"x"}}, {"second", {"first"}}})), "in(first)");
}

TEST(ListExpansion, AListThatNamesItselfIsNotExpandedTwice) {
  EXPECT_EQ(squeezed(expanded("in (l)", {{"l", {"l", "l"}}})), "in(l,l)");
}

TEST(ListExpansion, ANameWithABlankIsFoundToo) { EXPECT_EQ(squeezed(expanded("in (my list)", {{"my list", {"x"}}})), "in(x)"); }

TEST(ListExpansion, GrowthIsBounded) {
  std::vector<List> lists;
  for (int i = 0; i < 40; ++i)
    lists.push_back({"l" + std::to_string(i), std::vector<std::string>(8, "l" + std::to_string(i + 1))});
  TrackedText text;
  text.append_plain("in (l0)");
  bool too_long = false;
  ListExpansion expansion(lists);
  (void)expansion.expand(std::move(text), too_long);
  EXPECT_TRUE(too_long);
}

TEST(ListExpansion, TellsWhichListsWereUsed) {
  ListExpansion expansion({{"used", {"x"}}, {"unused", {"y"}}});
  TrackedText text;
  text.append_plain("in (used)");
  bool too_long = false;
  (void)expansion.expand(std::move(text), too_long);
  EXPECT_TRUE(expansion.lists()[0].used);
  EXPECT_FALSE(expansion.lists()[1].used);
}

}  // namespace
}  // namespace hullwatch::rules
