// Suppression: which alerts are alike, what goes out at once and what in the closing count.

#include <gtest/gtest.h>

#include "unit/rules/event_stream.h"

namespace hullwatch::test {
namespace {

TEST(Suppress, AlertsOfARuleAreAlikeByTheRuleAndItsFields) {
  Stream events(stateful("  condition: evt.type = execve\n  suppress: {for: 10s, by: proc.name}\n"));
  events.at(0, "sh");
  const SuppressKey one = events.last().suppress;
  events.at(1, "sh");
  EXPECT_EQ(events.last().suppress.text, one.text);
  EXPECT_EQ(events.last().suppress.for_ns, 10'000 * kMs);
  events.at(2, "bash");
  EXPECT_NE(events.last().suppress.text, one.text);
}

/// Offers alerts of one key and tells what becomes of them.
struct Offers {
  Suppressor suppressor;
  std::vector<std::shared_ptr<Alert>> closed;
  bool out(uint64_t second, const std::string& key = "k") {
    const SuppressKey alike{10'000 * kMs, key};
    const bool held = suppressor.holds_back(alike, second * 1000 * kMs, [this](auto alert) { closed.push_back(alert); });
    auto alert = std::make_shared<Alert>();
    alert->output = "at " + std::to_string(second);
    if (held) suppressor.held(alike, alert);
    return !held;
  }
  void tick(uint64_t second) {
    suppressor.expire(second * 1000 * kMs, [this](auto alert) { closed.push_back(alert); });
  }
};

TEST(Suppress, TheFirstGoesOutAndTheOthersAreInTheCloseOfTheirTime) {
  Offers offers;
  EXPECT_TRUE(offers.out(0));
  EXPECT_FALSE(offers.out(1));
  EXPECT_FALSE(offers.out(9));
  EXPECT_TRUE(offers.out(9, "another"));
  offers.tick(9);
  EXPECT_TRUE(offers.closed.empty());
  offers.tick(10);
  ASSERT_EQ(offers.closed.size(), 1U);
  EXPECT_EQ(offers.closed[0]->repeated, 2U);
  EXPECT_EQ(offers.closed[0]->output, "at 9 [2 alerts like this held back within 10s]");
  EXPECT_TRUE(offers.out(11));
}

TEST(Suppress, TheNextAlertClosesWhatNoTickClosed) {
  Offers offers;
  offers.out(0);
  offers.out(1);
  EXPECT_TRUE(offers.out(30));
  EXPECT_EQ(offers.closed.size(), 1U);
}

TEST(Suppress, WithoutRepetitionNothingIsClosed) {
  Offers offers;
  offers.out(0);
  offers.tick(100);
  EXPECT_TRUE(offers.closed.empty());
  EXPECT_EQ(offers.suppressor.keys(), 0U);
}

TEST(Suppress, WhatHasNoRoomIsClosedAtOnce) {
  Offers offers;
  offers.out(0, "first");
  offers.out(0, "first");
  for (size_t i = 1; i < Suppressor::kMaxKeys; ++i) offers.out(1, std::to_string(i));
  EXPECT_TRUE(offers.closed.empty());
  offers.out(1, "one more");
  EXPECT_EQ(offers.closed.size(), 1U);
  EXPECT_EQ(offers.suppressor.evicted(), 1U);
}

}  // namespace
}  // namespace hullwatch::test
