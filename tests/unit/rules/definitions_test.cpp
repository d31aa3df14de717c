// Redefinition, append, override, visibility, exceptions: how items of the same name come together.

#include <gtest/gtest.h>

#include "unit/rules/rule_fixture.h"

namespace hullwatch::test {
namespace {

std::string rule(const std::string& name, const std::string& condition = "evt.type = execve", const std::string& more = "") {
  return "- rule: " + name + "\n  desc: d\n  output: o\n  priority: INFO\n  condition: " + condition + "\n" + more;
}
std::string macro(const std::string& name, const std::string& condition, const std::string& more = "") {
  return "- macro: " + name + "\n  condition: " + condition + "\n" + more;
}
bool loads(const std::string& yaml) { return load(yaml).rules != nullptr; }
RuleInfo first_rule(const std::string& yaml) {
  const auto loaded = load(yaml);
  if (loaded.rules == nullptr) {
    ADD_FAILURE() << errors_of(loaded);
    return {};
  }
  return loaded.rules->rules().at(0);
}
std::string message_of(const std::string& yaml) {
  const auto places = error_places(load(yaml));
  return places.empty() ? "" : places[0].substr(places[0].find(' ') + 1);
}

TEST(Redefinition, ReplacesTheItemAndKeepsItsPlace) {
  const auto loaded = load(rule("a") + rule("b") + rule("a", "evt.type = mount"));
  ASSERT_NE(loaded.rules, nullptr);
  ASSERT_EQ(loaded.rules->rules().size(), 2U);
  EXPECT_EQ(loaded.rules->rules()[0].name, "a");
  EXPECT_EQ(loaded.rules->rules()[0].event_types, std::vector<EventType>{EventType::mount});
}

TEST(Redefinition, WithAnotherSourceIsAnError) {
  EXPECT_FALSE(loads(rule("a") + rule("a", "evt.num > 0", "  source: other\n")));
}

TEST(Append, JoinsTheTextSoPrecedenceFollowsIt) {
  const std::string appended = "- rule: a\n  condition: or proc.name = x\n  append: true\n";
  const auto info = first_rule(rule("a", "evt.type = execve and proc.name = y") + appended);
  EXPECT_EQ(info.condition, "evt.type = execve and proc.name = y or proc.name = x");
  EXPECT_NE(find_code(load(rule("a") + appended), "LOAD_DEPRECATED_ITEM"), nullptr);
}

TEST(Append, NeedsSomethingToAppendTo) {
  EXPECT_EQ(message_of("- rule: a\n  condition: or x.y = z\n  append: true\n"),
            "nothing to append to: no rule of that name is defined before");
  EXPECT_FALSE(loads(macro("m", "or evt.num > 0", "  append: true\n")));
  EXPECT_FALSE(loads("- list: l\n  items: [a]\n  append: true\n"));
  EXPECT_FALSE(loads(rule("a") + "- rule: a\n  append: true\n"));
}

TEST(Append, ToAListAddsItems) {
  const std::string yaml =
      "- list: l\n  items: [execve]\n- list: l\n  items: [mount]\n  override: {items: append}\n" + rule("a", "evt.type in (l)");
  EXPECT_EQ(first_rule(yaml).event_types.size(), 2U);
}

TEST(Override, AppendsAndReplaces) {
  const auto info = first_rule(rule("a", "evt.type = execve", "  tags: [x]\n") +
                               "- rule: a\n  condition: and proc.name = x\n  output: more\n  priority: ERROR\n  tags: [y]\n"
                               "  override: {condition: append, output: append, priority: replace, tags: replace}\n");
  EXPECT_EQ(info.condition, "evt.type = execve and proc.name = x");
  EXPECT_EQ(info.output, "o more");
  EXPECT_EQ(info.priority, Priority::error);
  EXPECT_EQ(info.tags, std::vector<std::string>{"y"});
}

TEST(Override, EnablesAndDisables) {
  const auto info = first_rule(rule("a") + "- rule: a\n  enabled: false\n  override: {enabled: replace}\n");
  EXPECT_EQ(info.state, RuleInfo::State::disabled);
}

struct Mistake {
  const char* item;
  const char* message;
};
class OverrideMistakes : public testing::TestWithParam<Mistake> {};
TEST_P(OverrideMistakes, AreErrors) {
  EXPECT_EQ(message_of(rule("a") + GetParam().item), GetParam().message) << GetParam().item;
}
INSTANTIATE_TEST_SUITE_P(
    All, OverrideMistakes,
    testing::Values(Mistake{"- rule: a\n  priority: ERROR\n  override: {priority: append}\n",
                            "key 'priority' cannot be appended to, use 'replace' instead"},
                    Mistake{"- rule: a\n  source: x\n  override: {source: replace}\n", "key 'source' cannot be replaced"},
                    Mistake{"- rule: a\n  output: x\n  override: {output: merge}\n",
                            "invalid override operation 'merge' for key 'output'"},
                    Mistake{"- rule: a\n  output: x\n  override: {output: replace, desc: replace}\n",
                            "override has 'desc: replace', but the item has no key 'desc'"},
                    Mistake{"- rule: a\n  output: x\n  desc: y\n  override: {output: replace}\n",
                            "unexpected key 'desc': it has no entry under 'override'"},
                    Mistake{"- rule: a\n  condition: or x\n  append: true\n  override: {condition: append}\n",
                            "'override' and 'append: true' cannot be used together"},
                    Mistake{"- rule: b\n  output: x\n  override: {output: replace}\n",
                            "nothing to replace: no rule of that name is defined before"},
                    Mistake{"- rule: a\n  output: x\n  override: [condition]\n",
                            "the value of 'override' must be a map of keys to append or replace"}));

TEST(Enabled, AloneSwitchesAnEarlierRule) {
  const auto loaded = load(rule("a") + "- rule: a\n  enabled: false\n");
  EXPECT_EQ(loaded.rules->rules()[0].state, RuleInfo::State::disabled);
  EXPECT_NE(find_code(loaded, "LOAD_DEPRECATED_ITEM"), nullptr);
  EXPECT_FALSE(loads("- rule: a\n  enabled: false\n"));
  EXPECT_FALSE(loads(rule("a") + "- rule: a\n"));
  EXPECT_FALSE(loads(rule("a") + "- rule: a\n  enabled: maybe\n"));
}

// --- visibility ---

TEST(Macros, MustBeDefinedBeforeAMacroThatUsesThem) {
  EXPECT_TRUE(loads(macro("a", "evt.type = execve") + macro("b", "a") + rule("r", "b")));
  EXPECT_EQ(message_of(macro("b", "a") + macro("a", "evt.type = execve") + rule("r", "b")), "undefined macro 'a'");
}

TEST(Macros, MayBeDefinedAfterARuleThatUsesThem) { EXPECT_TRUE(loads(rule("r", "m") + macro("m", "evt.type = execve"))); }

TEST(Macros, SeeMoreWhenRedefinedLater) {
  EXPECT_TRUE(loads(macro("a", "evt.num > 0") + macro("b", "evt.type = execve") + macro("a", "b") + rule("r", "a")));
}

TEST(Macros, LoopsAreErrors) {
  EXPECT_EQ(message_of(macro("a", "evt.num > 0") + macro("b", "a") + macro("a", "b") + rule("r", "a")),
            "reference loop in macro 'a'");
  EXPECT_FALSE(loads(macro("a", "evt.num > 0") + macro("a", "or a", "  override: {condition: append}\n")));
}

TEST(Macros, UndefinedOnesAreErrorsEvenWhereNoRuleUsesThem) {
  EXPECT_EQ(message_of(macro("m", "nosuch")), "undefined macro 'nosuch'");
  EXPECT_EQ(message_of(rule("r", "nosuch")), "undefined macro 'nosuch'");
  EXPECT_TRUE(loads(macro("m", "proc.nosuch = x")));  // an unknown field is one only where it is used
}

TEST(Macros, ThatFailedDoNotMakeFurtherErrors) {
  EXPECT_EQ(error_places(load(macro("m", "proc.name like x") + rule("a", "m") + rule("b", "m and evt.type = execve"))).size(),
            1U);
  EXPECT_EQ(error_places(load("- macro: m\n" + rule("a", "m"))).size(), 1U);
}

TEST(Macros, ThatMultiplyAreCheap) {
  std::string yaml = macro("m0", "proc.name = x");
  for (int i = 1; i < 200; ++i) {
    const std::string inner = "m" + std::to_string(i - 1);
    yaml += macro("m" + std::to_string(i), "(" + inner + " or " + inner + ") and " + inner);
  }
  EXPECT_TRUE(loads(yaml + rule("r", "evt.type = execve and m199")));
}

TEST(Macros, ThatMultiplyAreCheapAlsoWhenWrongOrInert) {
  for (const char* seed : {"fd.name = x", "proc.nosuch = x"}) {
    std::string yaml = macro("m0", seed);
    for (int i = 1; i < 200; ++i) {
      const std::string inner = "m" + std::to_string(i - 1);
      yaml += macro("m" + std::to_string(i), "(" + inner + " or " + inner + ") and " + inner);
    }
    const auto loaded = load(yaml + rule("r", "evt.type = execve and m199"));
    EXPECT_LE(error_places(loaded).size(), 1U);
  }
}

TEST(Macros, MayNotPileUpWithoutEnd) {
  std::string forward, backward;
  constexpr int kMany = 20'000;
  for (int i = 1; i < kMany; ++i)
    forward += macro("m" + std::to_string(i), i == 1 ? "evt.num > 0" : "m" + std::to_string(i - 1));
  EXPECT_EQ(error_places(load(forward)).size(), 1U);
  EXPECT_EQ(message_of(forward), "macros nest deeper than 500 levels");
  for (int i = 1; i < kMany; ++i) backward += macro("m" + std::to_string(i), "evt.num > 0");
  for (int i = 1; i + 1 < kMany; ++i) backward += macro("m" + std::to_string(i), "m" + std::to_string(i + 1));
  EXPECT_EQ(message_of(backward), "macros nest deeper than 500 levels");
}

TEST(Lists, MayBeDefinedAfterTheConditionThatUsesThem) {
  EXPECT_EQ(first_rule(rule("r", "evt.type in (l)") + "- list: l\n  items: [execve, mount]\n").event_types.size(), 2U);
}

TEST(Unused, ListsAndMacrosAreWarnedOf) {
  const auto loaded = load("- list: l\n  items: [a]\n" + macro("m", "evt.num > 0") + rule("r"));
  EXPECT_NE(find_code(loaded, "LOAD_UNUSED_LIST"), nullptr);
  EXPECT_NE(find_code(loaded, "LOAD_UNUSED_MACRO"), nullptr);
  const auto used =
      load("- list: l\n  items: [execve]\n- list: k\n  items: [l]\n" + macro("m", "evt.type in (k)") + rule("r", "m"));
  EXPECT_EQ(find_code(used, "LOAD_UNUSED_LIST"), nullptr);
  EXPECT_EQ(find_code(used, "LOAD_UNUSED_MACRO"), nullptr);
}

// --- exceptions ---

class WithExceptions {
 public:
  explicit WithExceptions(const std::string& exceptions)
      : loaded_(load(rule("r", "evt.type = execve", "  exceptions:\n" + exceptions))) {}
  [[nodiscard]] bool loads() const { return loaded_.rules != nullptr; }
  [[nodiscard]] std::string errors() const { return errors_of(loaded_); }
  [[nodiscard]] bool fires(const Condition::Values& values) const {
    RuleTestEvent event;
    event.type = EventType::execve;
    for (const auto& [name, value] : values) event.values.emplace(name, value);
    return loaded_.rules->holds(0, event);
  }

