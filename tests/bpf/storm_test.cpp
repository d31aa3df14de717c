// Storms, live on the running kernel: what one home may take of the bulk ring, what passes while its repeats are counted, and
// the counts themselves.

#include <bpf/bpf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "live_probe.h"

namespace hullwatch::test {
namespace {

constexpr uint64_t kNever = 1ULL << 40;

int exec(const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  ::execv(argv[0], argv.data());
  return 98;
}

/// Forks a child that runs `what`, and waits for it. Its pid.
pid_t forked(const std::function<int()>& what) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(what());
  ::waitpid(child, nullptr, 0);
  return child;
}

/// The bulk ring is small and nobody reads it meanwhile; shares of it fill so slowly that a storm on a slow machine is beyond
/// its own, too; no rate of forks is a burst.
BpfKnobs small_ring() {
  BpfKnobs knobs;
  knobs.bulk_bytes = 1U << 20;
  knobs.bulk_ring_ns = 32'000'000'000;
  knobs.bulk_depth_ns = 4'000'000'000;
  knobs.burst_forks = kNever;
  return knobs;
}

std::vector<hw_flood> floods(const LiveProbe& probe, uint64_t home) {
  std::vector<hw_flood> found;
  for (const auto& record : probe.records())
    if (record.header().kind == HW_FLOOD && record.header().home == home) found.push_back(record.as<hw_flood>());
  return found;
}

TEST(BulkRing, storm_of_one_home_leaves_room_for_the_others_and_is_told_once) {
  constexpr uint64_t kForks = 4000, kRuns = 20;
  LiveProbe probe(small_ring());
  const TestCgroup noisy(container_name()), web(container_name());
  run_in(noisy, [&] {
    for (uint64_t i = 0; i < kForks; ++i) {
      const pid_t child = ::vfork();
      if (child == 0) ::_exit(0);
      ::waitpid(child, nullptr, 0);
    }
    return 0;
  })->wait();
  run_in(web, [&] {
    for (uint64_t i = 0; i < kRuns; ++i) forked([] { return exec({"/usr/bin/true"}); });
    return 0;
  })->wait();
  probe.drain();
  auto homes = probe.object().homes();
  for (const auto kind : {HW_FORK, HW_EXEC, HW_EXIT}) {
    EXPECT_EQ(probe.object().counts()[kind].lost, 0U) << kind;
    EXPECT_GE(probe.received(web.id(), kind), kRuns) << kind;
    EXPECT_EQ(homes[web.id()].suppressed[kind], 0U) << kind;
  }
  EXPECT_GT(homes[noisy.id()].suppressed[HW_FORK], kForks / 4);
  EXPECT_EQ(probe.received(noisy.id(), HW_FORK) + homes[noisy.id()].suppressed[HW_FORK], homes[noisy.id()].forks);
  EXPECT_EQ(probe.received(noisy.id(), HW_EXIT) + homes[noisy.id()].suppressed[HW_EXIT], homes[noisy.id()].exits);
  EXPECT_TRUE(floods(probe, web.id()).empty());
  ASSERT_EQ(floods(probe, noisy.id()).size(), 1U);
  EXPECT_EQ(floods(probe, noisy.id())[0].over, 0U);
  EXPECT_LT(floods(probe, noisy.id())[0].flooded, static_cast<uint32_t>(HW_CREDENTIAL));
  for (int i = 0; i < 200 && floods(probe, noisy.id()).size() == 1; ++i) {  // noticed at the next fork or exit
    const auto pause = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
    while (std::chrono::steady_clock::now() < pause) ASSERT_TRUE(probe.rings().poll(std::chrono::milliseconds(20)));
    run_in(noisy, [] { return 0; })->wait();
    probe.drain();
  }
  homes = probe.object().homes();
  ASSERT_EQ(floods(probe, noisy.id()).size(), 2U);
  EXPECT_EQ(floods(probe, noisy.id())[1].over, 1U);
  EXPECT_EQ(
      floods(probe, noisy.id())[1].suppressed,
      homes[noisy.id()].suppressed[HW_FORK] + homes[noisy.id()].suppressed[HW_EXIT] + homes[noisy.id()].suppressed[HW_EXEC]);
}

TEST(BulkRing, program_that_execs_itself_in_a_loop_hides_neither_the_others_nor_what_it_becomes) {
  BpfKnobs knobs = small_ring();
  knobs.bulk_bytes = 2U << 20;  // so that what the machine does meanwhile does not matter
  LiveProbe probe(knobs);
  const TestCgroup noisy(container_name()), web(container_name());
  const auto child = run_in(noisy, [] {
    std::vector<std::string> chain(400, "/usr/bin/env");
    chain.emplace_back("/usr/bin/true");
    return exec(chain);
  });
  ASSERT_EQ(child->wait(), 0);
  const auto other = run_in(web, [] { return exec({"/usr/bin/true"}); });
  other->wait();
  ASSERT_TRUE(probe.exec_of(other->pid()));
  const auto counts = probe.object().homes()[noisy.id()];
  EXPECT_EQ(counts.execs, 401U);
  EXPECT_GT(counts.suppressed[HW_EXEC], 100U);
  EXPECT_EQ(probe.received(noisy.id(), HW_EXEC) + counts.suppressed[HW_EXEC], counts.execs);
  EXPECT_TRUE(probe.exec_of(child->pid(), 401)) << "the payload behind the loop";
  EXPECT_TRUE(probe.exit_of(child->pid())) << "who was told of waits for its end";
  EXPECT_EQ(probe.object().counts()[HW_EXEC].lost, 0U);
}

TEST(BulkRing, many_short_commands_are_all_sent_while_somebody_reads) {
  constexpr uint64_t kRuns = 3000;
  BpfKnobs knobs;
  knobs.burst_forks = kNever;
  LiveProbe probe(knobs);
  const TestCgroup web(container_name());
  const auto child = run_in(web, [&] {
    for (uint64_t i = 0; i < kRuns; ++i) {
      const pid_t command = ::vfork();
      if (command == 0) ::_exit(0);
      ::waitpid(command, nullptr, 0);
    }
    return 0;
  });
  while (::waitpid(child->pid(), nullptr, WNOHANG) == 0) ASSERT_TRUE(probe.rings().poll(std::chrono::milliseconds(1)));
  probe.drain();
  const auto counts = probe.object().homes()[web.id()];
  EXPECT_EQ(probe.received(web.id(), HW_FORK), kRuns);
  EXPECT_EQ(counts.suppressed[HW_FORK] + counts.suppressed[HW_EXIT], 0U);
  EXPECT_TRUE(floods(probe, web.id()).empty());
}

/// A home in a burst that lasts as long as the test.
class Burst : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    BpfKnobs knobs;
    knobs.burst_forks = 100;
    knobs.burst_growth = 50;
    knobs.burst_window_ns = 600'000'000'000;
    knobs.burst_sample_ns = 1ULL << 62;  // no samples
    probe = new LiveProbe(knobs);
  }
  static void TearDownTestSuite() {
    delete probe;
    probe = nullptr;
  }
  /// A process of the home that multiplies until the home is in a burst, then does `what`, then ends what it made.
  int storm(const std::function<int()>& what) {
    const auto child = run_in(web, [&] {
      std::vector<pid_t> children;
      for (int i = 0; i < 150; ++i) {
        children.push_back(::fork());
        if (children.back() == 0) {
          ::pause();
          ::_exit(0);
        }
      }
      const int result = what();
      for (const pid_t pid : children) ::kill(pid, SIGKILL);
      while (::wait(nullptr) > 0) {
      }
      return result;
    });
    const int status = child->wait();
    probe->drain();
    return status;
  }
  [[nodiscard]] std::vector<hw_exec> execs() const {
    std::vector<hw_exec> found;
    for (const auto& record : probe->records())
      if (record.header().kind == HW_EXEC && record.header().home == web.id()) found.push_back(record.as<hw_exec>());
    return found;
  }
  static LiveProbe* probe;
  const TestCgroup web{container_name()};
};
LiveProbe* Burst::probe = nullptr;

