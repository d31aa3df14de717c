// Actors against the live quiet providers: what they did, compared with what was captured.

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "probe/task_snapshot.h"
#include "quiet_probe.h"

namespace hullwatch::test {
namespace {

class Quiet : public testing::Test {
 protected:
  // One probe for all: loading takes longer than all the tests.
  static void SetUpTestSuite() {
    if (::geteuid() == 0) probe_ = new QuietProbe;
  }
  static void TearDownTestSuite() {
    delete probe_;
    probe_ = nullptr;
  }
  void SetUp() override {
    if (!probe_) GTEST_SKIP() << "needs root";
    directory_ = std::filesystem::temp_directory_path() / ("hullwatch-quiet-" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  static ActorRun run(const std::vector<std::string>& command) { return probe_->run(command); }

  static QuietProbe* probe_;
  std::filesystem::path directory_;
};
QuietProbe* Quiet::probe_ = nullptr;

nlohmann::json ids(const hw_cred& c) { return {c.uid, c.euid, c.suid, c.fsuid, c.gid, c.egid, c.sgid, c.fsgid}; }
nlohmann::json sets(const hw_cred& c) {
  return {c.cap_inheritable, c.cap_permitted, c.cap_effective, c.cap_bounding, c.cap_ambient};
}
nlohmann::json told_ids(const nlohmann::json& c) {
  nlohmann::json all = c["uid"];
  all.insert(all.end(), c["gid"].begin(), c["gid"].end());
  return all;
}
nlohmann::json told_sets(const nlohmann::json& c) {
  return {c["inheritable"], c["permitted"], c["effective"], c["bounding"], c["ambient"]};
}

// The captured change is the one the actor tells of.
void expect_change(const hw_credential& seen, const nlohmann::json& told) {
  EXPECT_EQ(ids(seen.before), told_ids(told["before"]));
  EXPECT_EQ(ids(seen.after), told_ids(told["after"]));
  EXPECT_EQ(sets(seen.before), told_sets(told["before"]));
  EXPECT_EQ(sets(seen.after), told_sets(told["after"]));
  EXPECT_EQ(seen.uncertain, 0U);
}

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

// A string of a mount record, without its NUL.
std::string text(const LiveRecord& record, hw_span span) {
  auto bytes = record.bytes<hw_mount>(span);
  if (!bytes.empty() && bytes.back() == 0) bytes.pop_back();
  return bytes;
}

TEST_F(Quiet, EveryMountCallIsSeenWithItsOutcome) {
  const auto run = Quiet::run({"mount_calls", "all", directory_});
  ASSERT_EQ(run.status, 0);
  const std::vector<std::string> names = {"mount",    "umount2", "pivot_root", "open_tree",     "fsopen",
                                          "fsconfig", "fsmount", "move_mount", "mount_setattr", "fspick"};
  std::vector<LiveRecord> seen;
  for (const auto& record : run.records)
    if (record.header().kind == HW_MOUNT) seen.push_back(record);
  ASSERT_GE(seen.size(), 1U);
  seen.erase(seen.begin());  // making the namespace private
  ASSERT_EQ(seen.size(), run.told.size());
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const auto mount = seen[i].as<hw_mount>();
    const auto& told = run.told[i];
    SCOPED_TRACE(told.dump());
    EXPECT_EQ(names.at(mount.op), told["op"]);
    EXPECT_EQ(text(seen[i], mount.source), told["source"]);
    EXPECT_EQ(text(seen[i], mount.target), told["target"]);
    EXPECT_EQ(text(seen[i], mount.fstype), told["fstype"]);
    EXPECT_EQ(mount.mount_flags, told["flags"]);
    EXPECT_EQ(mount.result, told["result"]);
    EXPECT_EQ(mount.h.flags & HW_F_ATTEMPT, 0U);
    EXPECT_EQ(mount.h.size % 8, 0U);
  }
}

TEST_F(Quiet, RefusedAndFailedMountCallsCarryTheirError) {
  for (const auto* how : {"denied", "failed"}) {
    const auto run = Quiet::run({"mount_calls", how, directory_});
    std::vector<std::int64_t> told, seen;
    for (const auto& line : run.told) told.push_back(line["result"]);
    for (const auto& mount : run.all<hw_mount>(HW_MOUNT)) seen.push_back(mount.result);
    if (seen.size() == told.size() + 1) seen.erase(seen.begin());  // making the namespace private
    EXPECT_EQ(seen, told) << how;
  }
}

// A bucket that is soon empty, however slow the machine.
BpfKnobs strict() {
  BpfKnobs knobs;
  knobs.critical_rate = 10;
  knobs.critical_burst = 50;
  return knobs;
}

TEST_F(Quiet, TheFirstMountOfItsKindPassesAFloodAndItsRepeatIsCounted) {
  QuietProbe probe(strict());
  const auto container = probe.container();
  const auto run = probe.run({"mount_calls", "flood", directory_}, container.get());
  ASSERT_EQ(run.told.size(), 2U);
  std::size_t disks = 0, all = 0;
  for (const auto& record : run.records) {
    if (record.header().kind != HW_MOUNT) continue;
    ++all;
    const auto mount = record.as<hw_mount>();
    if (text(record, mount.fstype) != "ext4") continue;
    ++disks;
    EXPECT_EQ(text(record, mount.source), "/dev/no-such-disk");
    EXPECT_EQ(mount.result, run.told[0]["result"]);
  }
  EXPECT_EQ(disks, 1U);
  EXPECT_LT(all, 250U) << "it was a flood";
  EXPECT_EQ(all + probe.suppressed(container->id(), HW_MOUNT), 1U + 300U + 2U);
}

TEST_F(Quiet, StringsInPagesNotYetTouchedAreReadOnceTheCallIsOver) {
  const auto run = Quiet::run({"mount_calls", "absent", directory_});
  ASSERT_FALSE(run.records.empty());
  const auto& last = run.records.back();
  const auto mount = last.as<hw_mount>();
  ASSERT_EQ(mount.op, HW_MOUNT_PIVOT_ROOT);
  EXPECT_EQ(text(last, mount.target), run.told.back()["target"]);
  EXPECT_EQ(text(last, mount.source), run.told.back()["source"]);
  EXPECT_TRUE(mount.h.flags & HW_F_USER_STRINGS);
}

TEST_F(Quiet, ThirtyTwoBitCallsAreReadByTheirOwnTableAndRegisters) {
  const auto setuid = Quiet::run({"compat_calls", "setuid", "1000"});
  if (!setuid.told.at(0)["supported"]) GTEST_SKIP() << "this kernel takes no 32-bit calls";
  const auto changes = setuid.all<hw_credential>(HW_CREDENTIAL);
  ASSERT_EQ(changes.size(), 1U);
  expect_change(changes[0], setuid.told.at(0));
  EXPECT_EQ(changes[0].way, HW_WAY_SETID);
  EXPECT_TRUE(changes[0].h.flags & HW_F_COMPAT);

  const auto mount = Quiet::run({"compat_calls", "mount", directory_});
  const auto& record = mount.records.back();
  const auto seen = record.as<hw_mount>();
  ASSERT_EQ(record.header().kind, HW_MOUNT);
  EXPECT_TRUE(seen.h.flags & HW_F_COMPAT);
  EXPECT_EQ(seen.op, HW_MOUNT_MOUNT);
  EXPECT_EQ(text(record, seen.target), mount.told.at(0)["target"]);
  EXPECT_EQ(seen.mount_flags, mount.told.at(0)["flags"]);
  EXPECT_EQ(seen.result, mount.told.at(0)["result"]);
}

nlohmann::json told_namespaces(const hw_namespaces& n) {
  return {{"mnt", n.mnt}, {"pid", n.pid},       {"net", n.net},  {"uts", n.uts},
          {"ipc", n.ipc}, {"cgroup", n.cgroup}, {"user", n.user}};
}

TEST_F(Quiet, UnshareShowsTheNamespacesBeforeAndAfter) {
  const auto run = Quiet::run({"namespaces", "unshare", "0x20000", "0x4000000"});  // NEWNS, NEWUTS
  const auto seen = run.all<hw_namespace>(HW_NAMESPACE);
  ASSERT_EQ(seen.size(), 2U);
  for (std::size_t i : {0U, 1U}) {
    EXPECT_EQ(told_namespaces(seen[i].before), run.told.at(i)["before"]);
    EXPECT_EQ(told_namespaces(seen[i].after), run.told.at(i)["after"]);
    EXPECT_EQ(seen[i].result, 0);
    EXPECT_EQ(seen[i].op, HW_NS_UNSHARE);
  }
  EXPECT_EQ(seen[0].ns_flags, 0x20000U);
}

TEST_F(Quiet, TheFirstNamespaceOfItsKindPassesAFlood) {
  QuietProbe probe(strict());
  const auto container = probe.container();
  std::vector<std::string> command = {"namespaces", "unshare"};
  command.insert(command.end(), 200, "0x4000000");          // NEWUTS
  command.insert(command.end(), {"0x8000000", "0x20000"});  // NEWIPC, NEWNS
  const auto run = probe.run(command, container.get());
  ASSERT_EQ(run.told.size(), 202U);
  const auto seen = run.all<hw_namespace>(HW_NAMESPACE);
  for (const uint64_t flags : {0x8000000U, 0x20000U})
    EXPECT_EQ(std::ranges::count_if(seen, [&](const auto& r) { return r.ns_flags == flags; }), 1) << flags;
  EXPECT_LT(seen.size(), 180U) << "it was a flood";
  EXPECT_EQ(seen.size() + probe.suppressed(container->id(), HW_NAMESPACE), 202U);
}

TEST_F(Quiet, SetnsShowsItsOutcome) {
  const auto run = Quiet::run({"namespaces", "setns", "/proc/self/ns/uts", "0x4000000"});
  const auto seen = run.all<hw_namespace>(HW_NAMESPACE);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].op, HW_NS_SETNS);
  EXPECT_EQ(seen[0].result, run.told.at(0)["result"]);
}

TEST_F(Quiet, AnewUserNamespaceByCloneIsAChangeOfTheChild) {
  const auto run = Quiet::run({"namespaces", "clone", "0x10000000"});
  const auto seen = run.all<hw_credential>(HW_CREDENTIAL);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].way, HW_WAY_USERNS);
  EXPECT_EQ(seen[0].before.userns, run.told.at(0)["before"]["user"]);
  EXPECT_EQ(seen[0].after.userns, run.told.at(0)["after"]["user"]);
  EXPECT_EQ(seen[0].after.userns_level, seen[0].before.userns_level + 1);
}