 private:
  LoadedRules loaded_;
};

TEST(Exceptions, OfSeveralFieldsExcludeTheirTuples) {
  const WithExceptions exceptions(
      "    - name: e\n      fields: [proc.name, proc.pname]\n      comps: [=, startswith]\n      values:\n"
      "        - [sh, su]\n        - [\"a b\", cron]\n");
  ASSERT_TRUE(exceptions.loads()) << exceptions.errors();
  EXPECT_FALSE(exceptions.fires({{"proc.name", text("sh")}, {"proc.pname", text("sudo")}}));
  EXPECT_FALSE(exceptions.fires({{"proc.name", text("a b")}, {"proc.pname", text("crond")}}));
  EXPECT_TRUE(exceptions.fires({{"proc.name", text("sh")}, {"proc.pname", text("cron")}}));
  EXPECT_TRUE(exceptions.fires({}));
}

TEST(Exceptions, DefaultToEquality) {
  const WithExceptions exceptions("    - name: e\n      fields: [proc.name]\n      values:\n        - [sh]\n");
  EXPECT_FALSE(exceptions.fires({{"proc.name", text("sh")}}));
  EXPECT_TRUE(exceptions.fires({{"proc.name", text("bash")}}));
}

TEST(Exceptions, OfOneFieldExcludeItsValues) {
  const WithExceptions exceptions("    - name: e\n      fields: proc.name\n      values: [sh, 'a b']\n");
  EXPECT_FALSE(exceptions.fires({{"proc.name", text("a b")}}));
  EXPECT_TRUE(exceptions.fires({{"proc.name", text("bash")}}));
  const WithExceptions modified(
      "    - name: e\n      fields: proc.name\n      comps: startswith anyof\n      values: [sh, ba]\n");
  ASSERT_TRUE(modified.loads()) << modified.errors();
  EXPECT_FALSE(modified.fires({{"proc.name", text("bash")}}));
}

TEST(Exceptions, TakeListsWhereTheOperatorDoes) {
  const WithExceptions exceptions(
      "    - name: e\n      fields: [proc.name, tolower(proc.pname)]\n      comps: [in, =]\n      values:\n        - [[sh, "
      "ash], su]\n"
      "        - [bash, su]\n");
  ASSERT_TRUE(exceptions.loads()) << exceptions.errors();
  EXPECT_FALSE(exceptions.fires({{"proc.name", text("ash")}, {"proc.pname", text("SU")}}));
  EXPECT_FALSE(exceptions.fires({{"proc.name", text("bash")}, {"proc.pname", text("su")}}));
}

TEST(Exceptions, WithoutValuesContributeNothing) {
  EXPECT_TRUE(WithExceptions("    - name: e\n      fields: [proc.name]\n").fires({{"proc.name", text("sh")}}));
}

class ExceptionMistakes : public testing::TestWithParam<const char*> {};
TEST_P(ExceptionMistakes, AreErrors) { EXPECT_FALSE(WithExceptions(GetParam()).loads()) << GetParam(); }
INSTANTIATE_TEST_SUITE_P(All, ExceptionMistakes,
                         testing::Values("    - fields: [proc.name]\n", "    - name: e\n", "    - text\n",
                                         "    - name: e\n      fields: [proc.nosuch]\n",
                                         "    - name: e\n      fields: [proc.name]\n      comps: [=, in]\n",
                                         "    - name: e\n      fields: [proc.name]\n      comps: [like]\n",
                                         "    - name: e\n      fields: [proc.name]\n      values:\n        - [a, b]\n",
                                         "    - name: e\n      fields: proc.name\n      comps: [in]\n",
                                         "    - name: e\n      fields: proc.name\n      comps: startswith\n",
                                         "    - name: e\n      fields: proc.name\n      values:\n        - [a]\n",
                                         "    - name: e\n      fields: [proc.name]\n      values: x\n",
                                         "    - name: e\n      fields: [proc.pid]\n      values:\n        - [abc]\n"));

TEST(Exceptions, AreAppendedByName) {
  const std::string base =
      rule("r", "evt.type = execve", "  exceptions:\n    - name: e\n      fields: [proc.name]\n      values: [[sh]]\n");
  const auto append = [&](const std::string& text) { return base + "- rule: r\n  append: true\n  exceptions:\n" + text; };
  EXPECT_TRUE(loads(append("    - name: e\n      values: [[bash]]\n")));
  EXPECT_TRUE(loads(append("    - name: f\n      fields: [proc.pname]\n      values: [[su]]\n")));
  EXPECT_FALSE(loads(append("    - name: e\n      fields: [proc.name]\n      values: [[bash]]\n")));
  EXPECT_FALSE(loads(append("    - name: f\n      values: [[su]]\n")));
  EXPECT_FALSE(loads(append("    - name: f\n      fields: [proc.pname]\n")));
  EXPECT_NE(find_code(load(append("    - name: e\n")), "LOAD_APPEND_NO_VALUES"), nullptr);
}

}  // namespace
}  // namespace hullwatch::test