TEST_F(Burst, repeated_program_is_counted_and_its_end_with_it) {
  ASSERT_EQ(storm([] {
              for (int i = 0; i < 10; ++i) forked([] { return exec({"/usr/bin/true"}); });
              return 0;
            }),
            0);
  const auto counts = probe->object().homes()[web.id()];
  EXPECT_EQ(execs().size(), 1U);
  EXPECT_EQ(counts.suppressed[HW_EXEC], 9U);
  EXPECT_EQ(probe->received(web.id(), HW_EXIT) + counts.suppressed[HW_EXIT], counts.exits);
  for (const auto& run : execs()) EXPECT_TRUE(probe->exit_of(static_cast<pid_t>(run.h.process.tgid))) << "it was told of";
  EXPECT_GE(counts.suppressed[HW_EXIT], 9U);
}

TEST_F(Burst, programs_with_other_ids_are_new) {
  ASSERT_EQ(storm([] {
              for (uid_t id = 1001; id < 1006; ++id)
                forked([&] { return ::setresuid(id, id, id) == 0 ? exec({"/usr/bin/true"}) : 97; });
              return 0;
            }),
            0);
  for (uid_t id = 1001; id < 1006; ++id)
    EXPECT_TRUE(std::ranges::any_of(execs(), [&](const hw_exec& r) { return r.cred.uid == id; })) << id;
}

