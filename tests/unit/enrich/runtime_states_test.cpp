#include "enrich/runtime_states.h"

#include <gtest/gtest.h>

#include "temp_tree.h"

namespace hullwatch {
namespace {

class RuntimeStatesTest : public ::testing::Test {
 protected:
  void runc(const std::string& id, const std::string& cgroups) {
    root_.write("run/runc/" + id + "/state.json", R"({"id":")" + id + R"(","cgroup_paths":{)" + cgroups + "}}");
  }
  test::TempTree root_;
  RuntimeStates states_{root_.path(), {"/run/runc"}, {"/run/crun"}};
};

TEST_F(RuntimeStatesTest, NamesAContainerWhoseCgroupSaysNothing) {
  runc("web", R"("":"/sys/fs/cgroup/unified/web","pids":"/sys/fs/cgroup/pids/web")");
  runc("db", R"("":"/sys/fs/cgroup/user.slice/db")");
  runc("old", R"("cpu":"/sys/fs/cgroup/cpu,cpuacct/group/old")");
  EXPECT_EQ(states_.refresh(), 3U);
  EXPECT_EQ(states_.identify("/web")->id, "web");
  EXPECT_EQ(states_.identify("/user.slice/db")->id, "db");
  EXPECT_EQ(states_.identify("/group/old")->id, "old");
  EXPECT_FALSE(states_.identify("/other/web")) << "it shares only the name";
  EXPECT_FALSE(states_.identify("/web/inner"));
}

TEST_F(RuntimeStatesTest, AContainerBeingMadeIsKnownBeforeItsState) {
  root_.make("run/runc/new");
  EXPECT_EQ(states_.identify("/some/new")->runtime, "runc");
  EXPECT_FALSE(states_.identify("/some/other"));
  EXPECT_FALSE(states_.identify("/some/.."));
}

TEST_F(RuntimeStatesTest, CrunsStatusIsRead) {
  root_.write("run/crun/web/status", R"({"pid":7,"cgroup-path":"/group/web","bundle":"/srv/b","rootfs":"/srv/b/rootfs"})");
  root_.write("run/crun/web/config.json", R"({"annotations":{"org.opencontainers.image.ref.name":"web:1"}})");
  states_.refresh();
  EXPECT_EQ(states_.identify("/group/web")->runtime, "crun");
  EXPECT_EQ(states_.find("web")->bundle, "/srv/b");
  EXPECT_EQ(states_.find("web")->told.image, "web:1");
}

TEST_F(RuntimeStatesTest, HostileStatesAreSkipped) {
  root_.write("run/runc/a/state.json", "{");
  root_.write("run/runc/b/state.json", R"({"id":"another"})");
  root_.write("run/runc/c/state.json",
              R"({"id":"c","cgroup_paths":{"":"/","pids":"/sys/fs/cgroup/pids","cpu":7,"memory":"x"}})");
  root_.write("run/runc/d/state.json", R"({"id":"d","cgroup_paths":[],"config":{"labels":["none",7,"k=v"]}})");
  EXPECT_EQ(states_.refresh(), 2U);
  EXPECT_FALSE(states_.identify("/"));
  EXPECT_FALSE(states_.find("a"));
  EXPECT_FALSE(states_.find("../runc/c"));
  EXPECT_EQ(states_.find("d")->told.labels.at("k"), "v");
}

}  // namespace
}  // namespace hullwatch
