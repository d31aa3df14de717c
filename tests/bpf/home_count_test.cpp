// What is counted of a home, live on the running kernel: tasks, bursts, floods of critical records. Last in its executable: the
// end detaches the programs.

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <thread>

#include "home_suite.h"

namespace hullwatch::test {
namespace {

TEST_F(Home, forks_and_live_tasks_are_counted_exactly) {
  const TestCgroup web(container_name());
  Gate gate, ready;
  auto child = run_in(web, [&] {
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) threads.emplace_back([&] { gate.pass(); });
    for (int i = 0; i < 5; ++i) {
      const pid_t grandchild = ::fork();
      if (grandchild == 0) ::_exit(0);
      ::waitpid(grandchild, nullptr, 0);
    }
    ready.open();
    for (auto& thread : threads) thread.join();
    return 0;
  });
  ready.pass();
  auto counts = probe->object().homes()[web.id()];
  EXPECT_EQ(counts.forks, 3U + 5U);
  EXPECT_EQ(counts.exits, 5U);
  EXPECT_EQ(counts.live, 1 + 3);
  for (int i = 0; i < 3; ++i) gate.open();
  child->wait();
  counts = probe->object().homes()[web.id()];
  EXPECT_EQ(counts.exits, 5U + 3U + 1U);
  EXPECT_EQ(counts.live, 0);
}

TEST_F(Home, burst_is_told_and_closed_and_its_repeats_are_counted_not_sent) {
  constexpr uint64_t kForks = 400;
  const TestCgroup web(container_name());
  Gate ready, gate;
  auto child = run_in(web, [&] {
    std::vector<pid_t> children;
    for (uint64_t i = 0; i < kForks; ++i) {
      children.push_back(::fork());
      if (children.back() == 0) {
        ::pause();
        ::_exit(0);
      }
    }
    ready.open();
    gate.pass();
    for (const pid_t pid : children) ::kill(pid, SIGKILL);
    for (const pid_t pid : children) ::waitpid(pid, nullptr, 0);
    return 0;
  });
  ready.pass();
  const auto in_web = [&](uint32_t over) {
    return [&, over](const hw_burst& r) { return r.h.home == web.id() && r.over == over; };
  };
  const auto began = probe->find<hw_burst>(HW_BURST, in_web(0));
  if (!began) gate.open();  // the child would wait for ever, and the test for it
  ASSERT_TRUE(began);
  EXPECT_GE(began->as<hw_burst>().counts.window_forks, 100U);
  EXPECT_EQ(began->header().process.tgid, static_cast<uint32_t>(child->pid()));
  EXPECT_EQ(began->as<hw_burst>().counts.creators, 1U);
  gate.open();
  child->wait();
  for (int i = 0; i < 1000 && !probe->object().homes()[web.id()].bursting == false; ++i) {
    run_in(web, [] { return 0; })->wait();  // windows are judged at the next fork or exit
    probe->drain();
  }
  ASSERT_TRUE(probe->find<hw_burst>(HW_BURST, in_web(1)));
  probe->drain();
  const auto sent = [&](hw_kind kind) {
    return static_cast<uint64_t>(std::ranges::count_if(
        probe->records(), [&](const LiveRecord& r) { return r.header().kind == kind && r.header().home == web.id(); }));
  };
  const auto counts = probe->object().homes()[web.id()];
  EXPECT_EQ(sent(HW_FORK) + counts.suppressed[HW_FORK], counts.forks);
  EXPECT_EQ(sent(HW_EXIT) + counts.suppressed[HW_EXIT], counts.exits);
  EXPECT_GT(counts.suppressed[HW_FORK], 0U);
  EXPECT_EQ(sent(HW_BURST) % 2, 0U) << "each beginning has its end, however a slow machine cuts the windows";
}

TEST_F(Home, flood_of_critical_records_is_told_once_and_counted_exactly) {
  constexpr uint64_t kMoves = 2000;
  const TestCgroup web(container_name()), a("a", &web), b("b", &web);
  auto child = run_in(web, [&] {
    for (uint64_t i = 0; i < kMoves; ++i) (i % 2 == 0 ? a : b).add(0);
    return 0;
  });
  child->wait();
  probe->drain();
  const auto sent = [&](hw_kind kind) {
    return static_cast<uint64_t>(std::ranges::count_if(
        probe->records(), [&](const LiveRecord& r) { return r.header().kind == kind && r.header().home == web.id(); }));
  };
  const auto counts = probe->object().homes()[web.id()];
  EXPECT_EQ(sent(HW_CGROUP) + counts.suppressed[HW_CGROUP], kMoves);
  EXPECT_GE(sent(HW_CGROUP), 200U);
  EXPECT_GT(counts.suppressed[HW_CGROUP], 0U);
  const auto flood = probe->find<hw_flood>(HW_FLOOD, [&](const hw_flood& r) { return r.h.home == web.id() && r.over == 0; });
  ASSERT_TRUE(flood);
  EXPECT_EQ(flood->as<hw_flood>().flooded, static_cast<uint32_t>(HW_CGROUP));
  // It ends when the bucket is half full, which the next record of the kind notices.
  const auto ended = [&] {
    return std::ranges::any_of(probe->records(), [&](const LiveRecord& r) {
      return r.header().kind == HW_FLOOD && r.header().home == web.id() && r.as<hw_flood>().over == 1;
    });
  };
  for (int i = 0; i < 1000 && !ended(); ++i) {
    run_in(a, [&] {
      b.add(0);
      return 0;
    })->wait();
    probe->drain();
  }
  EXPECT_TRUE(ended());
}

TEST_F(Home, all_homes_records_are_received) {
  for (const auto program : {"process_fork", "process_exec", "process_exit", "cgroup_mkdir", "cgroup_rmdir", "cgroup_attach"})
    probe->object().detach(program);
  probe->drain();
  const auto counts = probe->object().counts();
  const auto received = probe->rings().received();
  for (size_t kind = 0; kind < HW_KIND_MAX; ++kind) EXPECT_EQ(counts[kind].submitted, received[kind]) << "kind " << kind;
}

}  // namespace
}  // namespace hullwatch::test