TEST_F(Burst, setuid_memory_files_and_terminals_pass_however_often) {
  constexpr size_t kTimes = 3;
  const std::filesystem::path copy = std::filesystem::temp_directory_path() / container_name();
  std::filesystem::copy_file("/usr/bin/true", copy);
  ::chmod(copy.c_str(), 04755);
  const int status = storm([&] {
    const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0 || ::grantpt(terminal) != 0 || ::unlockpt(terminal) != 0) return 97;
    const std::string name = ::ptsname(terminal);
    const int memory = ::memfd_create("payload", 0);
    const int file = ::open("/usr/bin/true", O_RDONLY | O_CLOEXEC);
    std::vector<char> bytes(1U << 16);
    for (ssize_t n = 0; (n = ::read(file, bytes.data(), bytes.size())) > 0;)
      if (::write(memory, bytes.data(), static_cast<size_t>(n)) != n) return 96;
    for (size_t i = 0; i < kTimes; ++i) {
      forked([&] { return exec({copy.string()}); });
      forked([&] { return exec({"/proc/self/fd/" + std::to_string(memory)}); });
      forked([&] {
        ::setsid();
        const int own = ::open(name.c_str(), O_RDWR);  // the first one of a session's leader is its terminal
        return own >= 0 ? exec({"/usr/bin/true"}) : 95;
      });
    }
    return 0;
  });
  std::filesystem::remove(copy);
  ASSERT_EQ(status, 0);
  const auto seen = [&](const auto& fits) { return static_cast<size_t>(std::ranges::count_if(execs(), fits)); };
  EXPECT_EQ(seen([](const hw_exec& r) { return (r.exe_flags & HW_EXE_SETUID) != 0; }), kTimes);
  EXPECT_EQ(seen([](const hw_exec& r) { return (r.exe_flags & HW_EXE_MEMFD) != 0; }), kTimes);
  EXPECT_EQ(seen([](const hw_exec& r) { return r.tty != 0; }), kTimes);
}

TEST_F(Burst, forks_of_others_children_and_into_namespaces_pass) {
  constexpr uint64_t kTimes = 20;
  ASSERT_EQ(storm([] {
              for (uint64_t i = 0; i < kTimes; ++i)
                for (const int flags : {CLONE_PARENT | SIGCHLD, CLONE_NEWUTS | SIGCHLD})
                  forked([&] {
                    const long child = ::syscall(SYS_clone, static_cast<long>(flags), 0L, 0L, 0L, 0L);
                    if (child == 0) ::_exit(0);
                    return 0;
                  });
              return 0;
            }),
            0);
  uint64_t siblings = 0, apart = 0;
  for (const auto& record : probe->records()) {
    if (record.header().kind != HW_FORK || record.header().home != web.id()) continue;
    const auto fork = record.as<hw_fork>();
    siblings += fork.child_parent.tgid != fork.h.process.tgid ? 1U : 0U;
    apart += (fork.clone_flags & CLONE_NEWUTS) != 0 ? 1U : 0U;
  }
  EXPECT_EQ(siblings, kTimes);
  EXPECT_EQ(apart, kTimes);
}

TEST_F(Burst, exec_names_its_ancestors_while_forks_are_held_back) {
  const auto before = run_in(web, [] { return exec({"/usr/bin/true"}); });
  before->wait();
  ASSERT_EQ(storm([] {
              forked([] {
                forked([] { return exec({"/usr/bin/true"}); });
                return 0;
              });
              return 0;
            }),
            0);
  const std::vector<hw_exec> runs = execs();
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0].ancestors[0].key.tgid, 0U) << "its fork was told";
  const hw_exec& run = runs[1];
  EXPECT_NE(run.h.flags & HW_F_REDUCED, 0U);
  EXPECT_EQ(run.ancestors[0].key.tgid, run.parent.tgid);
  EXPECT_EQ(run.ancestors[0].key.start_ns, run.parent.start_ns);
  for (const hw_ancestor& ancestor : run.ancestors) {
    EXPECT_NE(ancestor.key.tgid, 0U);
    EXPECT_STREQ(ancestor.comm, "bpf_storm_test");
  }
}

