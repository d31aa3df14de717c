#pragma once
// Who is root where: gains inside user namespaces, from the live kernel's records to the verdict. One suite for whatever sees
// credentials: the quiet programs on the running kernel, and in guests what the ladder chooses there. A `Watch` says how:
//
//   begin(), end()   of the suite       missing()   why these tests cannot be run, "" if they can
//   actor(name)      a program of tests/actors      of_process(pid)   all records of one that is over

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>

#include "bpf/live_probe.h"
#include "detect/privilege_gain.h"

namespace hullwatch::test {

template <typename Watch>
class UserNamespace : public testing::Test {
 protected:
  using Changes = std::vector<hw_credential>;

  static void SetUpTestSuite() { Watch::begin(); }
  static void TearDownTestSuite() { Watch::end(); }
  void SetUp() override {
    if (const std::string why = Watch::missing(); !why.empty()) GTEST_SKIP() << why;
    directory_ = std::filesystem::temp_directory_path() / ("hullwatch-userns-" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory_);
    ASSERT_EQ(::chmod(directory_.c_str(), 0755), 0);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  /// A program that gives root of a namespace that maps 0 to `owner`.
  std::filesystem::path setuid_file(uid_t owner) const {
    auto file = directory_ / ("setuid-" + std::to_string(owner));
    std::filesystem::copy_file(Watch::actor("setid"), file);
    if (::chown(file.c_str(), owner, owner) != 0 || ::chmod(file.c_str(), 04755) != 0) throw std::runtime_error("setuid file");
    return file;
  }

  static Changes changes_of(pid_t pid) {
    Changes changes;
    for (const LiveRecord& record : Watch::of_process(pid))
      if (record.header().kind == HW_CREDENTIAL) changes.push_back(record.as<hw_credential>());
    return changes;
  }

  /// `act` in a new user namespace whose ids 0…65535 are the host's from `first` on. What was recorded of it.
  static Changes in_namespace(unsigned first, const std::function<bool()>& act) {
    const Gate made, mapped;
    Child child([&] {
      if (::unshare(CLONE_NEWUSER) != 0) return 10;
      made.open();
      mapped.pass();
      return act() ? 0 : 11;
    });
    made.pass();
    for (const char* map : {"uid_map", "gid_map"})
      std::ofstream("/proc/" + std::to_string(child.pid()) + "/" + map) << "0 " << first << " 65536\n";
    mapped.open();
    EXPECT_EQ(child.wait(), 0);
    return changes_of(child.pid());
  }

  static bool become(uid_t id) {
    return ::syscall(SYS_setgroups, 0, nullptr) == 0 && ::syscall(SYS_setresgid, id, id, id) == 0 &&
           ::syscall(SYS_setresuid, id, id, id) == 0;
  }

  static std::vector<PrivilegeGainFinding> gains(const Changes& changes, uint32_t container_level) {
    std::vector<PrivilegeGainFinding> found;
    for (const auto& change : changes)
      if (auto gain = judge_credentials(change, container_level)) found.push_back(std::move(*gain));
    return found;
  }

  std::filesystem::path directory_;
};
TYPED_TEST_SUITE_P(UserNamespace);

TYPED_TEST_P(UserNamespace, ASetuidFileOfItsRootIsAGainOfTheContainerAndNoneOfTheHost) {
  const auto file = this->setuid_file(100000);
  const auto seen = this->in_namespace(100000, [&] {
    const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    ::dup2(null, STDOUT_FILENO);
    return this->become(1000) && ::execl(file.c_str(), "setid", "show", nullptr) == 0;
  });
  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen.back().before.euid, 101000U);
  EXPECT_EQ(seen.back().after.euid, 100000U);
  EXPECT_EQ(seen.back().root_uid, 100000U);
  const auto own = this->gains(seen, 1);
  ASSERT_EQ(own.size(), 1U);
  EXPECT_TRUE(own[0].explained);
  EXPECT_TRUE(own[0].to_root);
  EXPECT_EQ(own[0].way, "setuid_file");
  EXPECT_TRUE(this->gains(seen, 0).empty());
}

TYPED_TEST_P(UserNamespace, ItsRootDropsAndTakesBackWithoutAGain) {
  const auto seen = this->in_namespace(100000, [] {
    return ::syscall(SYS_setresuid, 0, 0, 0) == 0 && ::syscall(SYS_setresuid, -1, 1000, -1) == 0 &&
           ::syscall(SYS_setresuid, -1, 0, -1) == 0;
  });
  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen.back().root_uid, 100000U);
  EXPECT_TRUE(this->gains(seen, 1).empty());
  EXPECT_TRUE(this->gains(seen, 0).empty());
}

TYPED_TEST_P(UserNamespace, RootOfAUsersOwnNamespaceIsNoGain) {
  Child user([&] {
    if (!this->become(1000) || ::prctl(PR_SET_DUMPABLE, 1) != 0 || ::unshare(CLONE_NEWUSER) != 0) return 10;
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/uid_map") << "0 1000 1\n";
    std::ofstream("/proc/self/gid_map") << "0 1000 1\n";
    return ::getuid() == 0 && ::sethostname("x", 1) != 0 && ::unshare(CLONE_NEWUTS) == 0 ? 0 : 11;
  });
  ASSERT_EQ(user.wait(), 0);
  const auto seen = this->changes_of(user.pid());
  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen.back().after.userns_level, 1U);
  EXPECT_TRUE(this->gains(seen, 0).empty());
}

TYPED_TEST_P(UserNamespace, SixExtentsAreReadToo) {
  const Gate made, mapped;
  Child child([&] {
    if (::unshare(CLONE_NEWUSER) != 0) return 10;
    made.open();
    mapped.pass();
    return ::syscall(SYS_setresuid, 1, 1, 1) == 0 ? 0 : 11;
  });
  made.pass();
  // In an order of its own: the kernel sorts what does not fit inside.
  std::ofstream("/proc/" + std::to_string(child.pid()) + "/uid_map")
      << "5 200005 1\n4 200004 1\n3 200003 1\n2 200002 1\n1 200001 1\n0 300000 1\n";
  mapped.open();
  ASSERT_EQ(child.wait(), 0);
  const auto seen = this->changes_of(child.pid());
  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen.back().root_uid, 300000U);
}

REGISTER_TYPED_TEST_SUITE_P(UserNamespace, ASetuidFileOfItsRootIsAGainOfTheContainerAndNoneOfTheHost,
                            ItsRootDropsAndTakesBackWithoutAGain, RootOfAUsersOwnNamespaceIsNoGain, SixExtentsAreReadToo);

}  // namespace hullwatch::test
