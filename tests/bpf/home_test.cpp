// Homes, live on the running kernel: which container a process belongs to, whatever it does with cgroups.

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "home_suite.h"

namespace hullwatch::test {
namespace {

int exec_true() {
  const char* argv[] = {"/usr/bin/true", nullptr};
  ::execv(argv[0], const_cast<char* const*>(argv));
  return 98;
}

TEST_F(Home, cgroup_named_like_a_container_is_one_from_its_first_moment) {
  const std::string name = "docker-" + container_name() + ".scope";
  const TestCgroup web(name);
  const auto record = cgroup_record(web.id(), HW_CGROUP_MKDIR);
  ASSERT_TRUE(record);
  const auto r = record->as<hw_cgroup>();
  EXPECT_EQ(r.outermost, web.id());
  EXPECT_EQ(record->path<hw_cgroup>(r.path), "/" + name);
  EXPECT_EQ(r.level, 1U);
  EXPECT_EQ(r.h.process.tgid, static_cast<uint32_t>(::getpid()));
  EXPECT_EQ(r.ancestors[0].key.tgid, static_cast<uint32_t>(::getppid()));
}

TEST_F(Home, pod_slices_monitors_and_plain_names_are_no_containers) {
  for (const std::string& name :
       {"machine-libpod_pod_" + container_name() + ".slice", "libpod-conmon-" + container_name() + ".scope",
        "system-" + std::to_string(::getpid()), container_name().substr(1)}) {
    const TestCgroup cgroup(name);
    const auto record = cgroup_record(cgroup.id(), HW_CGROUP_MKDIR);
    ASSERT_TRUE(record) << name;
    EXPECT_EQ(record->as<hw_cgroup>().outermost, 0U) << name;
  }
}

TEST_F(Home, removal_is_told_and_forgotten) {
  uint64_t id = 0;
  {
    const TestCgroup web(container_name());
    id = web.id();
  }
  const auto record = cgroup_record(id, HW_CGROUP_RMDIR);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->as<hw_cgroup>().outermost, id);
}

TEST_F(Home, process_put_in_by_the_host_is_the_containers) {
  const TestCgroup web(container_name());
  auto child = run_in(web, exec_true);
  child->wait();
  const auto moved = cgroup_record(web.id(), HW_CGROUP_ATTACH, child->pid());
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->as<hw_cgroup>().moved_home_before, 0U);
  EXPECT_EQ(moved->as<hw_cgroup>().moved_home_after, web.id());
  EXPECT_EQ(moved->as<hw_cgroup>().threadgroup, 1U);
  const auto run = probe->exec_of(child->pid());
  ASSERT_TRUE(run);
  EXPECT_EQ(run->header().home, web.id());
  EXPECT_EQ(run->header().cgroup, web.id());
}

TEST_F(Home, container_that_moves_itself_out_stays_the_containers) {
  const TestCgroup web(container_name()), outside("outside-" + std::to_string(::getpid()));
  auto child = run_in(web, [&] {
    outside.add(0);
    return exec_true();
  });
  child->wait();
  const auto moved = cgroup_record(outside.id(), HW_CGROUP_ATTACH, child->pid());
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->header().home, web.id());
  EXPECT_EQ(moved->as<hw_cgroup>().moved_home_before, web.id());
  EXPECT_EQ(moved->as<hw_cgroup>().moved_home_after, web.id());
  const auto run = probe->exec_of(child->pid());
  ASSERT_TRUE(run);
  EXPECT_EQ(run->header().home, web.id());
  EXPECT_EQ(run->header().cgroup, outside.id());
}

TEST_F(Home, container_cannot_put_a_child_into_another_container) {
  const TestCgroup web(container_name()), db(container_name());
  auto child = run_in(web, [&] {
    Gate gate;
    Child inner([&] {
      gate.pass();
      return exec_true();
    });
    db.add(inner.pid());
    gate.open();
    inner.wait();
    return 0;
  });
  child->wait();
  const auto moved = cgroup_record(db.id(), HW_CGROUP_ATTACH);
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->as<hw_cgroup>().moved_home_after, web.id());
  EXPECT_EQ(probe->exec_of(static_cast<pid_t>(moved->as<hw_cgroup>().moved.tgid)).value().header().home, web.id());
}

TEST_F(Home, container_within_a_container_is_the_outer_ones) {
  const TestCgroup outer(container_name()), inner(container_name(), &outer);
  const auto made = cgroup_record(inner.id(), HW_CGROUP_MKDIR);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->as<hw_cgroup>().outermost, outer.id());
  auto child = run_in(inner, exec_true);
  child->wait();
  EXPECT_EQ(probe->exec_of(child->pid()).value().header().home, outer.id());
}

TEST_F(Home, host_places_a_child_with_clone3_and_a_container_does_not) {
  if (!std::filesystem::exists(TestCgroup::root() / "cgroup.controllers"))
    GTEST_SKIP() << "clone3 puts no child into a cgroup of v1";
  const TestCgroup web(container_name()), db(container_name());
  const auto clone_into = [](const TestCgroup& cgroup) {
    const int directory = ::open(cgroup.path().c_str(), O_RDONLY | O_CLOEXEC);
    clone_args arguments{};
    arguments.flags = CLONE_INTO_CGROUP;
    arguments.exit_signal = SIGCHLD;
    arguments.cgroup = static_cast<uint64_t>(directory);
    const long child = ::syscall(SYS_clone3, &arguments, sizeof(arguments));
    if (child == 0) ::_exit(exec_true());
    ::waitpid(static_cast<pid_t>(child), nullptr, 0);
    ::close(directory);
    return static_cast<pid_t>(child);
  };
  const auto by_host = probe->fork_of(clone_into(web));
  ASSERT_TRUE(by_host);
  EXPECT_EQ(by_host->as<hw_fork>().child_home, web.id());
  EXPECT_EQ(by_host->as<hw_fork>().child_cgroup, web.id());
  auto child = run_in(web, [&] { return clone_into(db) > 0 ? 0 : 97; });
  child->wait();
  const auto by_container =
      probe->find<hw_fork>(HW_FORK, [&](const hw_fork& r) { return r.h.process.tgid == static_cast<uint32_t>(child->pid()); });
  ASSERT_TRUE(by_container);
  EXPECT_EQ(by_container->as<hw_fork>().child_home, web.id());
  EXPECT_EQ(by_container->as<hw_fork>().child_cgroup, db.id());
}

