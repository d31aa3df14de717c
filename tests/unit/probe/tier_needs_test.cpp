// What of the rule language hangs on a tier.

#include "probe/tier_needs.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "probe/providers.h"

namespace hullwatch {
namespace {

TEST(TierNeeds, OfAFieldAreTheTiersThatTellIt) {
  EXPECT_EQ(tiers_of_field("mount.resolved").at(0).text(), "T1 lsm or T2 fentry");
  EXPECT_EQ(tiers_of_field("mount.result").at(0).text(), "T2 fentry, T3 quiet or T4 dispatch");
  EXPECT_EQ(tiers_of_field("capability.granted").at(0).text(), "T2 fentry or T3 quiet");
  EXPECT_EQ(tiers_of_field("ns.changed").at(0).observation, "namespace");
  EXPECT_TRUE(tiers_of_field("proc.name").empty());
}

TEST(TierNeeds, OfAFieldOfManyEventsAreThoseOfEachObservation) {
  const auto needs = tiers_of_field("evt.res");
  ASSERT_EQ(needs.size(), 2U);
  EXPECT_EQ(needs[0].observation, "mount");
  EXPECT_EQ(needs[1].observation, "kernel_setting");
  EXPECT_EQ(needs[1].text(), "T2 fentry");
}

TEST(TierNeeds, OfAnEventAreTheTiersThatMakeIt) {
  EXPECT_EQ(tiers_of_event(EventType::setuid).text(), "T1 lsm, T2 fentry, T3 quiet or T4 dispatch");
  EXPECT_FALSE(tiers_of_event(EventType::fsopen).all);
  EXPECT_FALSE(tiers_of_event(EventType::fsopen).tiers.contains("T1 lsm"));
  EXPECT_TRUE(tiers_of_event(EventType::capable).all);
  EXPECT_EQ(tiers_of_event(EventType::runtime_request).observation, "runtime_socket");
  EXPECT_EQ(tiers_of_event(EventType::execve).text(), "always");
}

TEST(TierNeeds, AProviderBeforeTheOutcomeTellsNone) {
  for (const Provider& provider : providers()) {
    if (provider.sees_outcome) continue;
    const auto all = tiers_of_field("evt.res");
    const auto needs = std::ranges::find(all, provider.observation, &TierNeeds::observation);
    ASSERT_NE(needs, all.end()) << provider.name;
    EXPECT_FALSE(needs->tiers.contains(tier_name(provider.tier))) << provider.name;
  }
}

}  // namespace
}  // namespace hullwatch
