#include "detect/fork_bomb.h"

#include <gtest/gtest.h>

#include <vector>

#include "support/world.h"

namespace hullwatch {
namespace {

constexpr uint64_t kMs = 1'000'000;
constexpr uint64_t kHome = 42;

/// A home whose counts move, looked at every 100 ms.
class Storm : public ::testing::Test {
 protected:
  void advance(uint64_t forks, uint64_t exits, uint64_t failed = 0) {
    now_ += 100 * kMs;
    home_.counts.forks += forks;
    home_.counts.exits += exits;
    home_.counts.live += static_cast<int64_t>(forks) - static_cast<int64_t>(exits);
    home_.failed_forks += failed;
    detector_.sample(now_, {&home_, 1});
    detector_.on_tick(now_, [this](Event e) { found_.push_back(std::move(e)); });
  }
  [[nodiscard]] const ForkBombFinding& finding(size_t i) const { return *found_.at(i).get<ForkBombFinding>(); }

  ForkBombDetector detector_{ForkBombConfig{}};
  HomeSample home_{.home = kHome, .counts = {}, .pids_max = 1000, .failed_forks = 0};
  uint64_t now_ = 1000 * kMs;
  std::vector<Event> found_;
};

TEST_F(Storm, GrowthIsABomb) {
  advance(0, 0);
  for (int i = 0; i < 6; ++i) advance(120, 2);
  ASSERT_EQ(found_.size(), 1U);
  EXPECT_EQ(found_[0].type, EventType::fork_bomb);
  EXPECT_EQ(found_[0].header.home, kHome);
  EXPECT_EQ(finding(0).reason, "growth");
  EXPECT_GE(finding(0).live, 200);
}

TEST_F(Storm, AParallelBuildForksFastButItsChildrenExit) {
  advance(8, 0);
  for (int i = 0; i < 100; ++i) advance(300, 299);
  EXPECT_TRUE(found_.empty());
}

TEST_F(Storm, AProgramThatStartsManyThreadsOnceIsNoBomb) {
  advance(0, 0);
  advance(300, 0);
  for (int i = 0; i < 20; ++i) advance(1, 1);
  EXPECT_TRUE(found_.empty());
}

TEST_F(Storm, RefusedForksAreABomb) {
  advance(0, 0);
  advance(5, 5, 30);
  ASSERT_EQ(found_.size(), 1U);
  EXPECT_EQ(finding(0).reason, "failed_forks");
}

TEST_F(Storm, ForkingNextToTheLimitIsABomb) {
  home_.counts.live = 900;
  advance(0, 0);
  advance(60, 50);
  ASSERT_EQ(found_.size(), 1U);
  EXPECT_EQ(finding(0).reason, "near_limit");
}

TEST_F(Storm, OneFindingWhileItBurnsAndOneWithTotalsAfter) {
  home_.pids_max = 4000;
  advance(0, 0);
  for (int i = 0; i < 50; ++i) advance(100, 40, 5);
  EXPECT_EQ(found_.size(), 1U);
  EXPECT_TRUE(detector_.burning());
  for (int i = 0; i < 60; ++i) advance(0, 10);
  ASSERT_EQ(found_.size(), 2U);
  EXPECT_TRUE(finding(1).over);
  EXPECT_EQ(finding(1).forks, 5000U);
  EXPECT_EQ(finding(1).failed_forks, 250U);
  EXPECT_FALSE(detector_.burning());
}

TEST_F(Storm, AFullBombThatStandsStillIsToldAsOverLaterAndNamedOnce) {
  advance(0, 0);
  for (int i = 0; i < 10; ++i) advance(100, 0, 1);
  for (int i = 0; i < 299; ++i) advance(0, 0);
  advance(0, 0, 30);
  EXPECT_EQ(found_.size(), 1U);
  for (int i = 0; i < 299; ++i) advance(0, 0);
  EXPECT_EQ(found_.size(), 1U);
  for (int i = 0; i < 11; ++i) advance(0, 0);
  ASSERT_EQ(found_.size(), 2U);
  EXPECT_TRUE(finding(1).over);
  EXPECT_EQ(finding(1).live, 1000);
}

TEST_F(Storm, ABombThatGrewBeforeTheFirstLookIsCountedFromItsBeginning) {
  home_.pids_max = 300;
  advance(299, 0, 40);
  advance(0, 0, 40);
  ASSERT_EQ(found_.size(), 1U);
  EXPECT_EQ(finding(0).forks, 299U);
  EXPECT_EQ(finding(0).live, 299);
}

TEST_F(Storm, ThatBeganAtTheEndOfTheWindowBeforeIsCountedWhole) {
  for (int i = 0; i < 10; ++i) advance(0, 0);
  advance(150, 0);  // the window ends here
  for (int i = 0; i < 3; ++i) advance(200, 0);
  ASSERT_EQ(found_.size(), 1U);
  EXPECT_EQ(finding(0).forks, 750U);
}

TEST_F(Storm, ThatBeganRightAfterItsContainerDidIsCountedWhole) {
  advance(1, 0);
  advance(6, 0);
  advance(0, 6);
  for (int i = 0; i < 7; ++i) advance(0, 0);
  advance(2, 0);  // the window ends here
  advance(0, 0);
  for (int i = 0; i < 3; ++i) advance(200, 0);
  ASSERT_EQ(found_.size(), 1U);
  EXPECT_EQ(finding(0).forks, 602U);
}

TEST_F(Storm, WhatCameAndWentBeforeItIsNotItsOwn) {
  for (int i = 0; i < 11; ++i) advance(40, 38);
  for (int i = 0; i < 3; ++i) advance(200, 0);
  ASSERT_EQ(found_.size(), 1U);
  EXPECT_EQ(finding(0).forks, 600U);
}

TEST_F(Storm, AContainerThatEndsClosesItsBomb) {
  advance(0, 0);
  for (int i = 0; i < 6; ++i) advance(120, 2);
  home_.counts.forks += 7;
  detector_.forget(home_, now_, [this](Event e) { found_.push_back(std::move(e)); });
  ASSERT_EQ(found_.size(), 2U);
  EXPECT_TRUE(finding(1).over);
  EXPECT_EQ(finding(1).forks, 6U * 120 + 7);
  EXPECT_FALSE(detector_.burning());
}

TEST_F(Storm, TheKernelsBurstRecordIsASignHoweverLongTheNodeWasIdle) {
  test::World world;
  Container& web = world.container("web");
  home_.home = web.cgroup_id;
  advance(0, 0);
  const auto burst = test::burst().pid(19).in(web).build();
  now_ += 900 * kMs;
  detector_.on_event(world.take_in(burst), [](Event) {});
  EXPECT_TRUE(detector_.urgent());
  advance(500, 0);
  ASSERT_EQ(found_.size(), 1U);
  EXPECT_EQ(finding(0).reason, "growth");
  EXPECT_FALSE(detector_.urgent());
}

TEST_F(Storm, TheRootOfTheStormIsShown) {
  test::World world;
  Container& web = world.container("web");
  home_.home = web.cgroup_id;
  world.process(test::exec("/usr/bin/init").pid(10).in(web));
  world.process(test::exec("/bin/sh").pid(11).child_of(10).in(web));
  for (uint32_t pid = 12; pid < 20; ++pid) world.take(test::forks(pid).by_pid(pid - 1).in(web).build());
  const auto burst = test::burst().pid(19).in(web).build();
  advance(0, 0);
  detector_.on_event(world.take_in(burst), [](Event) {});
  for (int i = 0; i < 6; ++i) advance(120, 2);
  ASSERT_EQ(found_.size(), 1U);
  EXPECT_EQ(found_[0].header.process.tgid, 11U);
}

TEST_F(Storm, TheRootIsShownOfABombTooSmallForABurstRecord) {
  test::World world;
  Container& web = world.container("web");
  home_.home = web.cgroup_id;
  world.process(test::exec("/usr/bin/init").pid(10).in(web));
  world.process(test::exec("/bin/sh").pid(11).child_of(10).in(web));
  for (uint32_t pid = 12; pid < 20; ++pid)
    detector_.on_event(world.take_in(test::forks(pid).by_pid(pid - 1).in(web).build()), [](Event) {});
  advance(0, 0);
  advance(5, 0, 30);
  for (int i = 0; i < 60; ++i) advance(0, 0);
  ASSERT_EQ(found_.size(), 2U);
  EXPECT_EQ(found_[0].header.process.tgid, 11U);
  EXPECT_EQ(found_[1].header.process.tgid, 11U);
}

}  // namespace
}  // namespace hullwatch
