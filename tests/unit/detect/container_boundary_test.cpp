#include "detect/container_boundary.h"

#include <gtest/gtest.h>
#include <linux/sched.h>

#include <vector>

#include "support/event_builder.h"
#include "support/world.h"

namespace hullwatch {
namespace {

using test::enters_namespaces;
using test::exec;
using test::makes_cgroup;

hw_namespaces ns(uint32_t mnt, uint32_t pid, uint32_t net = 0) {
  hw_namespaces out{};
  out.mnt = mnt;
  out.pid = pid;
  out.net = net;
  return out;
}

class ContainerBoundary : public testing::Test {
 protected:
  ContainerBoundary() {
    web_.cgroup_id = 11;
    web_.id = "web";
    db_.cgroup_id = 12;
    db_.id = "db";
    detector_.learn(0, ns(1, 1, 1));
  }
  void lives_in(const Container& container, uint32_t mnt, uint32_t pid, uint32_t flags = 0) {
    take(exec("/bin/app")
             .in(container)
             .with([&](hw_exec& e) {
               e.ns.mnt = mnt;
               e.ns.pid = pid;
               e.ns.net = 1;
               e.h.flags |= flags;
             })
             .build(),
         container);
  }
  void enters(const Container& container, hw_namespaces before, hw_namespaces after, uint64_t flags = 0) {
    take(enters_namespaces(flags)
             .in(container)
             .with([&](hw_namespace& n) {
               n.before = before;
               n.after = after;
             })
             .build(),
         container);
  }
  void take(const Event& event, const Container& container) {
    const EventContext context{.event = event, .container = &container, .tree = tree_, .users = users_};
    detector_.on_event(context, [&](const Event& found) { found_.push_back(found); });
  }
  Container web_, db_;
  ProcessTree tree_{16, 1};
  UserNames users_{"/nonexistent"};
  ContainerBoundaryDetector detector_{[this](uint64_t home) { return home == 12 ? &db_ : nullptr; }};
  std::vector<Event> found_;
};

TEST_F(ContainerBoundary, EnteringAnotherContainersNamespacesIsAFinding) {
  lives_in(db_, 20, 21);
  enters(web_, ns(10, 11), ns(20, 21));
  ASSERT_EQ(found_.size(), 1U);
  EXPECT_EQ(found_[0].type, EventType::container_crossing);
  EXPECT_EQ(found_[0].header.home, web_.cgroup_id);
  EXPECT_EQ(found_[0].get<NoteFinding>()->what, "container");
  EXPECT_EQ(found_[0].get<NoteFinding>()->detail, "pid mnt of db");
}

TEST_F(ContainerBoundary, EnteringTheHostsIsToldAsThat) {
  enters(web_, ns(10, 0), ns(1, 0));
  ASSERT_EQ(found_.size(), 1U);
  EXPECT_EQ(found_[0].get<NoteFinding>()->what, "host");
}

TEST_F(ContainerBoundary, OnesOwnAndNobodysAreFree) {
  lives_in(web_, 10, 11);
  enters(web_, ns(30, 0), ns(10, 0));
  enters(web_, ns(10, 0), ns(31, 0));
  EXPECT_TRUE(found_.empty());
}

TEST_F(ContainerBoundary, AContainerThatSharesTheHostsNetworkDoesNotOwnIt) {
  lives_in(web_, 10, 11);
  enters(db_, ns(20, 21, 22), ns(20, 21, 1));
  ASSERT_EQ(found_.size(), 1U);
  EXPECT_EQ(found_[0].get<NoteFinding>()->what, "host");
}

TEST_F(ContainerBoundary, WhatTheRuntimeDoesSaysNothingOfTheContainer) {
  lives_in(web_, 20, 21, HW_F_RUNTIME_SETUP);
  enters(db_, ns(30, 31), ns(20, 21));
  EXPECT_TRUE(found_.empty());
}

TEST_F(ContainerBoundary, WhatAContainerMakesLaterIsNobodys) {
  lives_in(web_, 10, 11);
  lives_in(web_, 40, 41);  // it has unshared, and execs
  enters(db_, ns(20, 21), ns(40, 41));
  EXPECT_TRUE(found_.empty());
  enters(db_, ns(20, 21), ns(10, 11));
  EXPECT_EQ(found_.size(), 1U);
}

TEST_F(ContainerBoundary, NumbersOfAContainerThatIsGoneAreFreeAgain) {
  lives_in(db_, 20, 21);
  detector_.forget(db_.cgroup_id);
  enters(web_, ns(10, 0), ns(20, 0));
  EXPECT_TRUE(found_.empty());
}

TEST_F(ContainerBoundary, NestingIsToldOnceForEachContainer) {
  web_.nested = "inner";
  for (int i = 0; i < 3; ++i) take(makes_cgroup(40, "/web/inner").in(web_).build(), web_);
  ASSERT_EQ(found_.size(), 1U);
  EXPECT_EQ(found_[0].type, EventType::nested_container);
  EXPECT_EQ(found_[0].get<NoteFinding>()->detail, "inner");
}

// As T4 sends it, of a container that shares the host's pid namespace.
TEST_F(ContainerBoundary, WithoutTheNamespacesBeforeWhatWasNotAskedForWasNotEntered) {
  enters(web_, {}, ns(5, 1, 9), CLONE_NEWNET);
  EXPECT_TRUE(found_.empty());
  enters(web_, {}, ns(1, 1, 9), CLONE_NEWNS);
  ASSERT_EQ(found_.size(), 1U);
  EXPECT_EQ(found_[0].get<NoteFinding>()->detail, "mnt of the host");
}

}  // namespace
}  // namespace hullwatch
