// Changes of credentials that actors make against the live quiet providers: what they did, compared with what was captured.

#include <sys/stat.h>
#include <sys/syscall.h>

#include <tuple>

#include "probe/task_snapshot.h"
#include "quiet_suite.h"

namespace hullwatch::test {
namespace {

TEST_F(Quiet, SetresuidIsSeenOnceWithBothCredentials) {
  const auto run = Quiet::run({"setid", "resuid", "1000", "1000", "0"});
  const auto seen = run.all<hw_credential>(HW_CREDENTIAL);
  ASSERT_EQ(seen.size(), 1U);
  expect_change(seen[0], run.told.at(0));
  EXPECT_EQ(seen[0].way, HW_WAY_SETID);
  EXPECT_EQ(seen[0].h.flags & HW_F_LATE, 0U);
  EXPECT_EQ(seen[0].h.process.execs, 1U);
}

TEST_F(Quiet, SetresgidAndSetfsuidAreSeen) {
  for (const auto& command : {std::vector<std::string>{"setid", "resgid", "7", "8", "9"}, {"setid", "fsuid", "5"}}) {
    const auto run = Quiet::run(command);
    const auto seen = run.all<hw_credential>(HW_CREDENTIAL);
    ASSERT_EQ(seen.size(), 1U) << command[1];
    expect_change(seen[0], run.told.at(0));
    EXPECT_EQ(seen[0].way, HW_WAY_SETID);
  }
}

TEST_F(Quiet, AThousandTogglesAreAFewRecordsAndAnExactCount) {
  const auto container = probe_->container();
  const auto run = probe_->run({"setid", "toggle", "1000"}, container.get());
  const auto seen = run.all<hw_credential>(HW_CREDENTIAL);
  ASSERT_EQ(run.told.at(0)["result"], 0);
  EXPECT_LE(seen.size(), 4U);
  EXPECT_EQ(seen.size() + probe_->suppressed(container->id(), HW_CREDENTIAL), 1001U);
}

TEST_F(Quiet, AFloodOfDifferentChangesIsBoundedAnnouncedAndCounted) {
  const auto container = probe_->container();
  const auto run = probe_->run({"setid", "flood", "2000"}, container.get());
  ASSERT_EQ(run.told.at(0)["result"], 0);
  const auto seen = run.all<hw_credential>(HW_CREDENTIAL);
  const auto floods = run.all<hw_flood>(HW_FLOOD);
  EXPECT_LT(seen.size(), 1000U);
  EXPECT_EQ(seen.size() + probe_->suppressed(container->id(), HW_CREDENTIAL), 4000U);
  ASSERT_FALSE(floods.empty());
  EXPECT_EQ(floods[0].flooded, static_cast<uint32_t>(HW_CREDENTIAL));
  EXPECT_EQ(floods[0].h.home, container->id());
}

TEST_F(Quiet, WhatTheCriticalRingHasNoRoomForIsCountedByContainer) {
  BpfKnobs knobs;
  knobs.critical_bytes = 1U << 16;
  QuietProbe probe(knobs);
  const auto container = probe.container(), other = probe.container();
  // The suite's own probe sees it, too: not as the host's, whose bucket the tests after this one need.
  ASSERT_TRUE(probe_->object().set_container(container->id(), container->id()));
  probe.run({"setid", "resuid", "1000", "1000", "0"}, other.get());
  const auto before = probe.object().counts()[HW_CREDENTIAL].lost;
  const auto run = probe.run({"setid", "flood", "400"}, container.get());  // nobody reads meanwhile
  const auto homes = probe.object().homes();
  const auto& counts = homes.at(container->id());
  const auto lost = probe.object().counts()[HW_CREDENTIAL].lost - before;
  EXPECT_GT(counts.critical_lost, 100U);
  EXPECT_GE(counts.critical_lost, lost);
  EXPECT_EQ(run.all<hw_credential>(HW_CREDENTIAL).size() + lost + counts.suppressed[HW_CREDENTIAL], 800U);
  EXPECT_GE(counts.critical_sent, run.all<hw_credential>(HW_CREDENTIAL).size());
  EXPECT_EQ(homes.at(other->id()).critical_lost, 0U);
  EXPECT_GE(homes.at(other->id()).critical_sent, 1U);
}

TEST_F(Quiet, ThreadsChangedByOneCallAreOneRecordAndRepeats) {
  const auto container = probe_->container();
  const auto run = probe_->run({"setid", "threads", "3", "1000"}, container.get());
  // Two threads on two CPUs may look for the transition at the same moment and both send it; none goes uncounted.
  const size_t records = run.all<hw_credential>(HW_CREDENTIAL).size();
  EXPECT_GE(records, 1U);
  EXPECT_LE(records, 2U);
  EXPECT_EQ(records + probe_->suppressed(container->id(), HW_CREDENTIAL), 4U);
}

TEST_F(Quiet, ASetuidRootExecIsAGainByExecOfASetuidFile) {
  const auto file = directory_ / "setuid-root";
  std::filesystem::copy_file(std::string(HULLWATCH_ACTORS) + "/setid", file);
  ASSERT_EQ(::chmod(file.c_str(), 04755), 0);
  ASSERT_EQ(::chmod(directory_.c_str(), 0755), 0);
  const auto run = Quiet::run({"setid", "as", "1000", file, "show"});
  ASSERT_EQ(run.told.size(), 2U);
  ASSERT_EQ(run.told[1]["after"]["uid"][1], 0) << "the file's filesystem is mounted nosuid";
  const auto seen = run.all<hw_credential>(HW_CREDENTIAL);
  ASSERT_EQ(seen.size(), 3U);  // setresgid, setresuid, exec
  EXPECT_EQ(ids(seen[2].before), told_ids(run.told[0]["after"]));
  EXPECT_EQ(ids(seen[2].after), told_ids(run.told[1]["after"]));
  EXPECT_EQ(seen[2].way, HW_WAY_EXEC);
  EXPECT_TRUE(seen[2].exe_flags & HW_EXE_SETUID);
  EXPECT_EQ(seen[2].exe_uid, 0U);
  EXPECT_EQ(seen[2].h.process.execs, 2U);
}

TEST_F(Quiet, CredentialsOfAProcessOlderThanTheProbeAreKnownFromTheSnapshot) {
  const Gate gate;
  Child older([&] {
    gate.pass();
    return ::setresuid(1000, 1000, 1000) == 0 ? 0 : 1;
  });
  QuietProbe later;
  ASSERT_TRUE(take_task_snapshot(later.object()));
  gate.open();
  ASSERT_EQ(older.wait(), 0);
  const auto seen = later.of_process(older.pid()).all<hw_credential>(HW_CREDENTIAL);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].uncertain, 0U);
  EXPECT_EQ(seen[0].before.uid, 0U);
  EXPECT_EQ(seen[0].after.uid, 1000U);
}

