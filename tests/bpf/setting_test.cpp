// Writes of the kernel's settings on the running kernel, as the quiet provider sees them: what the actor did, compared with
// what was captured. The machine's settings are written with what they hold.

#include <gtest/gtest.h>
#include <linux/sched.h>
#include <unistd.h>

#include "probe/task_snapshot.h"
#include "quiet_probe.h"

namespace hullwatch::test {
namespace {

class Setting : public testing::Test {
 protected:
  // One probe for all: loading takes longer than all the tests.
  static void SetUpTestSuite() {
    if (::geteuid() != 0) return;
    probe_ = new QuietProbe;
    // The task iterator tells the kernel side which network namespace is the node's.
    ASSERT_TRUE(take_task_snapshot(probe_->object()));
  }
  static void TearDownTestSuite() {
    delete probe_;
    probe_ = nullptr;
  }
  void SetUp() override {
    if (!probe_) GTEST_SKIP() << "needs root";
  }

  static std::string name_of(const hw_setting& setting) { return {setting.name, setting.name_len}; }
  static std::string value_of(const hw_setting& setting) { return {setting.value, setting.value_len}; }

  static QuietProbe* probe_;
};
QuietProbe* Setting::probe_ = nullptr;

TEST_F(Setting, AWriteInAContainerIsItsProcesssWithNameAndValue) {
  const auto container = probe_->container();
  const auto run = probe_->run({"setting_writes", "rewrite", "kernel/core_pattern"}, container.get());
  const auto seen = run.all<hw_setting>(HW_SETTING);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(name_of(seen[0]), "kernel/core_pattern");
  EXPECT_EQ(value_of(seen[0]), run.told.at(0)["value"].get<std::string>() + "\n");
  EXPECT_EQ(seen[0].length, run.told[0]["length"]);
  EXPECT_EQ(seen[0].source, static_cast<uint32_t>(HW_SETTING_SYSCTL));
  EXPECT_EQ(seen[0].h.home, container->id());
  EXPECT_EQ(seen[0].h.process.tgid, run.told[0]["pid"]);
  EXPECT_EQ(seen[0].h.process.execs, 1U);
  EXPECT_NE(seen[0].h.exe_ino, 0U);
  EXPECT_EQ(seen[0].h.flags & (HW_F_ATTEMPT | HW_F_USER_STRINGS | HW_F_HOME_INFERRED), HW_F_ATTEMPT);
  EXPECT_EQ(seen[0].ancestors[0].key.tgid, static_cast<uint32_t>(::getpid()));
  EXPECT_EQ(seen[0].own_namespaces, 0U);
}

TEST_F(Setting, ReadingIsNoRecordAndTheWriteItselfIsPermitted) {
  EXPECT_TRUE(probe_->run({"setting_writes", "read", "kernel/core_pattern"}).all<hw_setting>(HW_SETTING).empty());
  const auto run = probe_->run({"setting_writes", "name", "another"});
  EXPECT_EQ(run.told.at(0)["result"], 7);
}

TEST_F(Setting, NamespacesOfTheWritersOwnAreTold) {
  const auto net = probe_->run({"setting_writes", "network", "61"}).all<hw_setting>(HW_SETTING);
  ASSERT_EQ(net.size(), 1U);
  EXPECT_EQ(name_of(net[0]), "net/ipv4/ip_default_ttl");
  EXPECT_EQ(net[0].own_namespaces, static_cast<uint64_t>(CLONE_NEWNET));
  const auto uts = probe_->run({"setting_writes", "name", "another"}).all<hw_setting>(HW_SETTING);
  ASSERT_EQ(uts.size(), 1U);
  EXPECT_EQ(uts[0].own_namespaces, static_cast<uint64_t>(CLONE_NEWUTS));
}

TEST_F(Setting, AValueLongerThanTheRecordIsCutAndOneInPiecesIsWhole) {
  const auto run = probe_->run({"setting_writes", "long", "300"}).all<hw_setting>(HW_SETTING);
  ASSERT_EQ(run.size(), 1U);
  EXPECT_EQ(run[0].setting_flags, static_cast<uint32_t>(HW_SETTING_CUT));
  EXPECT_EQ(value_of(run[0]), std::string(HW_SETTING_VALUE - 1, 'y'));
  const auto pieces = probe_->run({"setting_writes", "pieces", "ab", "cd"}).all<hw_setting>(HW_SETTING);
  ASSERT_EQ(pieces.size(), 1U);
  EXPECT_EQ(value_of(pieces[0]), "abcd");
}

TEST_F(Setting, AFloodOfOthersDoesNotHideOneThatRunsPrograms) {
  const auto container = probe_->container();
  const auto run = probe_->run({"setting_writes", "flood", "2000", "kernel/core_pattern"}, container.get());
  const auto seen = run.all<hw_setting>(HW_SETTING);
  ASSERT_LT(seen.size(), 1000U);
  EXPECT_EQ(name_of(seen.back()), "kernel/core_pattern");
  EXPECT_EQ(seen.size() + probe_->suppressed(container->id(), HW_SETTING), 2001U);
  EXPECT_FALSE(run.all<hw_flood>(HW_FLOOD).empty());
}

TEST_F(Setting, AReleaseAgentIsSeenByTheCapabilityItAsksFor) {
  const auto container = probe_->container();
  for (const std::string how : {"agent", "agent_spliced"}) {
    const auto run = probe_->run({"setting_writes", how, "/bin/agent"}, container.get());
    if (run.told.at(0).contains("cannot")) GTEST_SKIP() << run.told[0]["cannot"];
    const auto seen = run.all<hw_setting>(HW_SETTING);
    ASSERT_EQ(seen.size(), 1U) << how;
    EXPECT_EQ(name_of(seen[0]), "release_agent");
    EXPECT_EQ(seen[0].source, static_cast<uint32_t>(HW_SETTING_RELEASE_AGENT));
    EXPECT_EQ(seen[0].cgroup, 1U) << "the hierarchy's root";
    EXPECT_EQ(seen[0].h.home, container->id());
    EXPECT_EQ((seen[0].setting_flags & HW_SETTING_UNREAD) != 0, how == "agent_spliced");
    EXPECT_EQ(value_of(seen[0]), how == "agent" ? "/bin/agent" : "");
  }
}

}  // namespace
}  // namespace hullwatch::test
