#include <gmock/gmock.h>

#include <thread>

#include "respond_fixture.h"

namespace hullwatch {
namespace {

using test::Child;
using test::RespondTest;
using ::testing::HasSubstr;
using Kind = ResponseAction::Kind;
using enum ResponseResult;

using CgroupResponse = RespondTest;

TEST_F(CgroupResponse, FreezesByTheUnifiedHierarchy) {
  unified();
  const auto effect = carry_out(order(Kind::freeze));
  EXPECT_EQ(effect.result, done) << effect.reason;
  EXPECT_EQ(effect.reason, "");
  EXPECT_EQ(effect.target, files_.path() + "/unified/docker/box/cgroup.freeze");
  EXPECT_EQ(text("unified/docker/box/cgroup.freeze"), "1\n");
}

TEST_F(CgroupResponse, SaysThatItIsFrozenAlready) {
  unified();
  files_.write("unified/docker/box/cgroup.freeze", "1\n");
  const auto effect = carry_out(order(Kind::freeze));
  EXPECT_EQ(effect.result, done);
  EXPECT_EQ(effect.reason, "already frozen");
}

TEST_F(CgroupResponse, SaysThatTasksDoNotStopYet) {
  unified();
  files_.write("unified/docker/box/cgroup.events", "populated 1\nfrozen 0\n");
  EXPECT_EQ(carry_out(order(Kind::freeze)).reason, "asked for; some tasks do not stop yet");
}

TEST_F(CgroupResponse, ThawsWhatIsFrozen) {
  unified();
  files_.write("unified/docker/box/cgroup.freeze", "1\n");
  files_.write("unified/docker/box/cgroup.events", "populated 1\nfrozen 0\n");
  const auto effect = carry_out(order(Kind::thaw));
  EXPECT_EQ(effect.result, done);
  EXPECT_EQ(effect.reason, "");
  EXPECT_EQ(text("unified/docker/box/cgroup.freeze"), "0\n");
  EXPECT_EQ(carry_out(order(Kind::thaw)).reason, "not frozen");
}

TEST_F(CgroupResponse, FreezesAndThawsByV1sOwnHierarchy) {
  v1();
  EXPECT_EQ(carry_out(order(Kind::freeze)).target, files_.path() + "/freezer/docker/box/freezer.state");
  EXPECT_EQ(text("freezer/docker/box/freezer.state"), "FROZEN\n");
  EXPECT_EQ(carry_out(order(Kind::freeze)).reason, "already frozen");
  EXPECT_EQ(carry_out(order(Kind::thaw)).result, done);
  EXPECT_EQ(text("freezer/docker/box/freezer.state"), "THAWED\n");
}

TEST_F(CgroupResponse, UsesV1sFreezerOfAHybridNodeWithoutCgroupFreeze) {
  unified();
  v1_controllers();
  files_.remove("unified/docker/box/cgroup.freeze");
  EXPECT_EQ(carry_out(order(Kind::freeze)).result, done);
  EXPECT_EQ(text("freezer/docker/box/freezer.state"), "FROZEN\n");
}

TEST_F(CgroupResponse, FailsWithoutAnyFreezer) {
  unified();
  files_.remove("unified/docker/box/cgroup.freeze");
  const auto effect = carry_out(order(Kind::freeze));
  EXPECT_EQ(effect.result, failed);
  EXPECT_EQ(effect.reason, "neither cgroup.freeze nor a v1 freezer hierarchy is there");
}

TEST_F(CgroupResponse, ClampsWhereThePidsControllerIs) {
  unified();
  v1_controllers();
  const auto effect = carry_out(order(Kind::clamp_pids, 50));
  EXPECT_EQ(effect.result, done) << effect.reason;
  EXPECT_EQ(effect.reason, "pids.max was max");
  EXPECT_EQ(text("pids/docker/box/pids.max"), "50\n");
  EXPECT_EQ(text("unified/docker/box/pids.max"), "max\n");
}

TEST_F(CgroupResponse, NeverLiftsALimit) {
  unified();
  files_.write("unified/docker/box/pids.max", "20\n");
  EXPECT_EQ(carry_out(order(Kind::clamp_pids, 50)).reason, "already: pids.max is 20");
  EXPECT_EQ(text("unified/docker/box/pids.max"), "20\n");
}

TEST_F(CgroupResponse, FailsWithTheFileThatIsMissing) {
  unified();
  files_.remove("unified/docker/box/pids.max");
  const auto effect = carry_out(order(Kind::clamp_pids, 50));
  EXPECT_EQ(effect.result, failed);
  EXPECT_THAT(effect.reason, HasSubstr("/unified/docker/box/pids.max: No such file"));
}

TEST_F(CgroupResponse, KillsByCgroupKill) {
  unified();
  files_.write("unified/docker/box/cgroup.kill", "");
  const auto effect = carry_out(order(Kind::kill_container));
  EXPECT_EQ(text("unified/docker/box/cgroup.kill"), "1\n");
  EXPECT_EQ(effect.result, failed);  // no kernel empties these directories
  EXPECT_EQ(effect.reason, "1 process left: killed, not gone yet");
}

TEST_F(CgroupResponse, KillsNobodyInAnEmptyContainer) {
  unified();
  files_.write("unified/docker/box/cgroup.kill", "");
  files_.write("unified/docker/box/cgroup.events", "populated 0\nfrozen 0\n");
  EXPECT_EQ(carry_out(order(Kind::kill_container)).reason, "already: no process is left");
  EXPECT_EQ(text("unified/docker/box/cgroup.kill"), "");
}

TEST_F(CgroupResponse, KillsEachThatIsStillInTheContainerWhereThereIsNoCgroupKill) {
  v1();
  Child in, below, moved;
  files_.write("pids/docker/box/cgroup.procs", std::to_string(in.pid()) + "\n" + std::to_string(moved.pid()) + "\n");
  files_.write("pids/docker/box/nested/cgroup.procs", std::to_string(below.pid()) + "\n");
  files_.write("proc/" + std::to_string(in.pid()) + "/cgroup", "8:pids:/docker/box\n");
  files_.write("proc/" + std::to_string(below.pid()) + "/cgroup", "9:cpu:/\n8:pids:/docker/box/nested\n");
  files_.write("proc/" + std::to_string(moved.pid()) + "/cgroup", "8:pids:/docker/boxer\n");
  EXPECT_EQ(carry_out(order(Kind::kill_container)).reason, "3 processes left: killed, not gone yet");
  EXPECT_EQ(in.ended_by(), SIGKILL);
  EXPECT_EQ(below.ended_by(), SIGKILL);
  EXPECT_TRUE(moved.lives());
  EXPECT_EQ(text("freezer/docker/box/freezer.state"), "THAWED\n");
}

TEST_F(CgroupResponse, AContainerThatItsRuntimeRemovesMeanwhileIsKilled) {
  v1();
  Child child;
  files_.write("pids/docker/box/cgroup.procs", std::to_string(child.pid()) + "\n");
  files_.write("proc/" + std::to_string(child.pid()) + "/cgroup", "8:pids:/docker/box\n");
  std::thread runtime([&] {
    EXPECT_EQ(child.ended_by(), SIGKILL);
    files_.remove("pids/docker/box");
  });
  scene_.patience = std::chrono::seconds(20);
  const auto effect = carry_out(order(Kind::kill_container));
  runtime.join();
  EXPECT_EQ(effect.result, done);
  EXPECT_EQ(effect.reason, "1 process killed");
}

TEST_F(CgroupResponse, WritesNothingInADryRun) {
  unified();
  files_.write("unified/docker/box/cgroup.kill", "");
  scene_.dry_run = true;
  for (const Kind kind : {Kind::freeze, Kind::clamp_pids, Kind::kill_container})
    EXPECT_EQ(carry_out(order(kind, 5)).result, dry_run) << response_name(kind);
  EXPECT_EQ(text("unified/docker/box/cgroup.freeze"), "0\n");
  EXPECT_EQ(text("unified/docker/box/pids.max"), "max\n");
  EXPECT_EQ(text("unified/docker/box/cgroup.kill"), "");
}

TEST_F(CgroupResponse, RefusesTheHost) {
  unified();
  home_ = 0;
  for (const Kind kind : {Kind::freeze, Kind::thaw, Kind::clamp_pids, Kind::kill_container, Kind::signal}) {
    const auto effect = carry_out(order(kind, 9));
    EXPECT_EQ(effect.result, refused) << response_name(kind);
    EXPECT_EQ(effect.reason, "it is about the host: responses are for containers");
  }
}

TEST_F(CgroupResponse, RefusesTheRootAndWhatIsNotKnown) {
  unified();
  auto root = order(Kind::freeze), unknown = order(Kind::freeze);
  root.cgroup_path = "/";
  unknown.cgroup_path.clear();
  EXPECT_EQ(carry_out(root).reason, "the root cgroup holds the host");
  EXPECT_EQ(carry_out(unknown).reason, "the container's cgroup is not known");
  EXPECT_EQ(carry_out(unknown).result, refused);
}

TEST_F(CgroupResponse, RefusesTheCgroupThatHoldsHullwatch) {
  unified();
  v1_controllers();
  for (const char* own : {"0::/docker/box\n", "0::/docker/box/init\n", "0::/\n8:pids:/docker/box\n",
                          "0::/\n6:cpu,freezer:/docker/box/deeper\n"}) {
    own_cgroups(own);
    const auto effect = carry_out(order(Kind::freeze));
    EXPECT_EQ(effect.result, refused) << own;
    EXPECT_EQ(effect.reason, "hullwatch itself runs in cgroup /docker/box");
  }
  own_cgroups("0::/docker/boxer\n8:pids:/docker\n");
  EXPECT_EQ(carry_out(order(Kind::freeze)).result, done);
}

TEST_F(CgroupResponse, RefusesWhereHullwatchCannotTellItsOwnCgroup) {
  unified();
  files_.make("proc/self/ns");
  std::filesystem::create_symlink("cgroup:[4026532000]", files_.path() + "/proc/self/ns/cgroup");
  EXPECT_EQ(carry_out(order(Kind::freeze)).result, refused);
  EXPECT_EQ(text("unified/docker/box/cgroup.freeze"), "0\n");
}

TEST_F(CgroupResponse, FailsWhenAnotherCgroupTookThePath) {
  unified();
  auto earlier = order(Kind::freeze);
  earlier.home = home_ + 1;
  const auto effect = carry_out(earlier);
  EXPECT_EQ(effect.result, failed);
  EXPECT_EQ(effect.reason, "the container is gone: another cgroup has the path /docker/box");
  EXPECT_EQ(text("unified/docker/box/cgroup.freeze"), "0\n");
}

TEST_F(CgroupResponse, FollowsNoLinkOutOfTheHierarchy) {
  unified();
  std::filesystem::create_directory_symlink("box", files_.path() + "/unified/docker/link");
  auto linked = order(Kind::freeze);
  linked.cgroup_path = "/docker/link";
  EXPECT_EQ(carry_out(linked).result, failed);
}

}  // namespace
}  // namespace hullwatch
