#include <gtest/gtest.h>

#include "support/field_value.h"
#include "support/world.h"

namespace hullwatch {
namespace {

using namespace test;

class ContainerFields : public testing::Test {
 protected:
  std::string in(const Container& container, std::string_view field) {
    const auto event = exec("/bin/x").in(container).at(5'000'000'000).build();
    return shown(world_.take_in(event), field);
  }
  std::string with_image(std::string_view image, std::string_view field) { return in(world_.container("c", image), field); }
  World world_;
};

TEST_F(ContainerFields, OutsideOfContainersAllIsHost) {
  const auto event = exec("/bin/x").build();
  const auto context = world_.take_in(event);
  for (const auto* field : {"container.id", "container.full_id", "container.name", "container.type"})
    EXPECT_EQ(shown(context, field), "host") << field;
  for (const auto* field : {"container.image", "container.image.repository", "container.privileged", "container.start_ts"})
    EXPECT_EQ(shown(context, field), kMissing) << field;
}

TEST_F(ContainerFields, AContainerIsNamed) {
  auto& web = world_.container("web", "nginx:1.27");
  EXPECT_EQ(in(web, "container.id"), web.id.substr(0, 12));
  EXPECT_EQ(in(web, "container.full_id"), web.id);
  EXPECT_EQ(in(web, "container.name"), "web");
  EXPECT_EQ(in(web, "container.type"), "docker");
  EXPECT_EQ(in(web, "container.privileged"), "false");
  EXPECT_EQ(in(web, "container.metadata"), "ready");
}

TEST_F(ContainerFields, AContainerNotResolvedYetIsNoHost) {
  const auto event = exec("/bin/x").home(4242).build();
  const auto context = world_.take_in(event);
  EXPECT_EQ(shown(context, "container.id"), "<NA>");
  EXPECT_EQ(shown(context, "container.name"), kMissing);
  EXPECT_EQ(shown(context, "container.cgroup_id"), "4242");
}

TEST_F(ContainerFields, PendingMetadataIsMissingNotEmpty) {
  auto& web = world_.container("web");
  web.state = Container::Metadata::pending;
  EXPECT_EQ(in(web, "container.image.repository"), kMissing);
  EXPECT_EQ(in(web, "container.privileged"), kMissing);
  EXPECT_EQ(in(web, "container.id"), web.id.substr(0, 12));
  EXPECT_EQ(in(web, "container.metadata"), "pending");
}

TEST_F(ContainerFields, AnImageIsTakenApart) {
  EXPECT_EQ(with_image("nginx:1.27", "container.image.repository"), "nginx");
  EXPECT_EQ(with_image("nginx:1.27", "container.image.tag"), "1.27");
  EXPECT_EQ(with_image("registry:5000/a/b", "container.image.repository"), "registry:5000/a/b");
  EXPECT_EQ(with_image("registry:5000/a/b", "container.image.tag"), "latest");
  EXPECT_EQ(with_image("registry:5000/a/b:v1@sha256:12", "container.image.repository"), "registry:5000/a/b");
  EXPECT_EQ(with_image("registry:5000/a/b:v1@sha256:12", "container.image.tag"), "v1");
  EXPECT_EQ(with_image("registry:5000/a/b@sha256:12", "container.image.digest"), "sha256:12");
  EXPECT_EQ(with_image("registry:5000/a/b@sha256:12", "container.image.tag"), kMissing);
  EXPECT_EQ(with_image("sha256:abcd", "container.image.repository"), kMissing);
}

TEST_F(ContainerFields, LabelsAreFoundByKey) {
  auto& web = world_.container("web");
  web.meta.labels = {{"com.example.team", "a"}, {"empty", ""}};
  EXPECT_EQ(in(web, "container.label[com.example.team]"), "a");
  EXPECT_EQ(in(web, "container.label[empty]"), "");
  EXPECT_EQ(in(web, "container.label[other]"), kMissing);
  EXPECT_EQ(in(web, "container.labels"), "com.example.team:a, empty:");
}

TEST_F(ContainerFields, StartIsKnownWhenItsCgroupWasSeen) {
  auto& web = world_.container("web");
  web.created_ns = 2'000'000'000;
  EXPECT_EQ(in(web, "container.duration"), "3000000000");
  EXPECT_EQ(in(web, "container.start_ts"), std::to_string(World::kBootWall + 2'000'000'000));
  web.created_ns = 0;
  EXPECT_EQ(in(web, "container.duration"), kMissing);
}

TEST_F(ContainerFields, PodsHaveTheirNames) {
  auto& web = world_.container("web");
  web.meta.pod = "web-0";
  web.meta.pod_namespace = "shop";
  EXPECT_EQ(in(web, "k8s.pod.name"), "web-0");
  EXPECT_EQ(in(web, "k8s.ns.name"), "shop");
  EXPECT_EQ(in(web, "k8s.pod.uid"), kMissing);
}

}  // namespace
}  // namespace hullwatch
