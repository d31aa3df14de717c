#include "detect/privilege_gain.h"

#include <gtest/gtest.h>

#include <vector>

#include "support/world.h"

namespace hullwatch {
namespace {

constexpr uint64_t kDocker = 0xa80425fb;

hw_cred user(uint32_t id) {
  hw_cred c{};
  c.uid = c.euid = c.suid = c.fsuid = c.gid = c.egid = c.sgid = c.fsgid = id;
  c.cap_bounding = kDocker;
  c.userns = 1;
  return c;
}
hw_cred root() {
  hw_cred c = user(0);
  c.cap_permitted = c.cap_effective = kDocker;
  return c;
}
hw_cred setuid_root() {
  hw_cred c = root();
  c.uid = c.gid = c.egid = c.sgid = c.fsgid = 1000;
  return c;
}
hw_credential change(const hw_cred& before, const hw_cred& after, uint32_t way, uint32_t exe_flags = 0) {
  hw_credential record{};
  record.before = before;
  record.after = after;
  record.way = way;
  record.exe_flags = exe_flags;
  return record;
}

TEST(PrivilegeGain, ASetuidFileThatMakesRootIsAnExplainedGain) {
  const auto gain = judge_credentials(change(user(1000), setuid_root(), HW_WAY_EXEC, HW_EXE_SETUID), 0);
  ASSERT_TRUE(gain);
  EXPECT_TRUE(gain->explained);
  EXPECT_TRUE(gain->to_root);
  EXPECT_EQ(gain->way, "setuid_file");
  EXPECT_NE(gain->gained_caps.find("CAP_SETUID"), std::string::npos);
}

TEST(PrivilegeGain, RootFromNothingIsUnexplained) {
  const auto gain = judge_credentials(change(user(1000), root(), HW_WAY_COMMIT), 0);
  ASSERT_TRUE(gain);
  EXPECT_FALSE(gain->explained);
}

TEST(PrivilegeGain, AnUncertainShadowNeverAlertsByItself) {
  auto record = change(user(1000), root(), HW_WAY_UNKNOWN);
  record.uncertain = 1;
  EXPECT_FALSE(judge_credentials(record, 0));
}

TEST(PrivilegeGain, DroppingIsNoGain) { EXPECT_FALSE(judge_credentials(change(root(), user(1000), HW_WAY_SETID), 0)); }

TEST(PrivilegeGain, TakingBackASavedIdIsNoGain) {
  hw_cred toggled = root();
  toggled.euid = toggled.fsuid = 1000;
  toggled.cap_effective = 0;
  EXPECT_FALSE(judge_credentials(change(toggled, root(), HW_WAY_SETID), 0));
}

TEST(PrivilegeGain, RootThatRegainsCapabilitiesByExecOnlyRegains) {
  hw_cred bare = root();
  bare.cap_permitted = bare.cap_effective = 0;
  const auto gain = judge_credentials(change(bare, root(), HW_WAY_EXEC), 0);
  ASSERT_TRUE(gain);
  EXPECT_TRUE(gain->regained);
  EXPECT_FALSE(gain->to_root);
  EXPECT_EQ(gain->way, "exec_as_root");
}

TEST(PrivilegeGain, FileCapabilitiesAreNamed) {
  hw_cred after = user(1000);
  after.cap_permitted = after.cap_effective = 1ULL << 13;
  const auto gain = judge_credentials(change(user(1000), after, HW_WAY_EXEC), 0);
  ASSERT_TRUE(gain);
  EXPECT_EQ(gain->way, "file_capabilities");
  EXPECT_EQ(gain->gained_caps, "CAP_NET_RAW");
}

TEST(PrivilegeGain, RootInsideANewUserNamespaceIsNoGain) {
  hw_cred inside = user(1000);
  inside.userns = 2;
  inside.userns_level = 1;
  inside.userns_owner = 1000;
  inside.cap_permitted = inside.cap_effective = inside.cap_bounding = ~0ULL >> 23;
  EXPECT_FALSE(judge_credentials(change(user(1000), inside, HW_WAY_USERNS), 0));
}

TEST(PrivilegeGain, AGainWithinTheContainersOwnNamespaceCounts) {
  hw_cred before = user(101000), after = user(101000);
  before.userns = after.userns = 2;
  before.userns_level = after.userns_level = 1;
  after.euid = after.suid = after.fsuid = 100000;
  after.cap_permitted = after.cap_effective = kDocker;
  const auto gain = judge_credentials(change(before, after, HW_WAY_EXEC, HW_EXE_SETUID), 1);
  EXPECT_FALSE(gain && gain->explained) << "the file is not owned by 100000 in this record";
  auto record = change(before, after, HW_WAY_EXEC, HW_EXE_SETUID);
  record.exe_uid = 100000;
  record.root_uid = 100000;
  const auto owned = judge_credentials(record, 1);
  ASSERT_TRUE(owned);
  EXPECT_TRUE(owned->explained);
  EXPECT_TRUE(owned->to_root) << "100000 is who root is in the container";
  EXPECT_EQ(owned->way, "setuid_file");
  EXPECT_FALSE(judge_credentials(record, 0)) << "nothing is gained outside it";
}

// A process of a container whose user namespace maps root to 100000.
hw_credential in_container(const hw_cred& before, const hw_cred& after, uint32_t way) {
  auto record = change(before, after, way);
  record.before.userns = record.after.userns = 2;
  record.before.userns_level = record.after.userns_level = 1;
  record.root_uid = 100000;
  return record;
}
hw_cred container_root() {
  hw_cred c = user(100000);
  c.cap_permitted = c.cap_effective = kDocker;
  return c;
}

TEST(PrivilegeGain, ARuntimeEnteringTheContainersNamespaceGainsNothing) {
  auto record = in_container(root(), container_root(), HW_WAY_SETID);
  record.before.userns = 1;
  record.before.userns_level = 0;
  EXPECT_FALSE(judge_credentials(record, 1));
}

TEST(PrivilegeGain, RootOfAContainersNamespaceDropsAndTakesBackLikeAnyRoot) {
  hw_cred dropped = container_root();
  dropped.euid = dropped.fsuid = 101000;
  dropped.cap_effective = 0;
  EXPECT_FALSE(judge_credentials(in_container(container_root(), dropped, HW_WAY_SETID), 1));
  EXPECT_FALSE(judge_credentials(in_container(dropped, container_root(), HW_WAY_SETID), 1));
}

TEST(PrivilegeGain, AnOverwriteInsideAContainersNamespaceIsUnexplainedAtAnyLevel) {
  for (const uint32_t level : {0U, 1U}) {
    const auto gain = judge_credentials(in_container(user(101000), container_root(), HW_WAY_UNKNOWN), level);
    ASSERT_TRUE(gain);
    EXPECT_FALSE(gain->explained);
    EXPECT_TRUE(gain->to_root);
  }
}

TEST(PrivilegeGain, LeavingTheContainersNamespaceUpwardsIsUnexplained) {
  auto record = in_container(container_root(), root(), HW_WAY_UNKNOWN);
  record.after.userns = 1;
  record.after.userns_level = 0;
  record.root_uid = 0;
  const auto gain = judge_credentials(record, 1);
  ASSERT_TRUE(gain);
  EXPECT_FALSE(gain->explained);
}

TEST(PrivilegeGain, ACommitFromAnUnexpectedCallIsNamedWhereItGainsByRules) {
  hw_cred saved = user(1000);
  saved.cap_permitted = 1ULL << 7;  // CAP_SETUID: root is within its reach
  hw_cred after = saved;
  after.uid = after.euid = after.suid = after.fsuid = 0;
  const auto gain = judge_credentials(change(saved, after, HW_WAY_COMMIT), 0);
  ASSERT_TRUE(gain);
  EXPECT_TRUE(gain->explained);
  EXPECT_EQ(gain->way, "unexpected_call");
  EXPECT_EQ(judge_credentials(change(saved, after, HW_WAY_UNKNOWN), 0)->way, "late");
}

TEST(PrivilegeGain, CapabilitiesAloneFromNothingAreUnexplained) {
  hw_cred after = user(1000);
  after.cap_permitted = after.cap_effective = ~0ULL >> 23;
  for (const uint32_t way : {HW_WAY_UNKNOWN, HW_WAY_COMMIT, HW_WAY_FORK}) {
    const auto gain = judge_credentials(change(user(1000), after, way), 0);
    ASSERT_TRUE(gain) << way;
    EXPECT_FALSE(gain->explained);
    EXPECT_FALSE(gain->to_root);
  }
}

TEST(PrivilegeGain, TheFindingShowsTheProcessOfTheRecord) {
  test::World world;
  const auto built = test::credential(user(1000), root()).pid(77).way(HW_WAY_COMMIT).build();
  std::vector<Event> found;
  PrivilegeGainDetector().on_event(world.take_in(built), [&](Event e) { found.push_back(std::move(e)); });
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].type, EventType::privilege_gain);
  EXPECT_EQ(found[0].header.process.tgid, 77U);
}

}  // namespace
}  // namespace hullwatch
