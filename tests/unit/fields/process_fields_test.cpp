#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "support/field_value.h"
#include "support/world.h"

namespace hullwatch {
namespace {

using namespace test;

class ProcessFields : public testing::Test {
 protected:
  std::string of(const BuiltEvent& event, std::string_view field) { return shown(world_.take_in(event), field); }
  template <typename Builder>
  std::string of(const Builder& builder, std::string_view field) {
    return of(builder.build(), field);
  }
  World world_;
};

TEST_F(ProcessFields, NameIsCommAndExeIsArgv0) {
  const auto event = exec("/usr/bin/python3.11").args({"-hidden", "-c", "x y"}).comm("python3").build();
  EXPECT_EQ(of(event, "proc.name"), "python3");
  EXPECT_EQ(of(event, "proc.exe"), "-hidden");
  EXPECT_EQ(of(event, "proc.exepath"), "/usr/bin/python3.11");
  EXPECT_EQ(of(event, "proc.args"), "-c x y");
  EXPECT_EQ(of(event, "proc.cmdline"), "python3 -c x y");
  EXPECT_EQ(of(event, "proc.exeline"), "-hidden -c x y");
  EXPECT_EQ(of(event, "proc.cmdnargs"), "2");
  EXPECT_EQ(of(event, "proc.cmdlenargs"), "6");
}

TEST_F(ProcessFields, WithoutArgumentsArgsIsEmptyNotMissing) {
  EXPECT_EQ(of(exec("/bin/ls").args({"ls"}), "proc.args"), "");
  EXPECT_EQ(of(exec("/bin/ls").args({"ls"}), "proc.cmdline"), "ls");
  EXPECT_EQ(of(exec("/bin/ls").args({"ls"}), "proc.cmdlenargs"), "0");
}

TEST_F(ProcessFields, CwdEndsWithASlash) {
  EXPECT_EQ(of(exec("/bin/ls").cwd("/dev/shm"), "proc.cwd"), "/dev/shm/");
  EXPECT_EQ(of(exec("/bin/ls").pid(7).cwd("/"), "proc.cwd"), "/");
}

TEST_F(ProcessFields, AnUnknownProcessIsShownByItsHeader) {
  const auto event = uses_capability(21).pid(77).comm("mystery").by(user(33)).build();
  const auto context = world_.context(event);  // the tree has not seen it
  EXPECT_EQ(shown(context, "proc.name"), "mystery");
  EXPECT_EQ(shown(context, "proc.cmdline"), "mystery");
  EXPECT_EQ(shown(context, "proc.pid"), "77");
  EXPECT_EQ(shown(context, "user.uid"), "33");
  EXPECT_EQ(shown(context, "proc.exepath"), kMissing);
  EXPECT_EQ(shown(context, "proc.args"), kMissing);
  EXPECT_EQ(shown(context, "thread.cap_effective"), kMissing);
}

TEST_F(ProcessFields, ALateTreeDoesNotLendAnotherProgramsArguments) {
  world_.process(exec("/bin/sh").pid(10, 1).args({"sh", "-c", "old"}).exe(1, 1));
  // The credential record of the next program overtook its exec.
  const auto event = credential(user(1), root()).pid(10, 2).comm("new").exe(1, 2).build();
  EXPECT_EQ(of(event, "proc.name"), "new");
  EXPECT_EQ(of(event, "proc.args"), kMissing);
  EXPECT_EQ(of(event, "proc.exepath"), kMissing);
}

TEST_F(ProcessFields, ButThePathOfTheSameFileHolds) {
  world_.process(exec("/bin/sh").pid(10, 1).args({"sh", "-c", "old"}).exe(1, 1));
  const auto event = credential(user(1), root()).pid(10, 2).comm("sh").exe(1, 1).build();
  EXPECT_EQ(of(event, "proc.args"), kMissing);
  EXPECT_EQ(of(event, "proc.exepath"), "/bin/sh");
}

TEST_F(ProcessFields, LineageGoesByWhoForked) {
  world_.process(10, "/sbin/init");
  world_.process(exec("/usr/sbin/sshd").pid(11).child_of(10).args({"sshd", "-D"}));
  world_.process(exec("/bin/bash").pid(12).child_of(11).args({"-bash"}));
  const auto event = exec("/usr/bin/id").pid(13).child_of(12).build();
  EXPECT_EQ(of(event, "proc.pname"), "bash");
  EXPECT_EQ(of(event, "proc.pexe"), "-bash");
  EXPECT_EQ(of(event, "proc.pexepath"), "/bin/bash");
  EXPECT_EQ(of(event, "proc.ppid"), "12");
  EXPECT_EQ(of(event, "proc.aname[0]"), "id");
  EXPECT_EQ(of(event, "proc.aname[2]"), "sshd");
  EXPECT_EQ(of(event, "proc.acmdline[2]"), "sshd -D");
  EXPECT_EQ(of(event, "proc.aexepath[3]"), "/sbin/init");
  EXPECT_EQ(of(event, "proc.aname[4]"), kMissing);
  EXPECT_EQ(of(event, "proc.aname"), "bash,sshd,init");
  EXPECT_EQ(of(event, "proc.apid"), "12,11,10");
  EXPECT_EQ(of(event, "proc.apid[1]"), "12");
  EXPECT_EQ(of(event, "proc.loginshellid"), "12");
}

TEST_F(ProcessFields, AncestorsInTheRecordStandInForATreeThatIsLate) {
  const auto event = uses_capability(21).pid(77).ancestors({{70, "sh"}, {1, "tini"}}).build();
  const auto context = world_.context(event);
  EXPECT_EQ(shown(context, "proc.pname"), "sh");
  EXPECT_EQ(shown(context, "proc.ppid"), "70");
  EXPECT_EQ(shown(context, "proc.aname"), "sh,tini");
  EXPECT_EQ(shown(context, "proc.pexepath"), kMissing);
}

TEST_F(ProcessFields, WhoAdoptedAProcessIsNotTakenForWhoMadeItsMaker) {
  world_.process(exec("/bin/sh").pid(11));
  EXPECT_EQ(of(uses_capability(21).pid(12).child_of(11).ancestors({{9, "shim"}, {1, "init"}}), "proc.aname"), "sh");
}

TEST_F(ProcessFields, LineageEndsEvenIfTheRecordsLieInACircle) {
  world_.process(exec("/bin/a").pid(10).child_of(11));
  world_.process(exec("/bin/b").pid(11).child_of(10));
  EXPECT_NE(of(exec("/bin/c").pid(12).child_of(10), "proc.aname"), "");
  EXPECT_EQ(of(exec("/bin/c").pid(12).child_of(10), "proc.aname[100000]"), kMissing);
}

TEST_F(ProcessFields, TheSessionLeaderIsFoundAmongTheAncestors) {
  world_.process(exec("/bin/bash").pid(12));
  const auto event = exec("/usr/bin/id").pid(13).child_of(12).with([](hw_exec& e) { e.sid = 12; }).build();
  EXPECT_EQ(of(event, "proc.sid"), "12");
  EXPECT_EQ(of(event, "proc.sname"), "bash");
  EXPECT_EQ(of(event, "proc.sid.exepath"), "/bin/bash");
  EXPECT_EQ(of(event, "proc.is_sid_leader"), "false");
  EXPECT_EQ(of(event, "proc.is_vpgid_leader"), "true");
}

TEST_F(ProcessFields, DurationsCountFromTheStart) {
  const hw_key key{1'000, 10, 1};
  const auto event = exec("/bin/x").process(key).at(5'000).build();
  EXPECT_EQ(of(event, "proc.duration"), "4000");
  EXPECT_EQ(of(event, "proc.pid.ts"), std::to_string(World::kBootWall + 1'000));
}

TEST_F(ProcessFields, AFileYoungerThanItsProcessIsToldByItsAge) {
  const auto fresh = exec("/tmp/x").process({2'000, 10, 1}).with([](hw_exec& e) { e.exe_ctime_ns = World::kBootWall + 1'500; });
  EXPECT_EQ(of(fresh, "proc.exe_ino.ctime_duration_proc_start"), "500");
  EXPECT_EQ(of(fresh, "proc.exe_ino.ctime"), std::to_string(World::kBootWall + 1'500));
  EXPECT_EQ(of(fresh, "proc.exe_ino.mtime"), kMissing);
}

TEST_F(ProcessFields, FactsOfTheExecutable) {
  const auto event = exec("memfd:x").exe_flags(HW_EXE_MEMFD | HW_EXE_UNLINKED).build();
  EXPECT_EQ(of(event, "proc.is_exe_from_memfd"), "true");
  EXPECT_EQ(of(event, "proc.is_exe_upper_layer"), "false");
  EXPECT_EQ(of(event, "proc.is_exe_unlinked"), "true");
  EXPECT_EQ(of(event, "evt.arg.flags"), "EXE_FROM_MEMFD|EXE_UNLINKED");
}

TEST_F(ProcessFields, WhetherItMayWriteItsOwnExecutable) {
  const auto owned = [](uint32_t mode, uint32_t uid) {
    return [=](hw_exec& e) {
      e.exe_mode = mode;
      e.exe_uid = uid;
    };
  };
  EXPECT_EQ(of(exec("/x").by(user(7)).with(owned(0755, 7)), "proc.is_exe_writable"), "true");
  EXPECT_EQ(of(exec("/x").by(user(7)).with(owned(0755, 0)), "proc.is_exe_writable"), "false");
  EXPECT_EQ(of(exec("/x").by(user(7)).with(owned(0557, 0)), "proc.is_exe_writable"), "true");
  EXPECT_EQ(of(exec("/x").by(root()).with(owned(0555, 9)), "proc.is_exe_writable"), "true");
}

TEST_F(ProcessFields, TruncatedArgumentsAreTold) {
  EXPECT_EQ(of(exec("/x").args({"x"}).args_total(90'000), "proc.args_truncated"), "true");
  EXPECT_EQ(of(exec("/x").args({"x"}).args_total(90'000), "proc.args_total"), "90000");
}

TEST_F(ProcessFields, TheEndAndTheHashOfTruncatedArgumentsAreTold) {
  const auto hashed = [](hw_exec& e) { e.args_hash = 77, e.args_hashed = 8; };
  EXPECT_EQ(of(exec("/x").args_total(90'000).args_tail(std::string_view("a\0b", 3)), "proc.args_tail"), "a b");
  EXPECT_EQ(of(exec("/x").args_total(90'000).with(hashed), "proc.args_hash"), "77");
  EXPECT_EQ(of(exec("/x"), "proc.args_tail"), kMissing);
}

TEST_F(ProcessFields, VariablesOfTheLoaderAreNamedWhereTheEnvironmentWasLookedThrough) {
  EXPECT_EQ(of(exec("/x").env_flags(HW_ENV_LD_PRELOAD | HW_ENV_GLIBC_TUNABLES), "proc.loader_env"),
            "LD_PRELOAD|GLIBC_TUNABLES");
  EXPECT_EQ(of(exec("/x").env_flags(HW_ENV_UNREAD), "proc.env_unread"), "true");
  EXPECT_EQ(of(exec("/x").env_flags(0), "proc.env_unread"), "false");
  EXPECT_EQ(of(exec("/x"), "proc.loader_env"), kMissing);
}

TEST_F(ProcessFields, CapabilitiesHaveNames) {
  EXPECT_EQ(of(exec("/x").by(with_capabilities(user(0), 1 | 1ULL << 21 | 1ULL << 63)), "thread.cap_effective"),
            "CAP_CHOWN CAP_SYS_ADMIN CAP_63");
  EXPECT_EQ(of(exec("/x").by(user(7)), "thread.cap_effective"), "");
}

TEST_F(ProcessFields, AForkedChildShowsWhatItHasFromItsParent) {
  world_.process(exec("/usr/sbin/nginx").pid(10).args({"nginx", "-g"}));
  world_.take(forks(11).by_pid(10).build());
  EXPECT_EQ(of(uses_capability(1).pid(11, 1).comm("nginx"), "proc.exepath"), "/usr/sbin/nginx");
  EXPECT_EQ(of(uses_capability(1).pid(11, 1).comm("nginx"), "proc.pname"), "nginx");
}

TEST_F(ProcessFields, HostRootIsTheInitialNamespacesRoot) {
  EXPECT_EQ(of(exec("/x").by(root()), "proc.is_host_root"), "true");
  EXPECT_EQ(of(exec("/x").by(user(100'000)), "proc.is_host_root"), "false");
}

TEST_F(ProcessFields, LoginUidIsMinusOneWhenNobodyLoggedIn) {
  EXPECT_EQ(of(exec("/x"), "user.loginuid"), "-1");
  EXPECT_EQ(of(exec("/x"), "user.loginname"), "<NA>");
  EXPECT_EQ(of(exec("/x").loginuid(1000), "user.loginuid"), "1000");
}

class UserFields : public testing::Test {
 protected:
  UserFields() : root_(std::filesystem::temp_directory_path() / ("hullwatch-fields-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(root_ / "etc");
    std::ofstream(root_ / "etc/passwd") << "root:x:0:0:::\nwww-data:x:33:33:::\nalice:x:1000:1000:::\n";
    std::ofstream(root_ / "etc/group") << "root:x:0:\nwww-data:x:33:\n";
    world_.emplace(root_.string());
  }
  ~UserFields() override { std::filesystem::remove_all(root_); }
  template <typename Builder>
  std::string of(const Builder& builder, std::string_view field) {
    const auto event = builder.build();
    return shown(world_->take_in(event), field);
  }
  std::filesystem::path root_;
  std::optional<World> world_;
};

TEST_F(UserFields, HostUsersHaveTheirNames) {
  EXPECT_EQ(of(exec("/x").by(user(33)), "user.name"), "www-data");
  EXPECT_EQ(of(exec("/x").by(user(33)), "group.name"), "www-data");
  EXPECT_EQ(of(exec("/x").by(user(99)), "user.name"), "<NA>");
}

TEST_F(UserFields, TheHostsNamesMeanNothingInsideAContainer) {
  auto& web = world_->container("web");
  EXPECT_EQ(of(exec("/x").by(user(33)).in(web), "user.name"), "<NA>");
  EXPECT_EQ(of(exec("/x").by(root()).in(web), "user.name"), "root");
  EXPECT_EQ(of(exec("/x").by(user(33)).in(web).loginuid(1000), "user.loginname"), "alice");
}

}  // namespace
}  // namespace hullwatch