TEST_F(Quiet, CredentialsOfAProcessOlderThanTheProbeAreKnownAlsoWhenItsFirstThreadIsOver) {
  const Gate gate;
  const auto older = without_leader([&] {
    if (::syscall(SYS_setresuid, 2000, 1000, 0) != 0) return 1;
    gate.pass();
    return ::syscall(SYS_setresuid, 1000, 1000, 1000) == 0 ? 0 : 1;
  });
  QuietProbe later;
  ASSERT_TRUE(take_task_snapshot(later.object()));
  gate.open();
  ASSERT_EQ(older->wait(), 0);
  const auto seen = later.of_process(older->pid()).all<hw_credential>(HW_CREDENTIAL);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].uncertain, 0U);
  EXPECT_EQ(std::tie(seen[0].before.uid, seen[0].before.euid, seen[0].before.suid), std::make_tuple(2000U, 1000U, 0U));
  EXPECT_EQ(std::tie(seen[0].after.uid, seen[0].after.euid, seen[0].after.suid), std::make_tuple(1000U, 1000U, 1000U));
  EXPECT_EQ(seen[0].h.flags & HW_F_HOME_INFERRED, 0U);
}

TEST_F(Quiet, APlainExecByRootIsNoCredentialRecord) {
  EXPECT_TRUE(Quiet::run({"setid", "show"}).all<hw_credential>(HW_CREDENTIAL).empty());
}

TEST_F(Quiet, LoweringAndRaisingACapabilityIsTwoCapsets) {
  const auto run = Quiet::run({"capset_actor", "toggle", "21"});
  const auto seen = run.all<hw_credential>(HW_CREDENTIAL);
  ASSERT_EQ(seen.size(), 2U);
  for (std::size_t i : {0U, 1U}) {
    expect_change(seen[i], run.told.at(i));
    EXPECT_EQ(seen[i].way, HW_WAY_CAPSET);
    EXPECT_EQ(seen[i].h.flags & HW_F_LATE, 0U);
  }
}

TEST_F(Quiet, LossesOfTheBoundingSetAreShownTogetherWhenTheThreadExecs) {
  const std::string actors = HULLWATCH_ACTORS;
  const auto run =
      Quiet::run({"capset_actor", "bounding", "21", actors + "/capset_actor", "bounding", "22", actors + "/setid", "show"});
  const auto alone = run.all<hw_credential>(HW_CREDENTIAL);
  ASSERT_EQ(alone.size(), 4U);  // at each exec: the loss, and what exec made of it
  expect_change(alone[0], run.told.at(0));
  EXPECT_EQ(alone[0].way, HW_WAY_CAPSET);
  EXPECT_EQ(alone[0].h.flags & HW_F_LATE, 0U);
  EXPECT_EQ(alone[1].way, HW_WAY_EXEC);
  EXPECT_EQ(sets(alone[3].after), told_sets(run.told.at(2)["before"]));
  EXPECT_TRUE(Quiet::run({"capset_actor", "bounding", "21"}).all<hw_credential>(HW_CREDENTIAL).empty());
}

TEST_F(Quiet, SecurebitsAreSeen) {
  const auto run = Quiet::run({"capset_actor", "securebits", "1"});
  const auto seen = run.all<hw_credential>(HW_CREDENTIAL);
  ASSERT_EQ(seen.size(), 1U);
  expect_change(seen[0], run.told.at(0));
  EXPECT_EQ(seen[0].way, HW_WAY_CAPSET);
}

TEST_F(Quiet, KeepcapsAloneIsNoRecord) {
  EXPECT_TRUE(Quiet::run({"setid", "keepcaps"}).all<hw_credential>(HW_CREDENTIAL).empty());
}

}  // namespace
}  // namespace hullwatch::test