TEST_F(Home, container_that_clones_a_child_into_another_is_told_as_a_move) {
  if (!std::filesystem::exists(TestCgroup::root() / "cgroup.controllers"))
    GTEST_SKIP() << "clone3 puts no child into a cgroup of v1";
  const TestCgroup web(container_name()), db(container_name());
  auto child = run_in(web, [&] {
    clone_args arguments{};
    arguments.flags = CLONE_INTO_CGROUP;
    arguments.exit_signal = SIGCHLD;
    arguments.cgroup = static_cast<uint64_t>(::open(db.path().c_str(), O_RDONLY | O_CLOEXEC));
    const long grandchild = ::syscall(SYS_clone3, &arguments, sizeof(arguments));
    if (grandchild == 0) ::_exit(0);
    ::waitpid(static_cast<pid_t>(grandchild), nullptr, 0);
    return 0;
  });
  child->wait();
  const auto moved = cgroup_record(db.id(), HW_CGROUP_ATTACH);
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->header().process.tgid, static_cast<uint32_t>(child->pid()));
  EXPECT_EQ(moved->as<hw_cgroup>().moved_home_before, web.id());
  EXPECT_EQ(moved->as<hw_cgroup>().moved_home_after, web.id());
  EXPECT_EQ(moved->as<hw_cgroup>().outermost, db.id());
}

TEST_F(Home, look_alike_that_a_container_makes_outside_its_own_is_no_container) {
  const TestCgroup web(container_name());
  const std::string name = "docker-" + container_name() + ".scope";
  auto child = run_in(web, [&] {
    const TestCgroup forged(name);
    forged.add(0);
    return exec_true();
  });
  child->wait();
  const auto made = probe->find<hw_cgroup>(HW_CGROUP, [&](const hw_cgroup& r) {
    return r.op == HW_CGROUP_MKDIR && r.h.process.tgid == static_cast<uint32_t>(child->pid());
  });
  ASSERT_TRUE(made);
  EXPECT_EQ(made->as<hw_cgroup>().outermost, 0U);
  EXPECT_EQ(made->header().home, web.id());
  EXPECT_EQ(probe->exec_of(child->pid()).value().header().home, web.id());
  std::filesystem::remove(TestCgroup::root() / name);
}

TEST_F(Home, trusted_container_places_processes_as_the_host_may) {
  const TestCgroup runtime(container_name()), db(container_name());
  ASSERT_TRUE(probe->object().trust_home(runtime.id()));
  auto child = run_in(runtime, [&] {
    db.add(0);
    return exec_true();
  });
  child->wait();
  EXPECT_EQ(probe->exec_of(child->pid()).value().header().home, db.id());
  ASSERT_TRUE(probe->object().forget_home(runtime.id()));
  auto later = run_in(runtime, [&] {
    db.add(0);
    return exec_true();
  });
  later->wait();
  EXPECT_EQ(probe->exec_of(later->pid()).value().header().home, runtime.id()) << "trust ends with the container";
}

TEST_F(Home, process_that_was_there_before_its_container_was_recognised_is_the_containers) {
  const TestCgroup plain("plain-" + std::to_string(::getpid()));
  Gate recognised, gone;
  auto child = run_in(plain, [&] {
    const pid_t before = ::fork();
    if (before == 0) ::_exit(0);
    ::waitpid(before, nullptr, 0);
    gone.open();
    recognised.pass();
    return 0;
  });
  gone.pass();
  EXPECT_EQ(probe->object().homes().count(plain.id()), 0U);
  ASSERT_TRUE(probe->object().set_container(plain.id(), plain.id()));
  recognised.open();
  child->wait();
  const auto ended = probe->exit_of(child->pid());
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->header().home, plain.id());
  EXPECT_EQ(probe->object().homes()[plain.id()].live, 0);
  EXPECT_EQ(probe->object().homes()[plain.id()].exits, 1U);
}

TEST_F(Home, thread_that_execs_after_its_process_was_moved_and_lost_its_leader_has_the_new_home) {
  const TestCgroup web(container_name());
  Gate gate, started;
  Child child([&]() -> int {
    std::thread([&, leader = ::getpid()] {
      started.open();
      gate.pass();
      std::string path = "/proc/self/task/" + std::to_string(leader) + "/stat", state;
      while (state.find(") Z") == std::string::npos) {
        std::array<char, 128> text{};
        const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        [[maybe_unused]] const auto got = ::read(fd, text.data(), text.size() - 1);
        ::close(fd);
        state = text.data();
      }
      ::_exit(exec_true());
    }).detach();
    ::syscall(SYS_exit, 0);
    return 97;
  });
  started.pass();
  web.add(child.pid());
  gate.open();
  child.wait();
  const auto run = probe->exec_of(child.pid());
  ASSERT_TRUE(run);
  EXPECT_EQ(run->header().home, web.id());
}

}  // namespace
}  // namespace hullwatch::test
