// Mount calls that actors make against the live quiet providers: what they did, compared with what was captured.

#include "quiet_suite.h"

namespace hullwatch::test {
namespace {

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

}  // namespace
}  // namespace hullwatch::test
