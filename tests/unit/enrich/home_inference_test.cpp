#include "enrich/home_inference.h"

#include <gtest/gtest.h>

namespace hullwatch {
namespace {

constexpr uint64_t kWeb = 11, kDb = 12;

struct Given {
  uint32_t pid;
  uint64_t home;
  uint32_t pid_ns, mnt_ns;
  uint32_t parent = 1;
  bool inferred = true;
};

hw_task task(const Given& given) {
  hw_task out{};
  out.h.process = {.start_ns = given.pid, .tgid = given.pid, .execs = 0};
  out.h.home = given.home;
  out.ns.pid = given.pid_ns;
  out.ns.mnt = given.mnt_ns;
  out.parent = {.start_ns = given.parent, .tgid = given.parent, .execs = 0};
  out.home_inferred = given.inferred ? 1 : 0;
  return out;
}

std::vector<HomeConflict> conflicts(std::initializer_list<Given> given,
                                    const std::unordered_map<uint32_t, uint64_t>& inits = {}) {
  std::vector<hw_task> tasks = {task({.pid = 1, .home = 0, .pid_ns = 1, .mnt_ns = 1, .parent = 0})};
  for (const Given& one : given) tasks.push_back(task(one));
  return find_home_conflicts(tasks, inits);
}

TEST(HomeInference, CgroupAndNamespacesThatAgreeAreNoConflict) {
  EXPECT_TRUE(conflicts({{.pid = 10, .home = kWeb, .pid_ns = 5, .mnt_ns = 6}, {.pid = 20, .home = 0, .pid_ns = 1, .mnt_ns = 1}})
                  .empty());
}

TEST(HomeInference, OneThatMovedToTheHostsCgroupIsItsContainersByThoseWhoStayed) {
  const auto found =
      conflicts({{.pid = 10, .home = kWeb, .pid_ns = 5, .mnt_ns = 6}, {.pid = 11, .home = 0, .pid_ns = 5, .mnt_ns = 6}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].task.h.process.tgid, 11U);
  EXPECT_EQ(found[0].by_cgroup, 0U);
  EXPECT_EQ(found[0].by_namespaces, kWeb);
}

TEST(HomeInference, OneThatMovedAloneIsItsContainersByWhatTheRuntimeRemembers) {
  const auto found = conflicts({{.pid = 10, .home = 0, .pid_ns = 5, .mnt_ns = 6}}, {{10, kWeb}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].by_namespaces, kWeb);
}

TEST(HomeInference, OneInAnothersCgroupIsBelievedItsPidNamespace) {
  const auto found = conflicts({{.pid = 10, .home = kWeb, .pid_ns = 5, .mnt_ns = 6},
                                {.pid = 20, .home = kDb, .pid_ns = 7, .mnt_ns = 8},
                                {.pid = 21, .home = kDb, .pid_ns = 7, .mnt_ns = 8},
                                {.pid = 11, .home = kDb, .pid_ns = 5, .mnt_ns = 6},
                                {.pid = 12, .home = kWeb, .pid_ns = 5, .mnt_ns = 6}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].task.h.process.tgid, 11U);
  EXPECT_EQ(found[0].by_namespaces, kWeb);
}

TEST(HomeInference, ContainersOfAPodMayShareAPidNamespace) {
  EXPECT_TRUE(conflicts({{.pid = 10, .home = kWeb, .pid_ns = 5, .mnt_ns = 6},
                         {.pid = 11, .home = kWeb, .pid_ns = 5, .mnt_ns = 6},
                         {.pid = 20, .home = kDb, .pid_ns = 5, .mnt_ns = 8}})
                  .empty());
}

TEST(HomeInference, WhatAnEarlierDaemonKnewIsNotJudgedAndOutweighsCgroups) {
  const auto found = conflicts({{.pid = 10, .home = kWeb, .pid_ns = 5, .mnt_ns = 6, .inferred = false},
                                {.pid = 11, .home = kDb, .pid_ns = 5, .mnt_ns = 6},
                                {.pid = 12, .home = kDb, .pid_ns = 5, .mnt_ns = 6}});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].by_namespaces, kWeb);
}

TEST(HomeInference, ChildOfAContainersProcessIsTheContainersWithoutNamespacesOfItsOwn) {
  const auto found = conflicts({{.pid = 10, .home = kWeb, .pid_ns = 1, .mnt_ns = 1, .inferred = false},
                                {.pid = 11, .home = 0, .pid_ns = 1, .mnt_ns = 1, .parent = 10}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].by_parent);
}

TEST(HomeInference, KernelThreadsShowTheHostsNamespacesAndAreNeverJudged) {
  EXPECT_TRUE(conflicts({{.pid = 2, .home = 0, .pid_ns = 1, .mnt_ns = 3, .parent = 0},
                         {.pid = 10, .home = kWeb, .pid_ns = 1, .mnt_ns = 3},
                         {.pid = 11, .home = 0, .pid_ns = 1, .mnt_ns = 3},
                         {.pid = 12, .home = 0, .pid_ns = 1, .mnt_ns = 9, .parent = 2}})
                  .empty());
}

TEST(HomeInference, MountsAloneCountOnlyWhereItIsSureWhoseTheyAre) {
  EXPECT_TRUE(conflicts({{.pid = 10, .home = kWeb, .pid_ns = 1, .mnt_ns = 6}, {.pid = 11, .home = 0, .pid_ns = 1, .mnt_ns = 6}})
                  .empty());
  EXPECT_EQ(conflicts({{.pid = 10, .home = kWeb, .pid_ns = 1, .mnt_ns = 6}, {.pid = 11, .home = 0, .pid_ns = 1, .mnt_ns = 6}},
                      {{10, kWeb}})
                .size(),
            1U);
}

TEST(HomeInference, NamespacesOfTheHostsOwnServicesMeanNothing) {
  EXPECT_TRUE(
      conflicts({{.pid = 10, .home = 0, .pid_ns = 1, .mnt_ns = 9}, {.pid = 11, .home = 0, .pid_ns = 8, .mnt_ns = 9}}).empty());
}

}  // namespace
}  // namespace hullwatch