TEST_F(Burst, whose_fork_was_held_back_tells_its_own_pid_once) {
  ASSERT_EQ(storm([] {
              if (::unshare(CLONE_NEWPID) != 0) return 97;
              forked([] {  // the first process of a pid namespace
                forked([] {
                  for (int i = 0; i < 2; ++i)
                    if (::syscall(SYS_clone, static_cast<long>(CLONE_PARENT | SIGCHLD), 0L, 0L, 0L, 0L) == 0) ::_exit(0);
                  return 0;
                });
                return 0;
              });
              return 0;
            }),
            0);
  std::vector<uint32_t> pids;
  for (const auto& record : probe->records())
    if (record.header().kind == HW_FORK && record.header().home == web.id() && record.as<hw_fork>().clone_flags & CLONE_PARENT)
      pids.push_back(record.header().ns_pid);
  EXPECT_EQ(pids, (std::vector<uint32_t>{2, 0}));
}

TEST_F(Burst, counts_of_execs_and_of_who_forks_are_exact) {
  constexpr uint64_t kForkers = 3, kEach = 4;
  const auto child = run_in(web, [] {
    for (uint64_t i = 0; i < kForkers; ++i)
      forked([] {
        for (uint64_t n = 0; n < kEach; ++n) forked([] { return exec({"/usr/bin/true"}); });
        return 0;
      });
    return 0;
  });
  ASSERT_EQ(child->wait(), 0);
  const auto counts = probe->object().homes()[web.id()];
  EXPECT_EQ(counts.execs, kForkers * kEach);
  EXPECT_EQ(counts.forks, kForkers + kForkers * kEach);
  EXPECT_EQ(counts.creators, kForkers + 1) << "and the one that made them";
  EXPECT_EQ(counts.creators_total, kForkers + 1);
}

TEST(Homes, container_beyond_the_map_is_counted_as_such_and_still_seen) {
  LiveProbe probe;
  const int map = probe.object().map_fd("homes");
  std::vector<std::byte> nothing(4096);  // more than a value has
  uint64_t filled = 0;
  while (filled < 5000) {
    const uint64_t home = (1ULL << 60) + filled;
    if (bpf_map_update_elem(map, &home, nothing.data(), BPF_NOEXIST) != 0) break;
    ++filled;
  }
  ASSERT_LT(filled, 5000U) << "the map is bounded";
  const TestCgroup web(container_name());
  const auto child = run_in(web, [] { return exec({"/usr/bin/true"}); });
  child->wait();
  const auto run = probe.exec_of(child->pid());
  ASSERT_TRUE(run);
  EXPECT_EQ(run->header().home, web.id());
  EXPECT_FALSE(probe.object().homes().contains(web.id()));
  EXPECT_GT(probe.object().errors()[HW_PLACE_HOME_FULL], 0U);
}

TEST(Storm, bulk_ring_without_budgets_loses_with_a_count_and_delays_no_critical_record) {
  constexpr int kForks = 3000, kMoves = 300;
  BpfKnobs knobs;
  knobs.bulk_bytes = 1U << 16;
  knobs.bulk_ring_ns = 0;
  LiveProbe probe(knobs);
  const TestCgroup noisy(container_name()), web(container_name()), inner("inner", &web);
  Gate start;
  Child storm([&] {
    start.pass();
    for (int i = 0; i < kForks; ++i) {
      const pid_t child = ::vfork();
      if (child == 0) ::_exit(0);
      ::waitpid(child, nullptr, 0);
    }
    return 0;
  });
  Child mover([&] {
    start.pass();
    for (int i = 0; i < kMoves; ++i) (i % 2 == 0 ? inner : web).add(0);
    return 0;
  });
  noisy.add(storm.pid());
  web.add(mover.pid());
  start.open();
  start.open();
  storm.wait();  // nobody reads the bulk ring meanwhile
  mover.wait();
  for (const auto program : {"process_fork", "process_exec", "process_exit", "cgroup_mkdir", "cgroup_rmdir", "cgroup_attach"})
    probe.object().detach(program);
  probe.drain();
  const auto counts = probe.object().counts();
  const auto received = probe.rings().received();
  for (size_t kind = 0; kind < HW_KIND_MAX; ++kind) EXPECT_EQ(counts[kind].submitted, received[kind]) << "kind " << kind;
  EXPECT_GT(counts[HW_FORK].lost, 0U);
  EXPECT_GE(counts[HW_FORK].submitted + counts[HW_FORK].lost, static_cast<uint64_t>(kForks));
  EXPECT_EQ(counts[HW_CGROUP].lost, 0U);
  EXPECT_EQ(std::ranges::count_if(probe.records(),
                                  [&](const LiveRecord& r) {
                                    return r.header().kind == HW_CGROUP &&
                                           r.header().process.tgid == static_cast<uint32_t>(mover.pid());
                                  }),
            kMoves);
}

}  // namespace
}  // namespace hullwatch::test
