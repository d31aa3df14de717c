#include "enrich/node_scan.h"

#include <gtest/gtest.h>

#include "temp_tree.h"

namespace hullwatch {
namespace {

using test::id64;

TEST(NodeScan, ShowsEachContainerOnceWithItsName) {
  const test::TempTree node;
  node.make("cgroup/docker/" + id64('a') + "/init.scope");
  node.make("cgroup/web");
  node.make("cgroup/user.slice/docker-" + id64('a') + ".scope");
  node.make("cgroup/system.slice/ssh.service");
  node.write("root/var/lib/docker/containers/" + id64('a') + "/config.v2.json",
             R"({"ID":")" + id64('a') + R"(","Name":"/api"})");
  node.write("root/run/runc/web/state.json", R"({"id":"web","cgroup_paths":{"":"/sys/fs/cgroup/web"}})");
  MetadataPaths paths;
  paths.host_root = node.path() + "/root";
  CgroupTree tree;
  tree.path = node.path() + "/cgroup";
  const auto found = look_at_node(paths, tree);
  ASSERT_TRUE(found) << found.error().message;
  std::string names;
  for (const Container& container : *found) {
    EXPECT_NE(container.state, Container::Metadata::pending);
    if (!container.duplicate) names += container.runtime + ":" + container.meta.name + " ";
  }
  EXPECT_EQ(found->size(), 3U) << "one of them spells the id of another";
  EXPECT_NE(names.find("runc:web "), std::string::npos) << names;
  tree.path += "/nonexistent";
  EXPECT_FALSE(look_at_node(paths, tree));
}

}  // namespace
}  // namespace hullwatch
