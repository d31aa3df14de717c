#include "enrich/container_index.h"

#include <gtest/gtest.h>

#include <map>

#include "support/event_builder.h"
#include "temp_tree.h"

namespace hullwatch {
namespace {

using test::id64;
using test::makes_cgroup;
using test::removes_cgroup;

const std::string kWeb = "/docker/" + id64('a');

test::CgroupBuilder makes(uint64_t id, const std::string& path, uint64_t parent, uint64_t time_ns = 1000) {
  return makes_cgroup(id, path).with([=](hw_cgroup& c) {
    c.parent_id = parent;
    c.h.time_ns = time_ns;
  });
}

ContainerMetadata named(const std::string& name, const std::string& runtime = "") {
  ContainerMetadata metadata;
  metadata.name = name;
  metadata.runtime = runtime;
  return metadata;
}

class ContainerIndexTest : public ::testing::Test {
 protected:
  const Container* take(test::CgroupBuilder builder) {
    const auto event = builder.build();
    return index_.update(event);
  }
  test::TempTree tree_;
  ContainerIndex index_{tree_.path(), 64, 1000};
};

TEST_F(ContainerIndexTest, AContainerBeginsWithItsCgroup) {
  std::vector<std::string> began;
  index_.on_container([&](const Container& container) { began.push_back(container.id); });
  EXPECT_EQ(take(makes(10, "/docker", 1)), nullptr);
  const Container* container = take(makes(11, kWeb, 10));
  ASSERT_NE(container, nullptr);
  EXPECT_EQ(container->id, id64('a'));
  EXPECT_EQ(container->runtime, "docker");
  EXPECT_EQ(container->created_ns, 1000U);
  EXPECT_EQ(container->state, Container::Metadata::pending);
  EXPECT_EQ(index_.find(11), container);
  EXPECT_EQ(began, std::vector{id64('a')});
  EXPECT_EQ(index_.stats().resolved_by_event, 1U);
}

TEST_F(ContainerIndexTest, WhatItMakesInsideBelongsToIt) {
  take(makes(11, kWeb, 10));
  EXPECT_EQ(take(makes(12, kWeb + "/docker/" + id64('b'), 11)), nullptr) << "a spelt name begins no container";
  EXPECT_EQ(index_.find(12)->id, id64('a'));
  EXPECT_EQ(index_.find(11)->nested, id64('b'));
  EXPECT_EQ(index_.homes().at(12), 11U);
  EXPECT_EQ(index_.homes().at(11), 11U);
}

TEST_F(ContainerIndexTest, WhatAContainerMakesOutsideItsOwnIsNoContainerWhateverItsName) {
  take(makes(11, kWeb, 10));
  const uint64_t forged = tree_.make("docker-" + id64('c') + ".scope");
  take(makes(forged, "/docker-" + id64('c') + ".scope", 1).with([](hw_cgroup& c) { c.h.home = 11; }));
  EXPECT_EQ(index_.find(forged), nullptr);
  ASSERT_TRUE(index_.scan());
  EXPECT_EQ(index_.find(forged), nullptr) << "a later scan does not believe the name either";
  EXPECT_EQ(index_.stats().look_alikes, 1U);
}

TEST_F(ContainerIndexTest, ACgroupThatIsGoneWithoutARecordIsForgotten) {
  const uint64_t web = tree_.make(kWeb), stays = tree_.make(kWeb + "/stays"), goes = tree_.make(kWeb + "/goes");
  ASSERT_TRUE(index_.scan());
  std::map<uint64_t, uint64_t> told;
  index_.on_cgroup([&](uint64_t cgroup, uint64_t home) { told[cgroup] = home; });
  tree_.remove(kWeb + "/goes");
  EXPECT_EQ(index_.forget_gone(std::vector{stays, goes}).value(), std::unordered_set{stays});
  EXPECT_EQ(index_.homes(), (std::unordered_map<uint64_t, uint64_t>{{web, web}, {stays, web}}));
  EXPECT_EQ(told, (std::map<uint64_t, uint64_t>{{goes, 0}}));
  EXPECT_EQ(index_.stats().removals_missed, 0U) << "it was no container's own";
  tree_.remove(kWeb);
  ASSERT_TRUE(index_.forget_gone(std::vector{web}));
  EXPECT_NE(index_.find(web)->removed_ns, 0U);
  EXPECT_EQ(index_.stats().removals_missed, 1U);
}

TEST_F(ContainerIndexTest, TheKernelIsToldOfEachCgroupThatItTookForAnothers) {
  std::vector<std::pair<uint64_t, uint64_t>> told;
  index_.on_cgroup([&](uint64_t cgroup, uint64_t home) { told.emplace_back(cgroup, home); });
  take(makes(11, kWeb, 10));
  take(makes(12, kWeb + "/known", 11).with([](hw_cgroup& c) { c.outermost = 11; }));
  take(makes(13, kWeb + "/unknown", 11).with([](hw_cgroup& c) { c.outermost = 0; }));
  take(removes_cgroup(12));
  const std::vector<std::pair<uint64_t, uint64_t>> wanted = {{11, 11}, {13, 11}, {12, 0}};
  EXPECT_EQ(told, wanted);
}

TEST_F(ContainerIndexTest, ScanFindsWhatWasThereBefore) {
  const uint64_t web = tree_.make(kWeb);
  const uint64_t inner = tree_.make(kWeb + "/init.scope");
  tree_.make("system.slice/ssh.service");
  EXPECT_EQ(index_.scan().value(), 1U);
  EXPECT_EQ(index_.find(inner)->cgroup_id, web);
  EXPECT_EQ(index_.find(web)->created_ns, 0U);
  EXPECT_EQ(index_.stats().resolved_by_scan, 1U);
  EXPECT_EQ(index_.stats().looked_up, 0U);
}

TEST_F(ContainerIndexTest, ItsEventAfterTheScanTellsWhenItBeganButNotTwice) {
  int began = 0;
  index_.on_container([&](const Container&) { ++began; });
  const uint64_t web = tree_.make(kWeb);
  ASSERT_TRUE(index_.scan());
  ASSERT_NE(take(makes(web, kWeb, 10, 7)), nullptr);
  EXPECT_EQ(index_.find(web)->created_ns, 7U);
  EXPECT_EQ(began, 1);
}

TEST_F(ContainerIndexTest, AnUnknownIdIsLookedUpOnce) {
  const uint64_t inner = tree_.make(kWeb + "/x/y");
  const uint64_t host = tree_.make("system.slice");
  ASSERT_NE(index_.find(inner), nullptr);
  EXPECT_EQ(index_.find(inner)->cgroup_path, kWeb);
  EXPECT_EQ(index_.find(host), nullptr);
  EXPECT_EQ(index_.find(host), nullptr);
  EXPECT_EQ(index_.stats().looked_up, 2U);
  EXPECT_EQ(index_.stats().unknown, 1U);
  EXPECT_EQ(index_.find(0), nullptr) << "the host is nobody's unknown";
  EXPECT_EQ(index_.stats().looked_up, 2U);
}

TEST_F(ContainerIndexTest, AnIdLookedUpInVainIsKnownOnceItIsMade) {
  EXPECT_EQ(index_.find(4711), nullptr);
  take(makes(4711, kWeb, 10));
  EXPECT_NE(index_.find(4711), nullptr);
}

TEST_F(ContainerIndexTest, ARemovedContainerIsFoundForItsGrace) {
  take(makes(11, kWeb, 10));
  take(removes_cgroup(11).with([](hw_cgroup& c) { c.h.time_ns = 5000; }));
  ASSERT_NE(index_.find(11), nullptr);
  EXPECT_EQ(index_.find(11)->removed_ns, 5000U);
  index_.expire(6000);
  EXPECT_NE(index_.find(11), nullptr);
  index_.expire(6001);
  EXPECT_EQ(index_.find(11), nullptr);
  EXPECT_TRUE(index_.homes().empty());
}

TEST_F(ContainerIndexTest, AnIdUsedAgainIsTheNewContainer) {
  take(makes(11, kWeb, 10));
  index_.set_metadata(11, Container::Metadata::ready, named("web"));
  take(removes_cgroup(11));
  take(makes(11, "/docker/" + id64('b'), 10, 9000));
  EXPECT_EQ(index_.find(11)->id, id64('b'));
  EXPECT_EQ(index_.find(11)->meta.name, "");
  EXPECT_EQ(index_.find(11)->removed_ns, 0U);
}

TEST_F(ContainerIndexTest, ARestartedContainerIsNewAndItsFormerSelfWaitsOutItsGrace) {
  take(makes(11, kWeb, 10));
  take(removes_cgroup(11));
  const Container* again = take(makes(12, kWeb, 10, 2000));
  ASSERT_NE(again, nullptr);
  EXPECT_FALSE(again->duplicate);
  EXPECT_NE(index_.find(11)->removed_ns, 0U);
}

TEST_F(ContainerIndexTest, ASecondLivingContainerOfOneIdIsNotBelieved) {
  const uint64_t web = tree_.make(kWeb);
  ASSERT_TRUE(index_.scan());
  const std::string spelt = "/user.slice/user-1000.slice/docker-" + id64('a') + ".scope";
  const Container* liar = take(makes(99, spelt, 10));
  ASSERT_NE(liar, nullptr);
  EXPECT_TRUE(liar->duplicate);
  index_.set_metadata(99, Container::Metadata::ready, named("web"));
  EXPECT_EQ(index_.find(99)->meta.name, "");
  EXPECT_EQ(index_.find(99)->state, Container::Metadata::unavailable);
  EXPECT_FALSE(index_.find(web)->duplicate);
  EXPECT_EQ(index_.stats().duplicates, 1U);
}

TEST_F(ContainerIndexTest, OfTwoThatSayTheSameTheOneInAUsersSliceIsNotBelieved) {
  const std::string spelt = "/user.slice/docker-" + id64('a') + ".scope";
  const uint64_t liar = tree_.make(spelt);
  ASSERT_NE(index_.find(liar), nullptr);
  EXPECT_FALSE(index_.find(liar)->duplicate);
  take(makes(11, kWeb, 10));
  EXPECT_TRUE(index_.find(liar)->duplicate);
  EXPECT_FALSE(index_.find(11)->duplicate);
}

TEST_F(ContainerIndexTest, ARestartWhoseEndWasLostIsNoDuplicate) {
  take(makes(11, kWeb, 10));  // its cgroup is not in the tree: it ended, and the record of that was lost
  const Container* moved = take(makes(12, "/other/docker/" + id64('a'), 10));
  ASSERT_NE(moved, nullptr);
  EXPECT_FALSE(moved->duplicate);
  EXPECT_NE(index_.find(11)->removed_ns, 0U);
  EXPECT_EQ(index_.stats().removals_missed, 1U);
}

TEST_F(ContainerIndexTest, AScanFindsRemovalsThatWereNotTold) {
  tree_.make(kWeb);
  ASSERT_TRUE(index_.scan());
  tree_.remove(kWeb);
  EXPECT_EQ(index_.scan().value(), 0U);
  EXPECT_NE(index_.all().at(0)->removed_ns, 0U);
}

TEST_F(ContainerIndexTest, FullItForgetsTheRemovedFirstAndCounts) {
  ContainerIndex index(tree_.path(), 2, 1000);
  const auto take = [&](test::CgroupBuilder builder) {
    const auto event = builder.build();
    index.update(event);
  };
  take(makes(11, "/docker/" + id64('a'), 10, 1));
  take(makes(12, "/docker/" + id64('b'), 10, 2));
  take(removes_cgroup(12));
  take(makes(13, "/docker/" + id64('c'), 10, 3));
  EXPECT_EQ(index.find(12), nullptr);
  EXPECT_NE(index.find(11), nullptr);
  take(makes(14, "/docker/" + id64('d'), 10, 4));
  EXPECT_EQ(index.all().size(), 2U);
  EXPECT_NE(index.find(14), nullptr);
  EXPECT_EQ(index.stats().evicted, 2U);
}

TEST_F(ContainerIndexTest, AContainerThatMakesCgroupsWithoutEndCostsNoMemoryWithoutEnd) {
  take(makes(11, kWeb, 10));
  for (uint64_t i = 0; i < 1000; ++i) take(makes(1000 + i, kWeb + "/" + std::to_string(i), 11));
  EXPECT_LE(index_.homes().size(), 64U * 4);
  EXPECT_EQ(index_.homes().size() + index_.stats().cgroups_shed, 1001U);
}

TEST_F(ContainerIndexTest, AContainerWithoutANameOfTheTableIsNamedByItsRuntime) {
  index_.set_named_lookup([](std::string_view path) -> std::optional<CgroupIdentity> {
    if (path != "/web") return {};
    CgroupIdentity identity;
    identity.runtime = "runc";
    identity.id = "web";
    identity.cgroup_path = "/web";
    return identity;
  });
  ASSERT_NE(take(makes(11, "/web", 1)), nullptr);
  EXPECT_EQ(index_.find(11)->id, "web");
  take(makes(12, "/web/docker/" + id64('b'), 11));
  EXPECT_EQ(index_.find(12)->id, "web");
  EXPECT_EQ(index_.find(11)->nested, id64('b'));
}

TEST_F(ContainerIndexTest, WhatTheKernelTakesForAContainerIsOneUnlessItIsARuntimesHelper) {
  const auto taken = [](uint64_t id, const std::string& path) {
    return makes(id, path, 1).with([=](hw_cgroup& c) { c.outermost = id; });
  };
  ASSERT_NE(take(taken(11, "/web")), nullptr);
  EXPECT_EQ(index_.find(11)->id, "web");
  EXPECT_EQ(take(taken(12, "/machine.slice/libpod-conmon-" + id64('a') + ".scope")), nullptr);
}

TEST_F(ContainerIndexTest, ATruncatedPathIsKnownByItsParent) {
  take(makes(11, kWeb, 10));
  const auto cut = [](uint64_t id, uint64_t parent) {
    return makes(id, "deep/docker/" + id64('c'), parent).with([](hw_cgroup& c) { c.path.flags |= HW_PATH_TRUNCATED; });
  };
  EXPECT_EQ(take(cut(12, 11)), nullptr);
  EXPECT_EQ(index_.find(12)->id, id64('a'));
  const uint64_t lonely = tree_.make("/docker/" + id64('d'));
  ASSERT_TRUE(take(cut(lonely, 4711)) != nullptr) << "the tree knows its whole path";
  EXPECT_EQ(index_.find(lonely)->id, id64('d'));
}

TEST_F(ContainerIndexTest, MetadataCorrectsTheRuntimeAndKeepsThePod) {
  const std::string uid = "0f1e2d3c-1111-2222-3333-444455556666";
  take(makes(11, "/kubepods/pod" + uid + "/" + id64('a'), 10));
  index_.set_metadata(11, Container::Metadata::ready, named("app", "docker"));
  EXPECT_EQ(index_.find(11)->runtime, "docker");
  EXPECT_EQ(index_.find(11)->meta.pod_uid, uid);
  index_.set_metadata(4711, Container::Metadata::ready, named("nobody"));
}

TEST_F(ContainerIndexTest, OnlyTheFirstUserNamespaceCounts) {
  take(makes(11, kWeb, 10));
  index_.set_userns(11, 4026531837U, 0);
  index_.set_userns(11, 4026532000U, 1);
  EXPECT_EQ(index_.find(11)->userns, 4026531837U);
}

TEST(ContainerIndex, SaysWhichTreeCannotBeScanned) {
  const auto scanned = ContainerIndex("/nonexistent/cgroup", 4, 0).scan();
  ASSERT_FALSE(scanned);
  EXPECT_NE(scanned.error().message.find("/nonexistent/cgroup"), std::string::npos);
}

}  // namespace
}  // namespace hullwatch
