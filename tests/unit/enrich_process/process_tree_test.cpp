#include "enrich/process_tree.h"

#include <gtest/gtest.h>

#include "support/event_builder.h"

namespace hullwatch {
namespace {

using namespace test;

constexpr uint64_t kGrace = 5'000'000'000ULL;

class ProcessTreeTest : public testing::Test {
 protected:
  template <typename Builder>
  void take(Builder builder) {
    tree_.update(builder.build());
  }
  const Process* find(uint32_t pid) { return tree_.find(key_of(pid)); }

  ProcessTree tree_{8, kGrace};
};

TEST_F(ProcessTreeTest, ExecTellsTheProgram) {
  take(exec("/bin/sh").pid(10).args({"sh", "-c", "id"}).cwd("/tmp").tty(0x8800));
  const Process* sh = find(10);
  ASSERT_NE(sh, nullptr);
  EXPECT_EQ(sh->exe_path, "/bin/sh");
  EXPECT_EQ(sh->cmdline(), "sh -c id");
  EXPECT_EQ(sh->cwd, "/tmp");
  EXPECT_EQ(sh->tty, 0x8800U);
  EXPECT_TRUE(sh->cred_known);
}

TEST_F(ProcessTreeTest, AForkedChildSharesItsParentsStrings) {
  take(exec("/usr/sbin/nginx").pid(10).args({"nginx", "-g", "daemon off;"}));
  take(forks(11).by_pid(10));
  ASSERT_NE(find(11), nullptr);
  EXPECT_TRUE(find(11)->args.shares_with(find(10)->args));
  EXPECT_TRUE(find(11)->exe_path.shares_with(find(10)->exe_path));
  EXPECT_EQ(find(11)->creator.tgid, 10U);
  EXPECT_EQ(find(11)->exec_ns, 0U);
}

TEST_F(ProcessTreeTest, AnExecReplacesWhatWasInherited) {
  take(exec("/bin/sh").pid(10));
  take(forks(11).by_pid(10));
  take(exec("/usr/bin/id").pid(11, 2).child_of(10));
  EXPECT_EQ(find(11)->exe_path, "/usr/bin/id");
  EXPECT_EQ(find(11)->key.execs, 2U);
  EXPECT_EQ(find(10)->exe_path, "/bin/sh");
  EXPECT_EQ(tree_.size(), 2U);
}

TEST_F(ProcessTreeTest, OnlyVariablesTheProgramBeforeItHadNotAreAdded) {
  take(exec("/bin/sh").pid(10).env_flags(HW_ENV_LD_PRELOAD));
  EXPECT_EQ(find(10)->env_added, 0U) << "nothing is known of the program before it";
  take(forks(11).by_pid(10));
  take(exec("/bin/x").pid(11, 1).env_flags(HW_ENV_LD_PRELOAD | HW_ENV_LD_AUDIT));
  EXPECT_EQ(find(11)->env_added, uint32_t{HW_ENV_LD_AUDIT});
}

TEST_F(ProcessTreeTest, WhatTheRuntimeGaveAContainersFirstProgramIsNotAdded) {
  take(exec("/usr/bin/runc").pid(10).env_flags(0));
  take(forks(11).by_pid(10));
  Container web;
  web.cgroup_id = 7;
  take(exec("/bin/app").pid(11, 1).in(web).env_flags(HW_ENV_LD_PRELOAD));
  EXPECT_EQ(find(11)->env_added, 0U);
}

TEST_F(ProcessTreeTest, AThreadIsNoProcess) {
  take(exec("/bin/sh").pid(10));
  take(forks(10).by_pid(10));
  EXPECT_EQ(tree_.size(), 1U);
}

TEST_F(ProcessTreeTest, LineageFollowsTheCreatorNotCloneParent) {
  take(exec("/bin/sh").pid(10));
  take(exec("/bin/evil").pid(11).child_of(10));
  take(forks(12).by_pid(11).child_parent(10));
  EXPECT_EQ(find(12)->parent.tgid, 10U);
  ASSERT_NE(tree_.parent(*find(12)), nullptr);
  EXPECT_EQ(tree_.parent(*find(12))->key.tgid, 11U);
}

TEST_F(ProcessTreeTest, LineageFallsBackToTheRealParent) {
  take(exec("/sbin/init").pid(1));
  take(exec("/bin/x").pid(12).child_of(999).with([](hw_exec& e) { e.parent = key_of(1); }));
  EXPECT_EQ(tree_.parent(*find(12))->key.tgid, 1U);
}

TEST_F(ProcessTreeTest, TheTopHasNoParent) {
  take(exec("/sbin/init").pid(1));
  EXPECT_EQ(tree_.parent(*find(1)), nullptr);
}

TEST_F(ProcessTreeTest, LineageSurvivesTheParentsExitForTheGracePeriod) {
  take(exec("/bin/sh").pid(10));
  take(forks(11).by_pid(10));
  take(exits(10).at(1000));
  EXPECT_EQ(tree_.parent(*find(11))->exe_path, "/bin/sh");
  tree_.expire(1000 + kGrace - 1);
  EXPECT_NE(find(10), nullptr);
  tree_.expire(1000 + kGrace);
  EXPECT_EQ(find(10), nullptr);
  EXPECT_NE(find(11), nullptr);
}

TEST_F(ProcessTreeTest, AReusedPidIsAnotherProcess) {
  const hw_key first{100, 10, 1};
  const hw_key second{200, 10, 1};
  take(exec("/bin/old").process(first));
  take(exits(10).process(first));
  take(exec("/bin/new").process(second));
  EXPECT_EQ(tree_.find(first)->exe_path, "/bin/old");
  EXPECT_EQ(tree_.find(second)->exe_path, "/bin/new");
}

TEST_F(ProcessTreeTest, TheExecCountDoesNotHideAProcess) {
  take(exec("/bin/sh").pid(10, 5));
  EXPECT_EQ(tree_.find(key_of(10, 9)), find(10));
}

TEST_F(ProcessTreeTest, AtCapacityTheOldestExitedGoFirst) {
  for (uint32_t pid = 1; pid <= 8; ++pid) take(exec("/bin/x").pid(pid));
  take(exits(5).at(10));
  take(exits(3).at(20));
  take(exec("/bin/x").pid(9));
  EXPECT_EQ(find(5), nullptr);
  EXPECT_NE(find(3), nullptr);
  EXPECT_EQ(tree_.stats().evicted_exited, 1U);
  EXPECT_EQ(tree_.stats().evicted_live, 0U);
}

TEST_F(ProcessTreeTest, ThenTheLeastRecentlyUsed) {
  for (uint32_t pid = 1; pid <= 8; ++pid) take(exec("/bin/x").pid(pid));
  take(credential(root(), user(7)).pid(1));  // 1 is in use again, so 2 is the oldest
  take(exec("/bin/x").pid(9));
  EXPECT_NE(find(1), nullptr);
  EXPECT_EQ(find(2), nullptr);
  EXPECT_EQ(tree_.stats().evicted_live, 1U);
}

TEST_F(ProcessTreeTest, AForkStormStaysWithinCapacity) {
  take(exec("/bin/sh").pid(1));
  for (uint32_t pid = 2; pid < 5000; ++pid) take(forks(pid).by_pid(pid - 1));
  EXPECT_EQ(tree_.size(), 8U);
  EXPECT_EQ(tree_.stats().evicted_live, 4999U - 8U);
}

TEST_F(ProcessTreeTest, CredentialsAreTakenUp) {
  take(exec("/bin/su").pid(10).by(user(1000)));
  take(credential(user(1000), root()).pid(10));
  EXPECT_EQ(find(10)->cred.euid, 0U);
  EXPECT_EQ(find(10)->cred.cap_effective, kAllCapabilities);
}

TEST_F(ProcessTreeTest, AnUnknownActorIsMadeFromItsHeader) {
  take(uses_capability(21).pid(10).comm("mystery").home(77).child_of(3).untold(4));
  const Process* actor = find(10);
  ASSERT_NE(actor, nullptr);
  EXPECT_EQ(actor->comm, "mystery");
  EXPECT_EQ(actor->home, 77U);
  EXPECT_EQ(actor->creator.tgid, 3U);
  EXPECT_EQ(actor->ns_pid, 4U);
  EXPECT_FALSE(actor->cred_known);
  EXPECT_EQ(tree_.stats().misses, 1U);
}

TEST_F(ProcessTreeTest, AnUnknownProcessThatEndsIsNotMade) {
  take(exits(10));
  EXPECT_EQ(tree_.size(), 0U);
}

TEST_F(ProcessTreeTest, ASecondExitRecordChangesNothing) {
  take(exec("/bin/x").pid(10));
  take(exits(10).at(100));
  take(exits(10).at(900));
  EXPECT_EQ(find(10)->exited_ns, 100U);
}

TEST_F(ProcessTreeTest, TheSnapshotDoesNotOverwriteEvents) {
  take(exec("/bin/new").pid(10));
  Process old;
  old.key = key_of(10, 0);
  old.exe_path = "/bin/old";
  tree_.insert(old);
  EXPECT_EQ(find(10)->exe_path, "/bin/new");
  EXPECT_EQ(tree_.size(), 1U);
}

TEST_F(ProcessTreeTest, AttachMovesTheHomeTheKernelTells) {
  take(exec("/bin/x").pid(10));
  take(attaches_to_cgroup(7).pid(1).moved(10, 0, 7));
  EXPECT_EQ(find(10)->home, 7U);
}

TEST_F(ProcessTreeTest, AThreadMovedAloneLeavesItsProcessAtHome) {
  take(exec("/bin/x").pid(10));
  take(attaches_to_cgroup(7).pid(1).moved(10, 0, 7).with([](hw_cgroup& c) {
    c.threadgroup = 0;
    c.moved_tid = 12;
  }));
  EXPECT_EQ(find(10)->home, 0U);
}

TEST(ProcessTreeTexts, AreBoundedByTheOldestEntriesGoing) {
  constexpr size_t kCapacity = 128;
  ProcessTree tree{kCapacity, kGrace};
  const std::string longest(4000, 'x');
  for (uint32_t pid = 100; pid < 100 + kCapacity; ++pid) {
    tree.update(exec("/bin/a").pid(pid).args({"a", std::to_string(pid), longest}).build());
    EXPECT_LE(SharedText::alive(), ProcessTree::text_limit(kCapacity));
  }
  EXPECT_LT(tree.size(), kCapacity);
  EXPECT_EQ(tree.stats().evicted_live, kCapacity - tree.size());
  EXPECT_EQ(tree.find(key_of(100)), nullptr);
  EXPECT_NE(tree.find(key_of(100 + kCapacity - 1)), nullptr);
}

TEST(ProcessTreeTexts, OfAForkedChildAreNoMore) {
  ProcessTree tree{64, kGrace};
  tree.update(exec("/bin/a").pid(10).args({"a", std::string(4000, 'x')}).build());
  const size_t before = SharedText::alive();
  for (uint32_t pid = 11; pid < 40; ++pid) tree.update(forks(pid).by_pid(10).build());
  EXPECT_EQ(SharedText::alive(), before);
  EXPECT_EQ(tree.size(), 30U);
}

}  // namespace
}  // namespace hullwatch
