// What of the rule language hangs on a tier.

#include "probe/tier_needs.h"

#include <gtest/gtest.h>

#include "probe/providers.h"

namespace hullwatch {
namespace {

TEST(TierNeeds, OfAFieldAreTheTiersThatTellIt) {
  EXPECT_EQ(tiers_of_field("mount.resolved").text(), "T1 lsm or T2 fentry");
  EXPECT_EQ(tiers_of_field("mount.result").text(), "T2 fentry, T3 quiet or T4 dispatch");
  EXPECT_EQ(tiers_of_field("capability.granted").text(), "T2 fentry or T3 quiet");
  EXPECT_EQ(tiers_of_field("ns.changed").observation, "namespace");
  EXPECT_TRUE(tiers_of_field("proc.name").all);
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
    EXPECT_FALSE(tiers_of_field("evt.res").all);
    EXPECT_FALSE(tiers_of_field("evt.res").tiers.contains(tier_name(provider.tier))) << provider.name;
  }
}

}  // namespace
}  // namespace hullwatch