TEST_F(Quiet, AnewUserNamespaceByUnshareAloneIsFoundAtItsFirstUse) {
  const auto run = Quiet::run({"namespaces", "usemap"});
  const auto seen = run.all<hw_credential>(HW_CREDENTIAL);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].way, HW_WAY_UNKNOWN);
  EXPECT_TRUE(seen[0].h.flags & HW_F_LATE);
  EXPECT_EQ(seen[0].after.userns, run.told.at(0)["after"]["user"]);
}

TEST_F(Quiet, TheFirstUseOfEachCapabilityInAContainerIsARecordTheRestACount) {
  const auto container = probe_->container();
  const auto first = probe_->run({"setid", "resuid", "1000", "1000", "1000"}, container.get());
  const auto second = probe_->run({"setid", "resuid", "1000", "1000", "1000"}, container.get());
  const auto of_setuid = [](const ActorRun& run) {
    return std::ranges::count_if(run.all<hw_capability>(HW_CAPABILITY), [](const auto& r) { return r.capability == 7; });
  };
  EXPECT_EQ(of_setuid(first), 1);
  EXPECT_EQ(of_setuid(second), 0);
  EXPECT_EQ(probe_->capability_uses(container->id(), 7, false), 2U);
}

TEST_F(Quiet, ADeniedCapabilityInAContainerIsARecord) {
  const auto container = probe_->container();
  const auto run = probe_->run({"mount_calls", "denied", directory_}, container.get());
  const auto seen = run.all<hw_capability>(HW_CAPABILITY);
  const auto denied = std::ranges::find_if(seen, [](const auto& r) { return r.capability == 21 && r.result != 0; });
  ASSERT_NE(denied, seen.end());
  EXPECT_EQ(denied->h.home, container->id());
  EXPECT_EQ(probe_->capability_uses(container->id(), 21, true), 3U);
}

TEST_F(Quiet, UseOnTheHostIsOnlyCounted) {
  const auto before = probe_->capability_uses(0, 7, false);
  EXPECT_TRUE(Quiet::run({"setid", "resuid", "1000", "1000", "1000"}).all<hw_capability>(HW_CAPABILITY).empty());
  EXPECT_GT(probe_->capability_uses(0, 7, false), before);
}

TEST_F(Quiet, NothingFailedInTheKernel) {
  const auto errors = probe_->object().errors();
  for (const auto place : {HW_PLACE_OUTCOME, HW_PLACE_CALL_FULL, HW_PLACE_TRANSITIONS}) EXPECT_EQ(errors[place], 0U) << place;
  const auto counts = probe_->object().counts();
  for (const auto kind : {HW_CREDENTIAL, HW_CAPABILITY, HW_MOUNT, HW_NAMESPACE}) EXPECT_EQ(counts[kind].lost, 0U) << kind;
}

}  // namespace
}  // namespace hullwatch::test
