#pragma once
// The kernel side as the ladder chooses it, live in a guest, for all tests of a suite: runs actors, which lie beside the test,
// and gives back what an actor said it did and what was captured of it. One thread.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "bpf/live_probe.h"
#include "probe/sensor.h"

namespace hullwatch::test {

inline std::filesystem::path here() { return std::filesystem::read_symlink("/proc/self/exe").parent_path(); }

struct ActorRun {
  std::vector<nlohmann::json> told;
  std::vector<LiveRecord> records;  // of the actor's own process

  template <typename T>
  [[nodiscard]] std::vector<T> all(hw_kind kind) const {
    std::vector<T> found;
    for (const auto& record : of(kind)) found.push_back(record.as<T>());
    return found;
  }
  [[nodiscard]] std::vector<LiveRecord> of(hw_kind kind) const {
    std::vector<LiveRecord> found;
    std::ranges::copy_if(records, std::back_inserter(found),
                         [&](const LiveRecord& record) { return record.header().kind == kind; });
    return found;
  }
};

class SensorTest : public testing::Test {
 protected:
  // One for all suites of a program: loading takes longer than all the tests.
  static void SetUpTestSuite() {
    if (sensor_) return;
    const auto root = TestCgroup::root();
    const bool v2 = std::filesystem::exists(root / "cgroup.controllers");
    SensorOptions options;
    options.knobs.hierarchy = v2 ? BpfKnobs::Hierarchy::v2 : BpfKnobs::Hierarchy::v1_pids;
    options.self_test = {.program = "/bin/true", .cgroup_root = root};
    auto opened = Sensor::open(options, [](std::span<const std::byte> record, bool) { captured_.emplace_back(record); });
    ASSERT_TRUE(opened) << opened.error().message;
    sensor_ = std::move(*opened);
  }
  void SetUp() override { ASSERT_TRUE(sensor_); }

  static void drain() {
    while (true) {
      const auto got = sensor_->rings().poll(std::chrono::milliseconds(50));
      if (!got || *got == 0) return;
    }
  }

  /// Runs an actor to its end; with a cgroup, inside it.
  static ActorRun run(const std::vector<std::string>& command, const TestCgroup* cgroup = nullptr) {
    drain();
    captured_.clear();
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    const Child child([&] {
      if (cgroup != nullptr) cgroup->add(0);
      ::dup2(ends[1], STDOUT_FILENO);
      std::vector<char*> words;
      for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
      words.push_back(nullptr);
      ::execv((here() / command[0]).c_str(), words.data());
      return 127;
    });
    ::close(ends[1]);
    std::string out;
    char buffer[4096];
    for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) out.append(buffer, static_cast<size_t>(got));
    ::close(ends[0]);
    drain();
    ActorRun run;
    std::istringstream lines(out);
    for (std::string line; std::getline(lines, line);) run.told.push_back(nlohmann::json::parse(line));
    std::ranges::copy_if(captured_, std::back_inserter(run.records), [&](const LiveRecord& record) {
      return record.header().process.tgid == static_cast<uint32_t>(child.pid());
    });
    return run;
  }

  static std::string_view provider_of(std::string_view observation) {
    for (const Rung& rung : sensor_->ladder().rungs())
      if (rung.observation->name == observation && rung.provider != nullptr) return rung.provider->name;
    return "none";
  }

  /// The provider that the running kernel has for it; null: none, which doctor says too.
  static const Provider* provider(std::string_view observation) { return sensor_->ladder().provider_of(observation); }
  static bool has(std::string_view observation, std::initializer_list<hw_provider> tiers) {
    const Provider* chosen = provider(observation);
    return chosen != nullptr && std::ranges::find(tiers, chosen->tier) != tiers.end();
  }

  struct End : testing::Environment {
    void TearDown() override { sensor_.reset(); }
  };
  inline static testing::Environment* const end_ = testing::AddGlobalTestEnvironment(new End);
  inline static std::unique_ptr<Sensor> sensor_;
  inline static std::vector<LiveRecord> captured_;
};
/// Is the running kernel that one, or newer?
inline bool has_kernel(unsigned major, unsigned minor) {
  utsname name{};
  if (::uname(&name) != 0) return false;
  std::istringstream release(name.release);
  unsigned is_major = 0, is_minor = 0;
  char dot = 0;
  if (!(release >> is_major >> dot >> is_minor) || dot != '.') return false;
  return is_major > major || (is_major == major && is_minor >= minor);
}
// T1; without it these tests are T2's.
inline bool bpf_is_an_lsm() {
  std::ifstream file("/sys/kernel/security/lsm");
  std::string list;
  std::getline(file, list);
  return ("," + list + ",").find(",bpf,") != std::string::npos;
}

}  // namespace hullwatch::test
