#include "guard/canary.h"

#include <gtest/gtest.h>

namespace hullwatch {
namespace {

constexpr uint32_t kDog = 77, kAll = ~0U;

hw_header header(uint32_t kind, uint32_t pid = kDog, uint32_t creator = 1) {
  hw_header out{};
  out.kind = static_cast<uint16_t>(kind);
  out.process.tgid = pid;
  out.creator.tgid = creator;
  return out;
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
  EXPECT_TRUE(canary.judge(2, kAll, true).empty());
  canary.take(header(HW_EXEC), 3);
  const auto changes = canary.judge(3, kAll, true);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].observation, "mount");
  EXPECT_TRUE(changes[0].silent);
  canary.take(header(HW_EXEC), 4);
  EXPECT_TRUE(canary.judge(4, kAll, true).empty());
}

TEST(Canary, SeenAgainIsTold) {
  Canary canary(kDog, {"mount"});
  ASSERT_EQ(canary.judge(2, kAll, true).size(), 1U);
  canary.take(header(HW_MOUNT), 3);
  const auto changes = canary.judge(3, kAll, true);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_FALSE(changes[0].silent);
}

TEST(Canary, WhileRecordsWaitToBeReadItIsPatientButNotForEver) {
  Canary canary(kDog, {"mount"});
  EXPECT_TRUE(canary.judge(4, kAll, false).empty());
  EXPECT_EQ(canary.judge(20, kAll, false).size(), 1U);
}

TEST(Canary, WhatCannotBeDoneHereIsNotMissed) {
  Canary canary(kDog, {"mount"});
  EXPECT_TRUE(canary.judge(10, kAll & ~4U, true).empty());
}

TEST(Canary, WhatNothingObservesIsNotExpected) {
  Canary canary(kDog, {"process"});
  canary.take(header(HW_EXEC), 5);
  EXPECT_TRUE(canary.judge(5, kAll, true).empty());
}

}  // namespace
}  // namespace hullwatch
