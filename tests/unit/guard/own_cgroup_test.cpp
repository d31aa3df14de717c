#include "guard/own_cgroup.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "unit/enrich/temp_tree.h"

namespace hullwatch {
namespace {

using ::testing::HasSubstr;

class OwnCgroupTest : public ::testing::Test {
 protected:
  OwnCgroupTest() {
    scene_.proc_root = files_.path() + "/proc";
    scene_.systemd = files_.path() + "/systemd";
    is_in("0::/\n1:cpu:/\n");
  }
  void is_in(const std::string& lines) { files_.write("proc/" + std::to_string(::getpid()) + "/cgroup", lines); }
  /// The unified hierarchy alone. cgroup files are there as the kernel makes them, with the cgroup.
  void unified() {
    scene_.tree.path = files_.path() + "/unified";
    files_.write("unified/cgroup.controllers", "cpuset cpu io memory pids\n");
    files_.write("unified/cgroup.subtree_control", "memory pids\n");
    files_.write("unified/cgroup.procs", "");
    for (const char* name : {"cpu.weight", "cgroup.procs"}) files_.write("unified/hullwatch-daemon/" + std::string(name), "");
  }
  /// v1's cpu controller beside it.
  void hybrid() {
    unified();
    scene_.tree.hybrid = true;
    scene_.tree.controllers["cpu"] = files_.path() + "/cpu";
    files_.write("cpu/cgroup.procs", "");
    for (const char* name : {"cpu.shares", "cgroup.procs"}) files_.write("cpu/hullwatch-daemon/" + std::string(name), "");
  }
  [[nodiscard]] std::string text(const std::string& file) const {
    std::ifstream in(files_.path() + '/' + file);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  [[nodiscard]] std::string entered(uint64_t weight) const {
    const auto own = OwnCgroup::enter(scene_, weight, false);
    return own ? "" : own.error().message;
  }

  test::TempTree files_;
  CgroupScene scene_;
  const std::string pid_ = std::to_string(::getpid());
};

TEST_F(OwnCgroupTest, OfTheUnifiedHierarchyHasTheWeightAndTheProcess) {
  unified();
  EXPECT_EQ(entered(1000), "");
  EXPECT_EQ(text("unified/hullwatch-daemon/cpu.weight"), "1000");
  EXPECT_EQ(text("unified/hullwatch-daemon/cgroup.procs"), pid_);
  EXPECT_THAT(text("unified/cgroup.subtree_control"), HasSubstr("+cpu"));
}

TEST_F(OwnCgroupTest, IsLeftAtTheEnd) {
  unified();
  {
    const auto own = OwnCgroup::enter(scene_, 1000, false);
    ASSERT_TRUE(own);
    EXPECT_EQ(text("unified/cgroup.procs"), "");
  }
  EXPECT_EQ(text("unified/cgroup.procs"), pid_);
}

TEST_F(OwnCgroupTest, OfV1HasSharesInProportion) {
  hybrid();
  EXPECT_EQ(entered(1000), "");
  EXPECT_EQ(text("cpu/hullwatch-daemon/cpu.shares"), "10240");
  EXPECT_EQ(text("cpu/hullwatch-daemon/cgroup.procs"), pid_);
  EXPECT_EQ(text("unified/hullwatch-daemon/cgroup.procs"), "");
}

TEST_F(OwnCgroupTest, OfV1HasARealtimeBudgetWhereTheKernelKeepsOne) {
  hybrid();
  files_.write("cpu/hullwatch-daemon/cpu.rt_runtime_us", "0");
  EXPECT_EQ(entered(100), "");
  EXPECT_EQ(text("cpu/hullwatch-daemon/cpu.rt_runtime_us"), "900000");
}

TEST_F(OwnCgroupTest, IsEnteredAgainByWhoWasStartedInIt) {
  unified();
  is_in("0::/hullwatch-daemon\n");
  EXPECT_EQ(OwnCgroup::why_not(scene_), "");
}

TEST_F(OwnCgroupTest, IsNotForAUnitOfSystemds) {
  unified();
  files_.make("systemd");
  EXPECT_THAT(entered(1000), HasSubstr("CPUWeight="));
  EXPECT_EQ(text("unified/hullwatch-daemon/cgroup.procs"), "");
}

TEST_F(OwnCgroupTest, IsNotForWhoWasStartedInAnotherCgroup) {
  unified();
  is_in("0::/docker/box\n");
  EXPECT_THAT(entered(1000), HasSubstr("/docker/box"));
  EXPECT_EQ(text("unified/cgroup.subtree_control"), "memory pids\n");
}

TEST_F(OwnCgroupTest, IsNotForACgroupNamespace) {
  unified();
  files_.make("proc/self/ns");
  std::filesystem::create_symlink("cgroup:[4026532444]", files_.path() + "/proc/self/ns/cgroup");
  EXPECT_THAT(entered(1000), HasSubstr("cgroup namespace"));
}

TEST_F(OwnCgroupTest, NeedsTheController) {
  unified();
  files_.write("unified/cgroup.controllers", "cpuset io memory pids\n");
  EXPECT_THAT(entered(1000), HasSubstr("no cpu controller"));
}

TEST_F(OwnCgroupTest, ThatTakesNobodyIsAnErrorAndLeftAgain) {
  unified();
  files_.remove("unified/hullwatch-daemon/cgroup.procs");
  EXPECT_THAT(entered(1000), HasSubstr("cgroup.procs"));
  EXPECT_EQ(text("unified/cgroup.procs"), pid_);
}

}  // namespace
}  // namespace hullwatch
