// Writes of the kernel's settings, as whichever provider the ladder chose sees them. Runs in a guest, on every kernel and tier
// of the matrix.

#include <gtest/gtest.h>
#include <linux/sched.h>

#include "vm/tier.h"

namespace hullwatch::test {
namespace {

using nlohmann::json;

std::string name_of(const hw_setting& setting) { return {setting.name, setting.name_len}; }
std::string value_of(const hw_setting& setting) { return {setting.value, setting.value_len}; }

// The outcome where the provider promises it, else that it is an attempt.
void expect_outcome(const hw_setting& seen, const json& told) {
  if (seen.h.provider == HW_BY_FENTRY) {
    EXPECT_EQ(seen.result, told["result"]);
    EXPECT_EQ(seen.h.flags & HW_F_ATTEMPT, 0U);
  } else {
    EXPECT_NE(seen.h.flags & HW_F_ATTEMPT, 0U);
  }
}

TEST_F(Tier, AWriteBelowProcSysIsSeenWithNameValueAndOutcome) {
  SKIP_UNLESS("kernel_setting", HW_BY_FENTRY, HW_BY_QUIET);
  const auto run = SensorTest::run({"setting_writes", "rewrite", "kernel/core_pattern"});
  const auto seen = run.all<hw_setting>(HW_SETTING);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(name_of(seen[0]), "kernel/core_pattern");
  EXPECT_EQ(value_of(seen[0]), run.told.at(0)["value"].get<std::string>() + "\n");
  EXPECT_EQ(seen[0].length, run.told[0]["length"]);
  EXPECT_EQ(seen[0].position, 0U);
  EXPECT_EQ(seen[0].setting_flags, 0U);
  expect_outcome(seen[0], run.told[0]);
}

TEST_F(Tier, ReadingASettingIsNoRecord) {
  EXPECT_TRUE(SensorTest::run({"setting_writes", "read", "kernel/core_pattern"}).all<hw_setting>(HW_SETTING).empty());
}

TEST_F(Tier, ARefusedValueIsSeenDeepBelowProcSys) {
  SKIP_UNLESS("kernel_setting", HW_BY_FENTRY, HW_BY_QUIET);
  const auto run = SensorTest::run({"setting_writes", "network", "many"});
  const auto seen = run.all<hw_setting>(HW_SETTING);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(run.told.at(0)["result"], -EINVAL);
  EXPECT_EQ(name_of(seen[0]), "net/ipv4/ip_default_ttl");
  EXPECT_EQ(value_of(seen[0]), "many");
  expect_outcome(seen[0], run.told[0]);
}

TEST_F(Tier, ALongValueIsCutAndTheWritersOwnNamespaceTold) {
  SKIP_UNLESS("kernel_setting", HW_BY_FENTRY, HW_BY_QUIET);
  const auto run = SensorTest::run({"setting_writes", "long", "300"});
  const auto seen = run.all<hw_setting>(HW_SETTING);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].setting_flags, static_cast<uint32_t>(HW_SETTING_CUT));
  EXPECT_TRUE(value_of(seen[0]).starts_with(std::string(HW_SETTING_VALUE - 1, 'y')));
  EXPECT_EQ(seen[0].own_namespaces, static_cast<uint64_t>(CLONE_NEWUTS));
  expect_outcome(seen[0], run.told.at(0));
}

// By writev: from the caller's memory, which T2 has to look at, only the last piece is still known.
TEST_F(Tier, AValueInPiecesIsWholeOrSaidToBeCut) {
  SKIP_UNLESS("kernel_setting", HW_BY_FENTRY, HW_BY_QUIET);
  const auto run = SensorTest::run({"setting_writes", "pieces", "ab", "cd"});
  const auto seen = run.all<hw_setting>(HW_SETTING);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].length, 4U);
  EXPECT_EQ(value_of(seen[0]), seen[0].setting_flags == HW_SETTING_CUT ? "cd" : "abcd");
  expect_outcome(seen[0], run.told.at(0));
}

TEST_F(Tier, AWriteOfAReleaseAgentIsSeen) {
  SKIP_UNLESS("kernel_setting", HW_BY_FENTRY, HW_BY_QUIET);
  for (const std::string how : {"agent", "agent_spliced"}) {
    const auto run = SensorTest::run({"setting_writes", how, "/bin/agent"});
    if (run.told.at(0).contains("cannot")) GTEST_SKIP() << run.told[0]["cannot"];
    const auto seen = run.all<hw_setting>(HW_SETTING);
    ASSERT_EQ(seen.size(), 1U) << how;
    EXPECT_EQ(name_of(seen[0]), "release_agent");
    EXPECT_EQ(seen[0].source, static_cast<uint32_t>(HW_SETTING_RELEASE_AGENT));
    EXPECT_EQ(seen[0].cgroup, 1U) << "the hierarchy's root";
    EXPECT_EQ(value_of(seen[0]), (seen[0].setting_flags & HW_SETTING_UNREAD) != 0 ? "" : "/bin/agent");
    EXPECT_TRUE(how == "agent" || seen[0].h.provider == HW_BY_FENTRY || (seen[0].setting_flags & HW_SETTING_UNREAD) != 0);
    expect_outcome(seen[0], run.told[0]);
  }
}

}  // namespace
}  // namespace hullwatch::test
