// Sequences: steps in order, within a time, by key.

#include <gtest/gtest.h>

#include <random>

#include "unit/rules/event_stream.h"

namespace hullwatch::test {
namespace {

const char* const kPair =
    "  sequence: [{condition: evt.type = execve and proc.name = a}, {condition: evt.type = mount and proc.name = b}]\n"
    "  by: proc.pid\n  within: 1s\n";

TEST(Sequence, FiresWhenItsStepsFollowOneAnother) {
  Stream events(stateful(kPair));
  EXPECT_EQ(events.at(0, "b", 1, EventType::mount), 0U);
  EXPECT_EQ(events.at(100, "a", 1), 0U);
  EXPECT_EQ(events.at(200, "b", 1, EventType::mount), 1U);
  EXPECT_EQ(events.at(300, "b", 1, EventType::mount), 1U) << "what led to it is forgotten";
}

TEST(Sequence, TellsItsSteps) {
  Stream events(stateful(kPair));
  events.at(100, "a", 7);
  events.at(200, "b", 7, EventType::mount);
  const auto& evidence = events.last().evidence;
  ASSERT_EQ(evidence.size(), 9U);
  EXPECT_EQ(evidence[0], (std::pair<std::string, OutputValue>{"step_1", std::string("execve")}));
  EXPECT_EQ(evidence[2], (std::pair<std::string, OutputValue>{"step_1_pid", uint64_t{7}}));
  EXPECT_EQ(evidence[7], (std::pair<std::string, OutputValue>{"step_2_comm", std::string("b")}));
}

TEST(Sequence, KeepsKeysApart) {
  Stream events(stateful(kPair));
  events.at(0, "a", 1);
  EXPECT_EQ(events.at(1, "b", 2, EventType::mount), 0U);
  EXPECT_EQ(events.at(2, "b", 1, EventType::mount), 1U);
}

TEST(Sequence, EndsWithin) {
  Stream events(stateful(kPair));
  events.at(0, "a", 1);
  EXPECT_EQ(events.at(1001, "b", 1, EventType::mount), 0U);
  events.at(2000, "a", 1);
  EXPECT_EQ(events.at(3000, "b", 1, EventType::mount), 1U);
}

TEST(Sequence, AnEventThatComesLateIsPlacedByItsTime) {
  Stream events(stateful(kPair));
  events.at(500, "b", 1, EventType::mount);
  EXPECT_EQ(events.at(100, "a", 1), 1U);
}

TEST(Sequence, TimesLessThanFiveMillisecondsApartAreEqual) {
  Stream events(stateful(kPair));
  events.at(104, "a", 1);
  EXPECT_EQ(events.at(100, "b", 1, EventType::mount), 1U);
  events.at(206, "a", 1);
  EXPECT_EQ(events.at(200, "b", 1, EventType::mount), 1U);
}

TEST(Sequence, OneEventIsNotTwoSteps) {
  Stream events(
      stateful("  sequence: [{condition: evt.type = execve}, {condition: evt.type = execve}, {condition: evt.type = "
               "execve}]\n  within: 1s\n"));
  EXPECT_EQ(events.at(0, "a"), 0U);
  EXPECT_EQ(events.at(1, "a"), 0U);
  EXPECT_EQ(events.at(2, "a"), 1U);
}

TEST(Sequence, RepeatingAStepHidesNothing) {
  Stream events(stateful(kPair));
  events.at(0, "a", 1);
  for (uint64_t ms = 300; ms < 400; ++ms) events.at(ms, "a", 1);
  EXPECT_EQ(events.at(200, "b", 1, EventType::mount), 1U) << "read late, after a hundred first steps that came after it";
}

TEST(Sequence, AMiddleStepKeepsItsBeginning) {
  Stream events(
      stateful("  sequence:\n  - condition: proc.name = a\n  - condition: proc.name = b\n  - condition: proc.name = c\n"
               "  within: 1s\n"));
  events.at(0, "a");
  events.at(100, "b");
  for (uint64_t ms = 110; ms < 150; ++ms) events.at(ms, "a");
  EXPECT_EQ(events.at(900, "c"), 1U);
}

TEST(Sequence, NamesAnotherRuleAsAStep) {
  Stream events(rule_named("other", "evt.type = execve and proc.name = a", "  enabled: false\n") +
                stateful("  sequence: [{rule: other}, {condition: proc.name = b}]\n  within: 1s\n"));
  events.at(0, "a");
  EXPECT_EQ(events.at(1, "b"), 1U);
}

TEST(Sequence, TheRulesOwnConditionHoldsForEachStep) {
  Stream events(stateful(std::string("  condition: proc.pid = 1\n") + kPair));
  events.at(0, "a", 2);
  EXPECT_EQ(events.at(1, "b", 2, EventType::mount), 0U);
  events.at(0, "a", 1);
  EXPECT_EQ(events.at(1, "b", 1, EventType::mount), 1U);
}

TEST(Sequence, IsInertWhenAStepIs) {
  const auto loaded =
      load(stateful("  sequence: [{condition: evt.type = execve}, {condition: evt.type = open}]\n  within: 1s\n"));
  ASSERT_NE(loaded.rules, nullptr) << errors_of(loaded);
  EXPECT_EQ(loaded.rules->rules()[0].state, RuleInfo::State::inert);
  EXPECT_EQ(loaded.rules->rules()[0].reason, "step 2: needs events hullwatch does not observe: open");
}

TEST(Sequence, RemembersNoMoreKeysThanItsBoundAndCountsWhatItForgot) {
  Stream events(stateful(kPair));
  for (uint32_t pid = 1; pid <= 1500; ++pid) events.at(1, "a", pid);
  EXPECT_EQ(events.rules().memory_stats().sequence_keys, 1024U);
  EXPECT_EQ(events.rules().memory_stats().sequence_evicted, 476U);
  for (uint32_t pid = 1; pid <= 1500; ++pid) events.at(5000, "a", pid);
  EXPECT_EQ(events.rules().memory_stats().sequence_evicted, 476U + 476U) << "what was too old does not count";
  EXPECT_EQ(events.at(5001, "b", 1, EventType::mount), 0U) << "it was among the forgotten";
  EXPECT_EQ(events.at(5001, "b", 1500, EventType::mount), 1U);
}

TEST(Sequence, CountsTheEventsOfAStepThatMadeRoomForOthers) {
  Stream events(stateful(kPair));
  for (uint64_t ms = 0; ms < 40; ms += 10) events.at(ms, "b", 1, EventType::mount);
  EXPECT_EQ(events.rules().memory_stats().sequence_evicted, 0U);
  events.at(40, "b", 1, EventType::mount);
  EXPECT_EQ(events.rules().memory_stats().sequence_evicted, 1U);
}

/// Few enough events that none is forgotten: then what fires is what a search through all of them finds.
TEST(Sequence, AgreesWithASearchThroughAllEvents) {
  const std::string yaml = stateful(
      "  sequence:\n  - condition: proc.name = a\n  - condition: proc.name in (a, b)\n  - condition: proc.name = c\n  within: "
      "50ms\n");
  std::mt19937 random(11);
  size_t fired = 0;
  for (int round = 0; round < 2000; ++round) {
    Stream events(yaml);
    std::vector<std::pair<char, int64_t>> seen;
    bool expected = false;
    for (int i = 0; i < 4 && !expected; ++i) {
      const char name[2] = {"abc"[random() % 3], 0};
      const auto at = static_cast<int64_t>(random() % 100);
      seen.emplace_back(name[0], at);
      for (size_t x = 0; x < seen.size(); ++x)
        for (size_t y = 0; y < seen.size(); ++y)
          for (size_t z = 0; z < seen.size(); ++z)
            expected = expected || (x != y && seen[x].first == 'a' && seen[y].first != 'c' && seen[z].first == 'c' &&
                                    seen[y].second >= seen[x].second - 5 && seen[z].second >= seen[y].second - 5 &&
                                    seen[z].second <= seen[x].second + 50);
      const bool got = events.at(static_cast<uint64_t>(at), name) > 0;
      std::string all;
      for (const auto& [n, t] : seen) all += std::string(1, n) + std::to_string(t) + " ";
      ASSERT_EQ(got, expected) << all;
    }
    fired += expected ? 1 : 0;
  }
  EXPECT_GT(fired, 100U);
}

}  // namespace
}  // namespace hullwatch::test
