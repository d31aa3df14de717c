#include "guard/canary.h"

#include <gtest/gtest.h>

#include <vector>

namespace hullwatch {
namespace {

constexpr uint32_t kDog = 77, kAll = ~0U;
constexpr uint64_t kMs = 1'000'000;

hw_header header(uint32_t kind, uint32_t pid = kDog, uint32_t creator = 1) {
  hw_header out{};
  out.kind = static_cast<uint16_t>(kind);
  out.process.tgid = pid;
  out.creator.tgid = creator;
  return out;
}

/// Judged as soon as the act is done, and once its records should be here.
std::vector<Canary::Change> judge(Canary& canary, uint64_t acts_done, uint32_t could, bool rings_empty) {
  std::vector<Canary::Change> changes = canary.judge(acts_done, could, rings_empty, acts_done * 1500 * kMs);
  const auto later = canary.judge(acts_done, could, rings_empty, (acts_done * 1500 + 100) * kMs);
  changes.insert(changes.end(), later.begin(), later.end());
  return changes;
}

TEST(Canary, ItsOwnAndItsChildrensRecordsAreTakenAndNoOthers) {
  Canary canary(kDog, {"process", "mount"});
  EXPECT_TRUE(canary.take(header(HW_MOUNT), 1));
  EXPECT_TRUE(canary.take(header(HW_EXEC, 100, kDog), 1));
  EXPECT_FALSE(canary.take(header(HW_EXEC, 100, 1), 1));
}

TEST(Canary, MoreThanAnActMakesIsSomebodyElses) {
  Canary canary(kDog, {"mount"});
  int taken = 0;
  for (int i = 0; i < 1000; ++i) taken += canary.take(header(HW_MOUNT), 1) ? 1 : 0;
  EXPECT_LT(taken, 100);
  EXPECT_TRUE(canary.take(header(HW_MOUNT), 2)) << "the next act has records of its own";
}

TEST(Canary, TwoActsUnseenAreSilenceToldOnce) {
  Canary canary(kDog, {"process", "mount"});
  canary.take(header(HW_MOUNT), 1);
  canary.take(header(HW_EXEC), 1);
  canary.take(header(HW_EXEC), 2);
  EXPECT_TRUE(judge(canary, 2, kAll, true).empty());
  canary.take(header(HW_EXEC), 3);
  const auto changes = judge(canary, 3, kAll, true);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].observation, "mount");
  EXPECT_TRUE(changes[0].silent);
  canary.take(header(HW_EXEC), 4);
  EXPECT_TRUE(judge(canary, 4, kAll, true).empty());
}

TEST(Canary, AnActIsJudgedOnceItsRecordsHadTimeToCome) {
  Canary canary(kDog, {"mount"});
  EXPECT_TRUE(canary.judge(2, kAll, true, 5000 * kMs).empty());
  EXPECT_TRUE(canary.judge(2, kAll, true, 5010 * kMs).empty());
  EXPECT_EQ(canary.judge(2, kAll, true, 5100 * kMs).size(), 1U);
}

TEST(Canary, AnActThatWasNotSeenIsFollowedByAnotherAtOnce) {
  Canary canary(kDog, {"process", "mount"});
  canary.take(header(HW_MOUNT), 1);
  canary.take(header(HW_EXEC), 1);
  canary.judge(1, kAll, true, 1500 * kMs);
  EXPECT_FALSE(canary.doubts());
  canary.take(header(HW_EXEC), 2);
  canary.judge(2, kAll, true, 3000 * kMs);
  EXPECT_TRUE(canary.doubts());
  EXPECT_FALSE(canary.wants_another()) << "its record may be on the way";
  canary.judge(2, kAll, true, 3100 * kMs);
  EXPECT_TRUE(canary.wants_another());
  EXPECT_FALSE(canary.wants_another()) << "once for each act";
  canary.take(header(HW_EXEC), 3);
  EXPECT_TRUE(canary.judge(3, kAll, true, 3101 * kMs).empty());
  EXPECT_EQ(canary.judge(3, kAll, true, 3200 * kMs).size(), 1U);
  EXPECT_FALSE(canary.doubts()) << "it was told";
}

TEST(Canary, WhatIsSeenLateOrWaitsToBeReadIsNoDoubt) {
  Canary canary(kDog, {"mount"});
  canary.judge(1, kAll, true, 1500 * kMs);
  EXPECT_TRUE(canary.doubts());
  canary.take(header(HW_MOUNT), 1);
  canary.judge(1, kAll, true, 1600 * kMs);
  EXPECT_FALSE(canary.doubts());
  EXPECT_FALSE(canary.wants_another());
  canary.judge(2, kAll, false, 3200 * kMs);
  EXPECT_FALSE(canary.doubts());
}

TEST(Canary, SeenAgainIsTold) {
  Canary canary(kDog, {"mount"});
  ASSERT_EQ(judge(canary, 2, kAll, true).size(), 1U);
  canary.take(header(HW_MOUNT), 3);
  const auto changes = judge(canary, 3, kAll, true);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_FALSE(changes[0].silent);
}

TEST(Canary, WhileRecordsWaitToBeReadItIsPatientButNotForEver) {
  Canary canary(kDog, {"mount"});
  EXPECT_TRUE(judge(canary, 3, kAll, false).empty());
  EXPECT_EQ(judge(canary, 20, kAll, false).size(), 1U);
}

TEST(Canary, WhatCannotBeDoneHereIsNotMissed) {
  Canary canary(kDog, {"mount"});
  EXPECT_TRUE(judge(canary, 10, kAll & ~4U, true).empty());
}

TEST(Canary, WhatNothingObservesIsNotExpected) {
  Canary canary(kDog, {"process"});
  canary.take(header(HW_EXEC), 5);
  EXPECT_TRUE(judge(canary, 5, kAll, true).empty());
}

}  // namespace
}  // namespace hullwatch
