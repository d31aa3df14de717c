#include "enrich/pids_limit.h"

#include <gtest/gtest.h>

#include "temp_tree.h"

namespace hullwatch {
namespace {

class PidsLimitTest : public ::testing::Test {
 protected:
  void cgroup(const std::string& path, const std::string& max, int current, int refused) {
    files_.write(path + "/pids.max", max + "\n");
    files_.write(path + "/pids.current", std::to_string(current) + "\n");
    files_.write(path + "/pids.events", "max " + std::to_string(refused) + "\n");
  }
  CgroupTree unified() {
    CgroupTree tree;
    tree.path = files_.path();
    return tree;
  }
  test::TempTree files_;
};

TEST_F(PidsLimitTest, ReadsTheContainersOwnLimit) {
  cgroup("docker/a", "100", 42, 7);
  const auto limit = read_pids_limit(unified(), "/docker/a");
  ASSERT_TRUE(limit) << limit.error().message;
  EXPECT_EQ(limit->max, 100);
  EXPECT_EQ(limit->limited_by, "/docker/a");
  EXPECT_EQ(limit->current, 42U);
  EXPECT_EQ(limit->refused, 7U);
}

TEST_F(PidsLimitTest, TheSmallestLimitAboveCounts) {
  cgroup("kubepods", "1000", 500, 0);
  cgroup("kubepods/pod", "64", 60, 3);
  cgroup("kubepods/pod/a", "max", 40, 0);
  const auto limit = read_pids_limit(unified(), "/kubepods/pod/a");
  EXPECT_EQ(limit->max, 64);
  EXPECT_EQ(limit->limited_by, "/kubepods/pod");
  EXPECT_EQ(limit->limited_current, 60U);
  EXPECT_EQ(limit->limited_refused, 3U);
  EXPECT_EQ(limit->current, 40U);
}

TEST_F(PidsLimitTest, NoLimitIsMinusOne) {
  cgroup("docker/a", "max", 1, 0);
  EXPECT_EQ(read_pids_limit(unified(), "/docker/a")->max, -1);
  EXPECT_EQ(read_pids_limit(unified(), "/docker/a")->limited_by, "");
}

TEST_F(PidsLimitTest, HybridAndV1ReadTheControllersOwnHierarchy) {
  cgroup("pids/docker/a", "9", 1, 0);
  files_.make("unified/docker/a");
  CgroupTree tree;
  tree.path = files_.path() + "/unified";
  tree.hybrid = true;
  tree.controllers["pids"] = files_.path() + "/pids";
  EXPECT_EQ(read_pids_limit(tree, "/docker/a")->max, 9);
}

TEST_F(PidsLimitTest, SaysWhichCgroupIsNotThere) {
  const auto limit = read_pids_limit(unified(), "/docker/gone");
  ASSERT_FALSE(limit);
  EXPECT_NE(limit.error().message.find("/docker/gone"), std::string::npos);
  EXPECT_FALSE(read_pids_limit(unified(), "/"));
  EXPECT_FALSE(read_pids_limit(unified(), "/../../etc"));
}

}  // namespace
}  // namespace hullwatch
