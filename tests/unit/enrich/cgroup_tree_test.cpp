#include "enrich/cgroup_tree.h"

#include <gtest/gtest.h>

#include "temp_tree.h"

namespace hullwatch {
namespace {

Result<CgroupTree> tree_of(const std::string& mountinfo) {
  const test::TempTree files;
  return find_cgroup_tree(files.write("mountinfo", mountinfo));
}

TEST(CgroupTree, UnifiedAlone) {
  const auto tree = tree_of("30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
  ASSERT_TRUE(tree);
  EXPECT_EQ(tree->path, "/sys/fs/cgroup");
  EXPECT_EQ(tree->version, 2);
  EXPECT_FALSE(tree->hybrid);
  EXPECT_FALSE(tree->partial);
}

TEST(CgroupTree, HybridKeepsTheUnifiedTreeAndTheControllers) {
  const auto tree = tree_of(
      "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
      "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
      "39 31 0:36 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
      "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"
      "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  ASSERT_TRUE(tree);
  EXPECT_EQ(tree->path, "/sys/fs/cgroup/unified");
  EXPECT_TRUE(tree->hybrid);
  EXPECT_EQ(tree->controllers.at("pids"), "/sys/fs/cgroup/pids");
  EXPECT_EQ(tree->controllers.at("cpuacct"), "/sys/fs/cgroup/cpu,cpuacct");
}

TEST(CgroupTree, PureV1TakesPidsThenMemory) {
  const std::string memory = "33 31 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
  const auto without = tree_of(memory);
  ASSERT_TRUE(without);
  EXPECT_EQ(without->path, "/sys/fs/cgroup/memory");
  EXPECT_EQ(without->version, 1);
  EXPECT_EQ(tree_of(memory + "39 31 0:36 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n")->path, "/sys/fs/cgroup/pids");
}

TEST(CgroupTree, PrefersTheWholeHierarchyToABindMountOfAPart) {
  const auto tree = tree_of(
      "50 23 0:38 /docker/x /c rw - cgroup2 cgroup2 rw\n"
      "41 31 0:38 / /host\\040root/sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
      "42 31 0:38 / /host\\040root/sys/fs/cgroup/again/deeper rw - cgroup2 cgroup2 rw\n");
  ASSERT_TRUE(tree);
  EXPECT_EQ(tree->path, "/host root/sys/fs/cgroup");
  EXPECT_FALSE(tree->partial);
}

TEST(CgroupTree, SaysWhenOnlyAPartIsSeen) {
  EXPECT_TRUE(tree_of("50 23 0:38 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")->partial);
}

TEST(CgroupTree, NothingMountedIsAnErrorThatSaysSo) {
  const auto tree = tree_of("23 27 0:22 / /sys rw - sysfs sysfs rw\ngarbage\n\n1 2 - -\n");
  ASSERT_FALSE(tree);
  EXPECT_NE(tree.error().message.find("neither cgroup2"), std::string::npos);
  EXPECT_FALSE(find_cgroup_tree("/nonexistent/mountinfo"));
}

TEST(CgroupTree, ThisMachineHasOne) {
  const auto tree = find_cgroup_tree();
  ASSERT_TRUE(tree) << tree.error().message;
  EXPECT_TRUE(std::filesystem::is_directory(tree->path));
}

}  // namespace
}  // namespace hullwatch
