// The life of processes, live on the running kernel: fork, exec and exit, key and creator. Last in its executable: the end
// detaches the programs.

#include <linux/sched.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <thread>

#include "process_suite.h"

namespace hullwatch::test {
namespace {

TEST_F(Process, exec_from_a_thread_keeps_key_creator_and_count) {
  Child child([] {
    std::thread([] { exec({"/usr/bin/env", "/usr/bin/true"}); }).join();
    return 97;
  });
  EXPECT_EQ(child.wait(), 0);
  const auto fork = probe->fork_of(child.pid()).value().as<hw_fork>();
  const auto first = probe->exec_of(child.pid(), 1);
  const auto second = probe->exec_of(child.pid(), 2);
  ASSERT_TRUE(first && second);
  for (const auto& record : {*first, *second}) {
    EXPECT_EQ(record.header().process.start_ns, fork.child.start_ns);
    EXPECT_EQ(record.header().creator.tgid, static_cast<uint32_t>(::getpid()));
    EXPECT_EQ(record.header().flags & HW_F_HOME_INFERRED, 0U);
  }
}

TEST_F(Process, early_end_of_the_leader_is_not_the_end_of_the_process) {
  Child child([]() -> int {
    // The leader ends first; the thread sees it as a zombie, then ends the process.
    std::thread([leader = ::getpid()] {
      std::string state;
      while (state != "Z") {
        std::ifstream stat("/proc/self/task/" + std::to_string(leader) + "/stat");
        std::string pid, comm;
        stat >> pid >> comm >> state;
      }
      ::syscall(SYS_exit_group, 5);
    }).detach();
    ::syscall(SYS_exit, 0);
    return 97;
  });
  EXPECT_EQ(WEXITSTATUS(child.wait()), 5);
  const auto end = probe->exit_of(child.pid());
  ASSERT_TRUE(end);
  EXPECT_EQ(end->as<hw_exit>().exit_code, 5 << 8);
  EXPECT_NE(end->header().tid, end->header().process.tgid) << "the last thread told it";
  probe->drain();
  EXPECT_EQ(std::ranges::count_if(probe->records(),
                                  [&](const LiveRecord& r) {
                                    return r.header().kind == HW_EXIT &&
                                           r.header().process.tgid == static_cast<uint32_t>(child.pid());
                                  }),
            1);
}

TEST_F(Process, exit_tells_code_signal_and_lifetime) {
  Child coded([] { return 7; });
  Child killed([] { return ::raise(SIGKILL); });
  coded.wait();
  killed.wait();
  EXPECT_EQ(probe->exit_of(coded.pid()).value().as<hw_exit>().exit_code, 7 << 8);
  const auto r = probe->exit_of(killed.pid()).value().as<hw_exit>();
  EXPECT_EQ(r.exit_code & 0x7f, SIGKILL);
  EXPECT_EQ(r.h.time_ns, r.h.process.start_ns + r.lived_ns);
  EXPECT_EQ(r.ns_pid, static_cast<uint32_t>(killed.pid()));
}

TEST_F(Process, clone_parent_does_not_hide_who_forked) {
  Gate gate;
  Child child([&] {
    const long grandchild = ::syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
    if (grandchild == 0) ::_exit(0);
    return grandchild > 0 ? 0 : 97;
  });
  EXPECT_EQ(child.wait(), 0);
  ASSERT_GT(::waitpid(-1, nullptr, 0), 0) << "the grandchild is ours";
  const auto record =
      probe->find<hw_fork>(HW_FORK, [&](const hw_fork& r) { return r.h.process.tgid == static_cast<uint32_t>(child.pid()); });
  ASSERT_TRUE(record);
  const auto r = record->as<hw_fork>();
  EXPECT_EQ(r.child_parent.tgid, static_cast<uint32_t>(::getpid()));
  EXPECT_EQ(r.clone_flags, static_cast<uint64_t>(CLONE_PARENT));
  EXPECT_EQ(r.h.syscall, SYS_clone);
}

TEST_F(Process, fork_by_a_worker_thread_is_its_processs) {
  Child child([] {
    int status = 97;
    std::thread([&] {
      const pid_t grandchild = ::fork();
      if (grandchild == 0) ::_exit(0);
      ::waitpid(grandchild, &status, 0);
    }).join();
    return status;
  });
  EXPECT_EQ(child.wait(), 0);
  const auto record =
      probe->find<hw_fork>(HW_FORK, [&](const hw_fork& r) { return r.h.process.tgid == static_cast<uint32_t>(child.pid()); });
  ASSERT_TRUE(record);
  const auto r = record->as<hw_fork>();
  EXPECT_NE(r.h.tid, r.h.process.tgid);
  const auto end = probe->exit_of(static_cast<pid_t>(r.child.tgid));
  ASSERT_TRUE(end);
  EXPECT_EQ(end->header().creator.tgid, static_cast<uint32_t>(child.pid()));
  EXPECT_EQ(end->header().creator.start_ns, r.h.process.start_ns);
}

TEST_F(Process, clone3_flags_are_read_from_its_struct) {
  Child child([] {
    clone_args arguments{};
    arguments.flags = CLONE_NEWUTS;
    arguments.exit_signal = SIGCHLD;
    const long grandchild = ::syscall(SYS_clone3, &arguments, sizeof(arguments));
    if (grandchild == 0) ::_exit(0);
    return ::waitpid(static_cast<pid_t>(grandchild), nullptr, 0) > 0 ? 0 : 97;
  });
  EXPECT_EQ(child.wait(), 0);
  const auto record =
      probe->find<hw_fork>(HW_FORK, [&](const hw_fork& r) { return r.h.process.tgid == static_cast<uint32_t>(child.pid()); });
  ASSERT_TRUE(record);
  EXPECT_EQ(record->as<hw_fork>().clone_flags, static_cast<uint64_t>(CLONE_NEWUTS));
}

TEST_F(Process, every_submitted_record_is_received) {
  for (int i = 0; i < 200; ++i) Child child([] { return exec({"/usr/bin/true"}); });
  for (const auto program : {"process_fork", "process_exec", "process_exit", "cgroup_mkdir", "cgroup_rmdir", "cgroup_attach"})
    probe->object().detach(program);
  probe->drain();
  const auto counts = probe->object().counts();
  const auto received = probe->rings().received();
  for (size_t kind = 0; kind < HW_KIND_MAX; ++kind) EXPECT_EQ(counts[kind].submitted, received[kind]) << "kind " << kind;
  EXPECT_GE(counts[HW_EXEC].submitted, 200U);
  EXPECT_EQ(counts[HW_EXEC].lost, 0U);
  EXPECT_EQ(probe->object().errors()[HW_PLACE_TASK_CREATE], 0U);
  EXPECT_EQ(probe->object().errors()[HW_PLACE_SLOT], 0U);
}

}  // namespace
}  // namespace hullwatch::test
