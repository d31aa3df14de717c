#include "enrich/cgroup_hierarchy.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <map>

#include "enrich/cgroup_tree.h"
#include "temp_tree.h"

namespace hullwatch {
namespace {

TEST(CgroupHierarchy, WalksParentsFirst) {
  const test::TempTree tree;
  const uint64_t inner = tree.make("a/b/c");
  const uint64_t outer = tree.make("a");
  const uint64_t late = tree.make("z");
  std::map<std::string, uint64_t> seen;
  std::string order;
  const auto hierarchy = CgroupHierarchy::open(tree.path());
  ASSERT_TRUE(hierarchy);
  const auto end = hierarchy->walk([&](const CgroupHierarchy::Directory& directory) {
    seen[directory.path] = directory.id;
    order += directory.path + " ";
    return true;
  });
  ASSERT_TRUE(end);
  EXPECT_EQ(end->seen, 4U);
  EXPECT_EQ(seen.at("/a"), outer);
  EXPECT_EQ(seen.at("/a/b/c"), inner);
  EXPECT_LT(order.find("/z"), order.find("/a/b")) << "the host's level comes before what lies deeper: " << order;
  EXPECT_EQ(hierarchy->path_of(inner), "/a/b/c");
  EXPECT_EQ(hierarchy->id_of("/z"), late);
  EXPECT_FALSE(hierarchy->path_of(1));
  EXPECT_FALSE(hierarchy->id_of("/../"));
}

TEST(CgroupHierarchy, TellsWhichOfManyExist) {
  const test::TempTree tree;
  const uint64_t inner = tree.make("a/b"), gone = tree.make("a/gone");
  tree.remove("a/gone");
  const auto hierarchy = CgroupHierarchy::open(tree.path());
  EXPECT_EQ(hierarchy->living(std::vector{gone, inner}).value(), std::unordered_set{inner});
  EXPECT_TRUE(hierarchy->living({})->empty());
}

TEST(CgroupHierarchy, AWalkIsBounded) {
  const test::TempTree tree;
  for (int i = 0; i < 10; ++i) tree.make("flood/" + std::to_string(i));
  size_t visited = 0;
  const auto end = CgroupHierarchy::open(tree.path())->walk([&](const auto&) { return ++visited > 0; }, 5);
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->truncated);
  EXPECT_EQ(visited, 5U);
}

TEST(CgroupHierarchy, LinksAreNotFollowed) {
  const test::TempTree tree;
  tree.make("real");
  std::filesystem::create_directory_symlink("/proc", tree.path() + "/link");
  const auto hierarchy = CgroupHierarchy::open(tree.path());
  EXPECT_EQ(hierarchy->walk([](const auto&) { return true; })->seen, 1U);
  EXPECT_FALSE(hierarchy->id_of("/link"));
}

TEST(CgroupHierarchy, FindsARealCgroupByItsId) {
  const auto tree = find_cgroup_tree();
  ASSERT_TRUE(tree);
  const std::string name = "/hullwatch-test-" + std::to_string(::getpid());
  if (::mkdir((tree->path + name).c_str(), 0755) != 0) GTEST_SKIP() << "no cgroup can be made in " << tree->path << " here";
  const auto hierarchy = CgroupHierarchy::open(tree->path);
  const auto id = hierarchy->id_of(name);
  const auto path = id ? hierarchy->path_of(*id) : std::nullopt;
  const auto before = id ? hierarchy->living(std::vector{*id}) : std::unordered_set<uint64_t>{};
  ::rmdir((tree->path + name).c_str());
  EXPECT_EQ(path, name);
  EXPECT_EQ(before.value(), std::unordered_set{*id});
  EXPECT_FALSE(hierarchy->path_of(*id)) << "it is gone";
  EXPECT_TRUE(hierarchy->living(std::vector{*id})->empty());
}

TEST(CgroupHierarchy, SaysWhichRootIsMissing) {
  const auto hierarchy = CgroupHierarchy::open("/nonexistent/cgroup");
  ASSERT_FALSE(hierarchy);
  EXPECT_NE(hierarchy.error().message.find("/nonexistent/cgroup"), std::string::npos);
}

}  // namespace
}  // namespace hullwatch
