// Whole rules on whole events, through the accessors.

#include "rules/rule_set.h"

#include <gtest/gtest.h>

#include <cstring>

#include "unit/rules/rule_fixture.h"

namespace hullwatch::test {
namespace {

class Evaluated {
 public:
  explicit Evaluated(const std::string& yaml, RuleSetOptions options = {}) : loaded_(load(yaml, options)) {}

  std::vector<RuleMatch> on(EventType type, const char* comm) {
    Event event;
    event.type = type;
    std::strncpy(event.header.comm, comm, sizeof event.header.comm - 1);
    event.header.process.tgid = 42;
    std::vector<RuleMatch> matches;
    loaded_.rules->evaluate(EventContext{event, nullptr, nullptr, tree_, users_}, matches);
    return matches;
  }
  const RuleSet& rules() { return *loaded_.rules; }

 private:
  LoadedRules loaded_;
  ProcessTree tree_{16, 0};
  UserNames users_{"/nonexistent"};
};

std::string rule(const std::string& name, const std::string& condition, const std::string& output = "o") {
  return "- rule: " + name + "\n  desc: d\n  priority: INFO\n  output: \"" + output + "\"\n  condition: " + condition + "\n";
}

TEST(RuleSet, TheFirstRuleThatMatchesIsReported) {
  Evaluated rules(rule("a", "evt.type = execve and proc.name = sh") + rule("b", "evt.type = execve"));
  ASSERT_EQ(rules.on(EventType::execve, "sh").size(), 1U);
  EXPECT_EQ(rules.on(EventType::execve, "sh")[0].rule->name, "a");
  EXPECT_EQ(rules.on(EventType::execve, "bash")[0].rule->name, "b");
  EXPECT_TRUE(rules.on(EventType::mount, "sh").empty());
}

TEST(RuleSet, AllRulesThatMatchAreReportedOnDemand) {
  RuleSetOptions options;
  options.match_all = true;
  Evaluated rules(rule("a", "evt.type = execve and proc.name = sh") + rule("b", "evt.type = execve"), options);
  EXPECT_EQ(rules.on(EventType::execve, "sh").size(), 2U);
}

TEST(RuleSet, CountsMatchesAndTellsWhatItWants) {
  Evaluated rules(rule("a", "evt.type = execve and proc.name = sh"));
  (void)rules.on(EventType::execve, "sh");
  (void)rules.on(EventType::execve, "bash");
  (void)rules.on(EventType::execve, "sh");
  EXPECT_EQ(rules.rules().match_count(0), 2U);
  EXPECT_TRUE(rules.rules().wants(EventType::execve));
  EXPECT_FALSE(rules.rules().wants(EventType::mount));
}

TEST(RuleSet, WhatRulesShareIsAnsweredAnewForEachEvent) {
  Evaluated rules("- macro: m\n  condition: proc.name in (sh, bash)\n" + rule("a", "evt.type = execve and m and proc.pid = 1") +
                  rule("b", "evt.type in (execve, mount) and m"));
  EXPECT_EQ(rules.on(EventType::execve, "sh").size(), 1U);
  EXPECT_EQ(rules.on(EventType::execve, "zsh").size(), 0U);
  EXPECT_EQ(rules.on(EventType::mount, "bash").size(), 1U);
}

TEST(RuleSet, ManyRulesThatEachWantTheirOwnNamesAreToldApart) {
  std::string yaml;
  for (int i = 0; i < 200; ++i) {
    const std::string n = std::to_string(i);
    yaml += rule("r" + n, "evt.type = execve and proc.name in (a" + n + ", b" + n + ", both)" +
                              (i % 2 == 0 ? " and proc.pid = 42" : " and proc.pid = 1"));
  }
  yaml += rule("equal", "evt.type = execve and proc.name = a7") + rule("other", "evt.type = execve and proc.name != a7") +
          rule("missing", "evt.type = execve and proc.pname in (a7)") +
          rule("missing2", "evt.type = execve and proc.pname in (a8)") +
          rule("missing3", "evt.type = execve and not proc.pname in (a9)");
  RuleSetOptions options;
  options.match_all = true;
  Evaluated rules(yaml, options);
  const auto names = [&](const char* comm) {
    std::string out;
    for (const RuleMatch& match : rules.on(EventType::execve, comm)) out += match.rule->name + " ";
    return out;
  };
  EXPECT_EQ(names("a6"), "r6 other missing3 ");
  EXPECT_EQ(names("a7"), "equal missing3 ");
  EXPECT_EQ(names("b198"), "r198 other missing3 ");
  EXPECT_EQ(names("none"), "other missing3 ");
  EXPECT_EQ(rules.on(EventType::execve, "both").size(), 102U);
}

// --- output ---

std::string rendered(const std::string& output) {
  Evaluated rules(rule("a", "evt.type = execve", output));
  return rules.on(EventType::execve, "sh").at(0).output;
}

TEST(Output, FieldsAreFilledIn) {
  EXPECT_EQ(rendered("name=%proc.name (pid %proc.pid)"), "name=sh (pid 42)");
  EXPECT_EQ(rendered("%proc.name"), "sh");
  EXPECT_EQ(rendered("plain"), "plain");
}
TEST(Output, WhatIsMissingIsNA) {
  EXPECT_EQ(rendered("up %proc.aname[2] %proc.aname end"), "up <NA> <NA> end");
  EXPECT_EQ(rendered("*%proc.pname"), "<NA>");
}
TEST(Output, WidthsPadAndCut) {
  EXPECT_EQ(rendered("[%5proc.name]"), "[sh   ]");
  EXPECT_EQ(rendered("[%1proc.name]"), "[s]");
}
TEST(Output, AFieldEndsWhereItsNameCannotGoOn) {
  EXPECT_EQ(rendered("%proc.name."), "sh.");
  EXPECT_EQ(rendered("%proc.name.x"), "sh.x");
  EXPECT_EQ(rendered("%proc.namesake"), "shsake");
  EXPECT_EQ(rendered("%proc.name[x]"), "sh[x]");
  EXPECT_EQ(rendered("%proc.name%proc.pid"), "sh42");
}
TEST(Output, TransformersAreApplied) {
  EXPECT_EQ(rendered("%toupper(proc.name)!"), "SH!");
  EXPECT_EQ(rendered("%concat(proc.name, '-', proc.name)"), "sh-sh");
}
TEST(Output, ContainerInfoStandsForNothing) {
  EXPECT_EQ(rendered("x %container.info"), "x ");
  EXPECT_NE(find_code(load(rule("a", "evt.type = execve", "x %container.info")), "LOAD_DEPRECATED_ITEM"), nullptr);
}

class OutputMistakes : public testing::TestWithParam<const char*> {};
TEST_P(OutputMistakes, AreErrors) {
  EXPECT_NE(find_code(load(rule("a", "evt.type = execve", GetParam())), "LOAD_ERR_COMPILE_OUTPUT"), nullptr) << GetParam();
}
INSTANTIATE_TEST_SUITE_P(All, OutputMistakes,
                         testing::Values("100%", "%5", "%%proc.name", "%proc.nosuch", "% proc.name", "%proc",
                                         "%nosuch(proc.name)", "%99999proc.name"));

TEST(Output, FieldsAreTypedAndNamedAsWritten) {
  Evaluated rules(rule("a", "evt.type = execve", "%proc.name %proc.pid %proc.aname[2] %toupper(proc.pname) %proc.name"));
  const auto fields = rules.on(EventType::execve, "sh").at(0).output_fields;
  ASSERT_EQ(fields.size(), 4U);
  EXPECT_EQ(fields[0], (std::pair<std::string, OutputValue>{"proc.name", std::string("sh")}));
  EXPECT_EQ(fields[1], (std::pair<std::string, OutputValue>{"proc.pid", int64_t{42}}));
  EXPECT_EQ(fields[2], (std::pair<std::string, OutputValue>{"proc.aname[2]", std::monostate{}}));
  EXPECT_EQ(fields[3].first, "proc.pname");
}

// --- tests beside rules ---

std::string with_tests(const std::string& tests) {
  return rule("a", "evt.type = execve and proc.name = sh and proc.aname = sshd") + "  tests:\n" + tests;
}

TEST(RuleTests, TellWhichCasesPass) {
  const auto loaded =
      load(with_tests("    - event: {type: execve, proc.name: sh, proc.aname: [bash, sshd]}\n      fires: true\n"
                      "    - event: {type: mount, proc.name: sh, proc.aname: [sshd]}\n      fires: false\n"
                      "    - {name: wrong, event: {type: execve, proc.name: sh}, fires: true}\n"));
  ASSERT_NE(loaded.rules, nullptr) << errors_of(loaded);
  const auto results = run_rule_tests(*loaded.rules);
  ASSERT_EQ(results.size(), 3U);
  EXPECT_TRUE(results[0].passed);
  EXPECT_TRUE(results[1].passed);
  EXPECT_FALSE(results[2].passed);
  EXPECT_EQ(results[2].test_case->name, "wrong");
  EXPECT_EQ(results[2].test_case->position.line, 11U);
}

class TestMistakes : public testing::TestWithParam<const char*> {};
TEST_P(TestMistakes, AreErrors) { EXPECT_EQ(load(with_tests(GetParam())).rules, nullptr) << GetParam(); }
INSTANTIATE_TEST_SUITE_P(All, TestMistakes,
                         testing::Values("    - event: {type: execve}\n", "    - fires: true\n", "    - text\n",
                                         "    - {event: {proc.name: sh}, fires: true}\n",
                                         "    - {event: {type: nosuch}, fires: true}\n",
                                         "    - {event: {type: execve, proc.nosuch: x}, fires: true}\n",
                                         "    - {event: {type: execve, proc.pid: x}, fires: true}\n",
                                         "    - {event: {type: execve}, fires: maybe}\n",
                                         "    - {event: {type: execve}, fires: true, extra: 1}\n"));

}  // namespace
}  // namespace hullwatch::test
