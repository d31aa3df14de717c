// The start-up snapshot, live on the running kernel: processes that are older than the probe.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <thread>
#include <tuple>

#include "live_probe.h"
#include "probe/task_snapshot.h"

namespace hullwatch::test {
namespace {

int exec_true() {
  const char* argv[] = {"/usr/bin/true", nullptr};
  ::execv(argv[0], const_cast<char* const*>(argv));
  return 98;
}

/// A process in a container of its own that is there before the probe, and waits at the gate before it does `what`.
struct Older {
  explicit Older(const std::string& name) : container(name + "-" + std::to_string(::getpid())) {}
  ~Older() {
    for (int i = 0; i < 8; ++i) gate.open();  // where its test was left out
  }
  TestCgroup container;
  Gate gate;
  std::unique_ptr<Child> child;
};

class Snapshot : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    threaded = std::make_unique<Older>("threaded");
    Gate ready;
    threaded->child = run_in(threaded->container, [&] {
      std::vector<std::thread> threads;
      for (int i = 0; i < 3; ++i) threads.emplace_back([&] { threaded->gate.pass(); });
      ready.open();
      for (auto& thread : threads) thread.join();
      return 0;
    });
    ready.pass();
    leaderless = std::make_unique<Older>("leaderless");
    leaderless->child = without_leader([&] {
      std::thread second([&] { leaderless->gate.pass(); });
      ready.open();
      leaderless->gate.pass();
      Child([] { return exec_true(); }).wait();
      second.join();
      return 0;
    });
    leaderless->container.add(leaderless->child->pid());
    ready.pass();
    mover = std::make_unique<Older>("mover");
    mover->child = without_leader([&] {
      mover->gate.pass();
      return exec_true();
    });
    mover->container.add(mover->child->pid());

    probe = std::make_unique<LiveProbe>(BpfKnobs{}, false);
    probe->attach();
    for (const auto* older : {threaded.get(), leaderless.get(), mover.get()})
      ASSERT_TRUE(probe->object().set_container(older->container.id(), older->container.id()));
    auto taken = take_task_snapshot(probe->object());
    ASSERT_TRUE(taken) << taken.error().message;
    tasks = std::move(*taken);
  }
  static void TearDownTestSuite() {
    threaded.reset();
    leaderless.reset();
    mover.reset();
    probe.reset();
  }

  static std::vector<hw_task> of_process(pid_t pid) {
    std::vector<hw_task> found;
    std::ranges::copy_if(tasks, std::back_inserter(found),
                         [&](const hw_task& task) { return task.h.process.tgid == static_cast<uint32_t>(pid); });
    return found;
  }
  static int64_t live(const TestCgroup& container) { return probe->object().homes()[container.id()].live; }

  inline static std::unique_ptr<Older> threaded, leaderless, mover;
  inline static std::unique_ptr<LiveProbe> probe;
  inline static std::vector<hw_task> tasks;
};

TEST_F(Snapshot, tasks_of_before_get_home_state_and_count) {
  const auto found = of_process(threaded->child->pid());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].h.home, threaded->container.id());
  EXPECT_EQ(found[0].parent.tgid, static_cast<uint32_t>(::getpid()));
  EXPECT_EQ(found[0].cred.uid, 0U);
  EXPECT_EQ(live(threaded->container), 1 + 3);
  EXPECT_EQ(of_process(::getpid()).size(), 1U);
  for (int i = 0; i < 3; ++i) threaded->gate.open();
  threaded->child->wait();
  const auto end = probe->exit_of(threaded->child->pid());
  ASSERT_TRUE(end);
  EXPECT_EQ(end->header().home, threaded->container.id());
  EXPECT_EQ(end->header().flags & HW_F_HOME_INFERRED, 0U);
  EXPECT_EQ(live(threaded->container), 0);
}

TEST_F(Snapshot, process_that_outlives_its_leader_is_told_of_by_one_of_its_threads) {
  const auto found = of_process(leaderless->child->pid());
  ASSERT_EQ(found.size(), 1U) << "whichever of the two is met first";
  const hw_task &task = found[0], self = of_process(::getpid()).at(0);
  EXPECT_EQ(task.h.home, leaderless->container.id());
  EXPECT_EQ(task.home_inferred, 1U);
  EXPECT_NE(task.h.tid, task.h.process.tgid) << "a thread that lives";
  EXPECT_EQ(std::tie(task.ns.mnt, task.ns.pid), std::tie(self.ns.mnt, self.ns.pid));
  EXPECT_EQ(task.ns_pid, task.h.process.tgid) << "but the process's own pid";
  EXPECT_EQ(task.parent.tgid, static_cast<uint32_t>(::getpid()));
  EXPECT_STREQ(task.h.comm, self.h.comm);
  EXPECT_EQ(std::tie(task.h.exe_ino, task.h.exe_dev), std::tie(self.h.exe_ino, self.h.exe_dev));
  EXPECT_EQ(live(leaderless->container), 2) << "the leader does not live";
}

TEST_F(Snapshot, what_a_process_without_its_leader_does_is_its_containers_without_inference) {
  leaderless->gate.open();
  leaderless->gate.open();
  leaderless->child->wait();
  const auto forked = probe->find<hw_fork>(
      HW_FORK, [](const hw_fork& r) { return r.h.process.tgid == static_cast<uint32_t>(leaderless->child->pid()); });
  ASSERT_TRUE(forked);
  EXPECT_EQ(forked->header().process.start_ns, of_process(leaderless->child->pid()).at(0).h.process.start_ns);
  const auto child = static_cast<pid_t>(forked->as<hw_fork>().child.tgid);
  for (const auto& record : {forked, probe->exec_of(child), probe->exit_of(leaderless->child->pid())}) {
    ASSERT_TRUE(record);
    EXPECT_EQ(record->header().home, leaderless->container.id());
    EXPECT_EQ(record->header().flags & HW_F_HOME_INFERRED, 0U);
  }
  EXPECT_EQ(live(leaderless->container), 0);
}

TEST_F(Snapshot, process_without_its_leader_takes_its_tasks_along_when_it_is_corrected_or_moved) {
  const auto found = of_process(mover->child->pid());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(live(mover->container), 1);
  ASSERT_TRUE(probe->object().tell_home(found[0].h.process, 0));
  ASSERT_TRUE(correct_homes(probe->object()));
  EXPECT_EQ(live(mover->container), 0) << "the host's, as user space found out";
  const TestCgroup other(container_name());
  other.add(mover->child->pid());
  EXPECT_EQ(live(other), 1);
  mover->gate.open();
  mover->child->wait();
  const auto run = probe->exec_of(mover->child->pid());
  ASSERT_TRUE(run);
  EXPECT_EQ(run->header().home, other.id()) << "though the thread that execs was the first container's when it was met";
  EXPECT_EQ(live(other), 0);
}

}  // namespace
}  // namespace hullwatch::test
