#include "util/thread_priority.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>

#include <ctime>
#include <functional>
#include <thread>

namespace hullwatch {
namespace {

constexpr uint64_t kMs = 1'000'000;

/// On a thread of its own: priorities end with it.
void on_a_thread(const std::function<void()>& act) { std::thread(act).join(); }

int scheduler() { return sched_getscheduler(0) & ~SCHED_RESET_ON_FORK; }

uint64_t used_ns() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<uint64_t>(used.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(used.tv_nsec);
}

void burn(uint64_t ns) {
  for (const uint64_t begin = used_ns(); used_ns() - begin < ns;) {
  }
}

TEST(ThreadPriority, WhatItSaysWasGrantedHoldsAndWhatNotHasItsReason) {
  on_a_thread([] {
    const GrantedPriority granted = take_priority({.realtime = true, .nice = 5});
    EXPECT_EQ(granted.realtime, scheduler() == SCHED_RR);
    EXPECT_EQ(granted.realtime, granted.refused.empty());
    EXPECT_EQ(granted.nice, 5);
    EXPECT_EQ(getpriority(PRIO_PROCESS, 0), 5);
  });
}

TEST(ThreadPriority, IsNotInherited) {
  on_a_thread([] {
    take_priority({.realtime = true, .nice = 0});
    on_a_thread([] { EXPECT_EQ(scheduler(), SCHED_OTHER); });
  });
}

TEST(RealtimeGovernor, AThreadThatKeepsAProcessorBusyLosesItsPriorityUntilItIsIdle) {
  on_a_thread([] {
    const bool granted = take_priority({.realtime = true, .nice = 0}).realtime;
    RealtimeGovernor governor(granted);
    governor.tick(1000 * kMs);
    EXPECT_EQ(scheduler(), granted ? SCHED_RR : SCHED_OTHER);
    burn(20 * kMs);
    governor.tick(1020 * kMs);
    EXPECT_EQ(scheduler(), SCHED_OTHER);
    governor.tick(1120 * kMs);
    EXPECT_EQ(scheduler(), granted ? SCHED_RR : SCHED_OTHER);
    EXPECT_EQ(governor.yields(), granted ? 1U : 0U);
  });
}

}  // namespace
}  // namespace hullwatch
