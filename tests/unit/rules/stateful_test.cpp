// Thresholds, what a reload keeps, mistakes in our keys, and tests beside rules. See also sequence_test, suppress_test.

#include <gtest/gtest.h>

#include "unit/rules/event_stream.h"

namespace hullwatch::test {
namespace {

const char* const kThree = "  condition: evt.type = execve\n  threshold: {count: 3, window: 1s, by: proc.name}\n";

TEST(Threshold, FiresAtTheCountAndBeginsAnew) {
  Stream events(stateful(kThree));
  EXPECT_EQ(events.at(0, "sh"), 0U);
  EXPECT_EQ(events.at(10, "sh"), 0U);
  EXPECT_EQ(events.at(20, "sh"), 1U);
  EXPECT_EQ(events.at(30, "sh"), 1U);
  EXPECT_EQ(events.at(40, "sh"), 1U);
  EXPECT_EQ(events.at(50, "sh"), 2U);
}

TEST(Threshold, TellsWhatItCounted) {
  Stream events(stateful(kThree));
  events.at(0, "sh");
  events.at(10, "sh");
  events.at(20, "sh");
  const auto& evidence = events.last().evidence;
  ASSERT_EQ(evidence.size(), 4U);
  EXPECT_EQ(evidence[0], (std::pair<std::string, OutputValue>{"threshold_count", uint64_t{3}}));
  EXPECT_EQ(evidence[2], (std::pair<std::string, OutputValue>{"threshold_took_ns", 20 * kMs}));
  EXPECT_EQ(evidence[3], (std::pair<std::string, OutputValue>{"counted_by", std::string("proc.name=sh")}));
}

TEST(Threshold, CountsKeysApart) {
  Stream events(stateful(kThree));
  for (int i = 0; i < 2; ++i) {
    events.at(0, "sh");
    events.at(0, "bash");
  }
  EXPECT_EQ(events.at(1, "zsh"), 0U);
  EXPECT_EQ(events.at(1, "bash"), 1U);
}

TEST(Threshold, ForgetsWhatIsOlderThanTheWindow) {
  Stream events(stateful(kThree));
  for (uint64_t ms = 0; ms < 100'000; ms += 501) EXPECT_EQ(events.at(ms, "sh"), 0U) << ms;
  EXPECT_EQ(events.at(100'000, "sh"), 1U);
}

TEST(Threshold, JudgesByTheTimeOfEventsNotByTheirOrder) {
  Stream events(stateful(kThree));
  events.at(2000, "sh");
  events.at(900, "sh");  // too long before
  EXPECT_EQ(events.at(1500, "sh"), 0U);
  EXPECT_EQ(events.at(1100, "sh"), 1U);
}

TEST(Threshold, DistinctCountsDifferentValues) {
  Stream events(stateful("  condition: evt.type = execve\n  threshold: {count: 3, window: 1s, distinct: proc.name}\n"));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(events.at(static_cast<uint64_t>(i), "sh"), 0U);
  EXPECT_EQ(events.at(20, "bash"), 0U);
  EXPECT_EQ(events.at(30, "zsh"), 1U);
  EXPECT_EQ(events.at(2000, "a"), 1U);
  EXPECT_EQ(events.at(2900, "b"), 1U);
  EXPECT_EQ(events.at(3100, "c"), 1U) << "the first is out of the window";
  EXPECT_EQ(events.at(3200, "d"), 2U);
}

TEST(Threshold, AnEarlierRuleThatReportsTheEventHidesNothing) {
  Stream events(rule_named("first", "evt.type = execve") + stateful(kThree));
  events.at(0, "sh");
  events.at(1, "sh");
  EXPECT_EQ(events.at(2, "sh"), 1U);
}

TEST(Threshold, RemembersNoMoreKeysThanItsBoundAndCountsWhatItForgot) {
  Stream events(stateful("  condition: evt.type = execve\n  threshold: {count: 100, window: 1s, by: proc.pid}\n"));
  for (uint32_t pid = 1; pid <= 3000; ++pid) events.at(1, "sh", pid);
  EXPECT_EQ(events.rules().memory_stats().threshold_keys, 2621U);  // 262,144 occurrences of 100
  EXPECT_EQ(events.rules().memory_stats().threshold_evicted, 379U);
  for (uint32_t pid = 1; pid <= 3000; ++pid) events.at(5000, "sh", pid);
  EXPECT_EQ(events.rules().memory_stats().threshold_evicted, 379U + 379U) << "what was too old does not count";
  events.rules().expire((1'000'000 + 60'000) * kMs);
  EXPECT_EQ(events.rules().memory_stats().threshold_keys, 0U);
}

TEST(Reload, KeepsTheStateOfRulesThatDidNotChange) {
  const std::string text = stateful(kThree);
  Stream events(text);
  events.at(0, "sh");
  events.at(1, "sh");
  events.reload(rule_named("another", "evt.type = mount and proc.name = sh") + text);
  EXPECT_EQ(events.at(2, "sh"), 1U);
}

TEST(Reload, ForgetsTheStateOfARuleWhoseMacroChanged) {
  const std::string use = stateful("  condition: evt.type = execve and m\n  threshold: {count: 3, window: 1s}\n");
  Stream events("- macro: m\n  condition: proc.name in (sh, bash)\n" + use);
  events.at(0, "sh");
  events.at(1, "sh");
  events.reload("- macro: m\n  condition: proc.name in (sh, zsh)\n" + use);
  EXPECT_EQ(events.at(2, "sh"), 0U);
}

// --- mistakes ---

struct Mistake {
  const char* text;
  const char* place;  // "line:column message"
};
class ExtensionMistakes : public testing::TestWithParam<Mistake> {};
TEST_P(ExtensionMistakes, AreErrorsWithTheirPlace) {
  const auto loaded = load(stateful("  condition: evt.type = execve\n" + std::string(GetParam().text)));
  const auto places = error_places(loaded);
  ASSERT_EQ(places.size(), 1U) << testing::PrintToString(places);
  EXPECT_EQ(places[0], GetParam().place);
  const bool in_condition = places[0].find("expected a string") != std::string::npos;
  EXPECT_NE(find_code(loaded, in_condition ? "LOAD_ERR_COMPILE_CONDITION" : "LOAD_ERR_EXTENSION"), nullptr);
}
INSTANTIATE_TEST_SUITE_P(
    All, ExtensionMistakes,
    testing::Values(
        Mistake{"  threshold: 5\n", "6:14 the value of 'threshold' must be a map"},
        Mistake{"  threshold: {window: 1s}\n", "6:14 key 'count' of 'threshold' is missing"},
        Mistake{"  threshold: {count: 5}\n", "6:14 key 'window' of 'threshold' is missing"},
        Mistake{"  threshold: {count: 1, window: 1s}\n", "6:22 the value of 'count' must be a whole number from 2 to 10000"},
        Mistake{"  threshold: {count: 5, window: 10}\n", "6:33 the value of 'window' of 'threshold' is no duration"},
        Mistake{"  threshold: {count: 5, window: 9d}\n",
                "6:33 the value of 'window' of 'threshold' is out of range: from 1ms to 7d"},
        Mistake{"  threshold: {count: 5, window: 1s, bye: x}\n", "6:37 unknown key 'bye' in 'threshold'"},
        Mistake{"  threshold: {count: 5, window: 1s, by: proc.nmae}\n", "6:41 unknown field 'proc.nmae'"},
        Mistake{"  threshold: {count: 5, window: 1s, by: [proc.name, 'a b']}\n", "6:53 'a b' is not a field"},
        Mistake{"  by: proc.name\n", "6:7 'by' at the level of the rule belongs to a 'sequence'"},
        Mistake{"  within: 1s\n", "6:11 'within' at the level of the rule belongs to a 'sequence'"},
        Mistake{"  sequence: [{condition: proc.name = a}]\n  within: 1s\n",
                "6:13 the value of 'sequence' must be a list of 2 to 8 steps"},
        Mistake{"  sequence: [{condition: proc.name = a}, {condition: proc.name = b}]\n",
                "6:13 key 'within' of a rule with 'sequence' is missing"},
        Mistake{"  sequence: [{condition: proc.name = a}, {}]\n  within: 1s\n",
                "6:42 a step of a sequence has either 'rule' or 'condition'"},
        Mistake{"  sequence: [{condition: proc.name = a}, {rule: nosuch}]\n  within: 1s\n",
                "6:42 a step names rule 'nosuch', which is not defined"},
        Mistake{"  sequence: [{condition: proc.name = a}, {rule: r}]\n  within: 1s\n",
                "6:42 a step of a sequence cannot be the rule itself"},
        Mistake{"  sequence: [{condition: proc.name =}, {condition: proc.name = b}]\n  within: 1s\n",
                "6:37 expected a string, a transformer or val(field)"},
        Mistake{"  suppress: {by: proc.name}\n", "6:13 key 'for' of 'suppress' is missing"},
        Mistake{"  suppress: 5m\n", "6:13 the value of 'suppress' must be a map"},
        Mistake{"  respond: explode\n", "6:12 unknown action 'explode'"},
        Mistake{"  respond: clamp_pids\n", "6:12 action 'clamp_pids' takes a value"},
        Mistake{"  respond: [freeze, {signal: SIGFOO}]\n", "6:30 unknown signal 'SIGFOO'"}));

constexpr const char* kResponding =
    "  condition: evt.type = execve\n  respond: [freeze, {clamp_pids: 50}, {signal: SIGTERM}]\n";

TEST(Respond, IsReadAndSaidToBeOff) {
  const auto loaded = load(stateful(kResponding));
  ASSERT_NE(loaded.rules, nullptr) << errors_of(loaded);
  ASSERT_EQ(loaded.rules->rules()[0].respond.size(), 3U);
  EXPECT_EQ(loaded.rules->rules()[0].respond[1].value, 50U);
  EXPECT_EQ(loaded.rules->rules()[0].respond[2].value, 15U);
  EXPECT_EQ(loaded.rules->rules()[0].state, RuleInfo::State::live);
  ASSERT_EQ(loaded.diagnostics.size(), 1U);
  EXPECT_EQ(loaded.diagnostics[0].code, "LOAD_WARNING_EXTENSION");
  EXPECT_EQ(loaded.diagnostics[0].message, "'respond' is off: no action is carried out");
}

TEST(Respond, WarnsOfNothingWhereItIsOn) {
  RuleSetOptions options;
  options.respond = true;
  EXPECT_TRUE(load(stateful(kResponding), options).diagnostics.empty());
}

// --- tests beside rules ---

TEST(RuleTests, OfTheWrongFormAreMistakesInOurOwnKeys) {
  for (const char* tests :
       {"{}", "[{fires: true}]", "[{event: {proc.name: x}, fires: true}]", "[{event: {type: x}, fires: 1}]"}) {
    const auto loaded = load(stateful("  condition: evt.type = execve\n  tests: " + std::string(tests) + "\n"));
    EXPECT_EQ(loaded.rules, nullptr) << tests;
    EXPECT_NE(find_code(loaded, "LOAD_ERR_EXTENSION"), nullptr) << errors_of(loaded);
  }
}

TEST(RuleTests, RunEventsAtTheirTimes) {
  const auto loaded =
      load(stateful(kThree) +
           "  tests:\n"
           "    - {events: [{at: 0s, repeat: 3, every: 100ms, type: execve, proc.name: sh}], fires: 1}\n"
           "    - {events: [{at: 0s, repeat: 30, every: 600ms, type: execve, proc.name: sh}], fires: false}\n"
           "    - name: two and one\n"
           "      events: [{repeat: 2, type: execve, proc.name: sh}, {at: 1500ms, type: execve, proc.name: sh}]\n"
           "      fires: true\n");
  ASSERT_NE(loaded.rules, nullptr) << errors_of(loaded);
  const auto results = run_rule_tests(*loaded.rules);
  ASSERT_EQ(results.size(), 3U);
  EXPECT_TRUE(results[0].passed);
  EXPECT_TRUE(results[1].passed);
  EXPECT_FALSE(results[2].passed);
  EXPECT_EQ(results[2].account,
            "    +0.000s  execve: condition holds: 1 of 3 (proc.name=sh)\n"
            "    +0.000s  execve: condition holds: 2 of 3 (proc.name=sh)\n"
            "    +1.500s  execve: condition holds: 1 of 3 (proc.name=sh)\n");
}

TEST(RuleTests, SayWhatASingleConditionRead) {
  const auto loaded = load(rule_with("evt.type = execve and proc.name = sh and proc.pid = 1",
                                     "  tests: [{event: {type: execve, proc.name: bash}, fires: true}]\n"));
  ASSERT_NE(loaded.rules, nullptr) << errors_of(loaded);
  EXPECT_EQ(run_rule_tests(*loaded.rules)[0].account,
            "    +0.000s  execve: condition does not hold (it reads proc.pid which is missing, proc.name = bash)\n");
}

TEST(RuleTests, CountWhatSuppressHoldsBack) {
  const auto loaded =
      load(stateful("  condition: evt.type = execve\n  suppress: {for: 10s}\n"
                    "  tests: [{events: [{repeat: 12, every: 1s, type: execve}], fires: 2}]\n"));
  ASSERT_NE(loaded.rules, nullptr) << errors_of(loaded);
  const auto result = run_rule_tests(*loaded.rules).at(0);
  EXPECT_TRUE(result.passed) << result.account;
  EXPECT_EQ(result.suppressed, 10U);
}

}  // namespace
}  // namespace hullwatch::test
