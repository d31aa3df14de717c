#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "support/field_value.h"
#include "support/world.h"

namespace hullwatch {
namespace {

using namespace test;

class EventFields : public testing::Test {
 protected:
  std::string of(const BuiltEvent& event, std::string_view field) { return shown(world_.take_in(event), field); }
  template <typename Builder>
  std::string of(const Builder& builder, std::string_view field) {
    return of(builder.build(), field);
  }
  World world_;
};

TEST_F(EventFields, TimeIsShownInUtcAndNanoseconds) {
  const auto event = exec("/bin/x").at(3'723'000'000'042ULL).build();
  EXPECT_EQ(of(event, "evt.time.iso8601"), "2026-11-22T01:02:03.000000042Z");
  EXPECT_EQ(of(event, "evt.rawtime"), std::to_string(World::kBootWall + 3'723'000'000'042ULL));
  EXPECT_EQ(of(event, "evt.rawtime.ns"), "42");
}

TEST_F(EventFields, TimeOfDayIsLocal) {
  ::setenv("TZ", "XYZ-3", 1);
  ::tzset();
  EXPECT_EQ(of(exec("/bin/x").at(1), "evt.time"), "03:00:00.000000001");
  EXPECT_EQ(of(exec("/bin/x").at(1), "evt.datetime.s"), "2026-11-22 03:00:00");
  ::unsetenv("TZ");
  ::tzset();
}

TEST_F(EventFields, NumberCounts) {
  const auto event = exec("/bin/x").build();
  EXPECT_EQ(of(event, "evt.num"), "1");
  EXPECT_EQ(of(event, "evt.num"), "2");
}

TEST_F(EventFields, TypeAndCategory) {
  EXPECT_EQ(of(unshares(0), "evt.type"), "unshare");
  EXPECT_EQ(of(unshares(0), "evt.category"), "namespace");
  EXPECT_EQ(of(unshares(0), "syscall.type"), "unshare");
  EXPECT_EQ(of(unshares(0), "evt.provider"), "quiet");
}

TEST_F(EventFields, AnErrorHasItsName) {
  const auto refused = mounts("a", "/b", "c").result(-1).build();
  EXPECT_EQ(of(refused, "evt.res"), "EPERM");
  EXPECT_EQ(of(refused, "evt.rawres"), "-1");
  EXPECT_EQ(of(refused, "evt.failed"), "true");
  EXPECT_EQ(of(refused, "evt.arg.res"), "EPERM");
  EXPECT_EQ(of(refused, "evt.count.error"), "1");
}

TEST_F(EventFields, SuccessIsSuccess) {
  EXPECT_EQ(of(exec("/bin/x"), "evt.res"), "SUCCESS");
  EXPECT_EQ(of(forks(7), "evt.rawres"), "7");
  EXPECT_EQ(of(mounts("a", "/b", "c"), "evt.failed"), "false");
}

TEST_F(EventFields, AnAttemptHasNoOutcome) {
  const auto attempt = mounts("a", "/b", "c").flags(HW_F_ATTEMPT).build();
  EXPECT_EQ(of(attempt, "evt.res"), kMissing);
  EXPECT_EQ(of(attempt, "evt.rawres"), kMissing);
  EXPECT_EQ(of(attempt, "evt.arg.res"), kMissing);
  EXPECT_EQ(of(attempt, "mount.result"), kMissing);
  EXPECT_EQ(of(attempt, "evt.is_attempt"), "true");
}

TEST_F(EventFields, HeaderFlagsAreFields) {
  EXPECT_EQ(of(exec("/bin/x").flags(HW_F_REDUCED), "evt.reduced"), "true");
  EXPECT_EQ(of(exec("/bin/x").flags(HW_F_LATE), "evt.is_late"), "true");
  EXPECT_EQ(of(exec("/bin/x"), "evt.is_compat"), "false");
}

TEST_F(EventFields, ArgumentsAreTextByNameAndByNumber) {
  const auto event = mounts("/dev/sda1", "/mnt", "ext4").mount_flags(1 | 4096).build();
  EXPECT_EQ(of(event, "evt.arg.flags"), "MS_RDONLY|MS_BIND");
  EXPECT_EQ(of(event, "evt.arg[flags]"), "MS_RDONLY|MS_BIND");
  EXPECT_EQ(of(event, "evt.arg[1]"), "/dev/sda1");
  EXPECT_EQ(of(event, "evt.rawarg.flags"), "4097");
  EXPECT_EQ(of(event, "evt.rawarg.dev"), kMissing);
  EXPECT_EQ(of(event, "evt.arg.linkpath"), kMissing);
}

TEST_F(EventFields, ArgsJoinThemAll) {
  EXPECT_EQ(of(mounts("none", "/mnt", "tmpfs").mount_flags(2), "evt.args"),
            "res=0 dev=none dir=/mnt type=tmpfs flags=MS_NOSUID");
}

// As observe/mount.h fills it: the file system that is being made, no single option.
TEST_F(EventFields, FsconfigTellsTheFileSystemThatIsMade) {
  const auto event = mount_operation(HW_MOUNT_FSCONFIG).source("/dev/sda1").fstype("ext4").build();
  EXPECT_EQ(of(event, "mount.source"), "/dev/sda1");
  EXPECT_EQ(of(event, "mount.fstype"), "ext4");
  EXPECT_EQ(of(event, "evt.arg.source"), "/dev/sda1");
  EXPECT_EQ(find_field("mount.key")->get, nullptr);
}

TEST_F(EventFields, UnshareAndCloneFlagsHaveNames) {
  EXPECT_EQ(of(unshares(0x20000 | 0x20000000), "evt.arg.flags"), "CLONE_NEWNS|CLONE_NEWPID");
  EXPECT_EQ(of(enters_namespaces(0x40000000), "evt.arg.nstype"), "CLONE_NEWNET");
  EXPECT_EQ(of(forks(7).with([](hw_fork& f) { f.clone_flags = 0x4111; }), "evt.arg.flags"), "CLONE_VM|CLONE_VFORK");
}

TEST_F(EventFields, UserArgumentsAreNamesWhereThereIsOne) {
  auto& web = world_.container("web");
  EXPECT_EQ(of(credential(user(1), user(0)).in(web), "evt.arg.uid"), "root");
  EXPECT_EQ(of(credential(user(1), user(33)).in(web), "evt.arg.uid"), "33");
  EXPECT_EQ(of(credential(user(1), user(0)).in(web), "evt.rawarg.uid"), "0");
}

TEST_F(EventFields, AnEventOfOurOwnHasNoProcess) {
  const BuiltEvent loss = finding(EventType::events_lost, Event{}, LossEvent{.lost = {0, 3, 0, 0, 5}, .critical = true});
  EXPECT_EQ(of(loss, "evt.args"), "lost=exec:3,credential:5");
  EXPECT_EQ(of(loss, "loss.total"), "8");
  EXPECT_EQ(of(loss, "loss.lost[exec]"), "3");
  EXPECT_EQ(of(loss, "loss.critical"), "true");
  EXPECT_EQ(of(loss, "loss.producers"), kMissing);
  LossEvent told{.lost = {0, 3}, .critical = false};
  told.producers = {{.home = 7, .name = "web", .made = 9, .lost = 3}};
  EXPECT_EQ(of(finding(EventType::events_lost, Event{}, told), "loss.producers"), "web made 9 and lost 3");
  EXPECT_EQ(of(loss, "proc.name"), "<NA>");
  EXPECT_EQ(of(loss, "proc.pid"), kMissing);
  EXPECT_EQ(of(loss, "user.name"), "<NA>");
}

}  // namespace
}  // namespace hullwatch
