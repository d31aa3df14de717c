// Actors against what the ladder chooses on a kernel with BPF LSM and fentry (T1, T2): what they did, compared with what was
// captured. Runs in a guest, with the actors beside the test.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "bpf/live_probe.h"
#include "probe/sensor.h"

namespace hullwatch::test {
namespace {

using nlohmann::json;

std::filesystem::path here() { return std::filesystem::read_symlink("/proc/self/exe").parent_path(); }

struct ActorRun {
  std::vector<json> told;
  std::vector<LiveRecord> records;  // of the actor's own process

  template <typename T>
  [[nodiscard]] std::vector<T> all(hw_kind kind) const {
    std::vector<T> found;
    for (const auto& record : records)
      if (record.header().kind == kind) found.push_back(record.as<T>());
    return found;
  }
};

class Tier : public testing::Test {
 protected:
  // One for all: loading takes longer than all the tests.
  static void SetUpTestSuite() {
    auto opened = Sensor::open({.knobs = {}, .self_test = {.program = "/bin/true", .cgroup_root = "/sys/fs/cgroup"}},
                               [](std::span<const std::byte> record, bool) { captured_.emplace_back(record); });
    ASSERT_TRUE(opened) << opened.error().message;
    sensor_ = std::move(*opened);
  }
  static void TearDownTestSuite() { sensor_.reset(); }
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
    for (std::string line; std::getline(lines, line);) run.told.push_back(json::parse(line));
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

  static std::unique_ptr<Sensor> sensor_;
  static std::vector<LiveRecord> captured_;
};
std::unique_ptr<Sensor> Tier::sensor_;
std::vector<LiveRecord> Tier::captured_;

std::string text(const LiveRecord& record, hw_span span) {
  const std::string bytes = record.bytes<hw_mount>(span);
  return bytes.substr(0, bytes.find('\0'));
}
json ids(const hw_cred& c) { return {c.uid, c.euid, c.suid, c.fsuid, c.gid, c.egid, c.sgid, c.fsgid}; }
json sets(const hw_cred& c) { return {c.cap_inheritable, c.cap_permitted, c.cap_effective, c.cap_bounding, c.cap_ambient}; }
json told_ids(const json& c) {
  json all = c["uid"];
  all.insert(all.end(), c["gid"].begin(), c["gid"].end());
  return all;
}
json told_sets(const json& c) { return {c["inheritable"], c["permitted"], c["effective"], c["bounding"], c["ambient"]}; }

void expect_change(const hw_credential& seen, const json& told) {
  EXPECT_EQ(ids(seen.before), told_ids(told["before"]));
  EXPECT_EQ(ids(seen.after), told_ids(told["after"]));
  EXPECT_EQ(sets(seen.before), told_sets(told["before"]));
  EXPECT_EQ(sets(seen.after), told_sets(told["after"]));
  EXPECT_EQ(seen.h.provider, HW_BY_FENTRY);
  EXPECT_EQ(seen.uncertain, 0U);
  EXPECT_EQ(seen.h.flags & HW_F_LATE, 0U);
}

TEST_F(Tier, TheHooksAreChosenAndNothingIsInTrouble) {
  EXPECT_EQ(provider_of("credential"), "fexit/commit_creds");
  EXPECT_TRUE(provider_of("mount").starts_with("fexit/path_"));
  EXPECT_TRUE(provider_of("runtime_socket").starts_with("lsm/unix_stream_connect"));
  EXPECT_FALSE(sensor_->ladder().degraded());
  for (const auto& trouble : sensor_->troubles()) ADD_FAILURE() << trouble;
}

TEST_F(Tier, AChangeOfIdsIsSeenOnceWithBothCredentials) {
  for (const auto& command :
       {std::vector<std::string>{"setid", "resuid", "1000", "1000", "0"}, {"setid", "resgid", "7", "8", "9"}}) {
    const auto run = Tier::run(command);
    const auto seen = run.all<hw_credential>(HW_CREDENTIAL);
    ASSERT_EQ(seen.size(), 1U) << command[1];
    expect_change(seen[0], run.told.at(0));
    EXPECT_EQ(seen[0].way, HW_WAY_SETID);
  }
}

TEST_F(Tier, LoweringAndRaisingACapabilityIsTwoCapsets) {
  const auto run = Tier::run({"capset_actor", "toggle", "21"});
  const auto seen = run.all<hw_credential>(HW_CREDENTIAL);
  ASSERT_EQ(seen.size(), 2U);
  for (const size_t i : {0U, 1U}) {
    expect_change(seen[i], run.told.at(i));
    EXPECT_EQ(seen[i].way, HW_WAY_CAPSET);
  }
}

TEST_F(Tier, ANewUserNamespaceByUnshareIsSeenAtOnce) {
  const auto run = Tier::run({"namespaces", "unshare", "0x10000000"});
  const auto seen = run.all<hw_credential>(HW_CREDENTIAL);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].way, HW_WAY_USERNS);
  EXPECT_EQ(seen[0].after.userns, run.told.at(0)["after"]["user"]);
}

TEST_F(Tier, APlainExecByRootIsNoCredentialRecord) {
  EXPECT_TRUE(Tier::run({"setid", "show"}).all<hw_credential>(HW_CREDENTIAL).empty());
}

// What the actor told of each call, and the record of it. The first record is the actor making its namespace private.
void expect_mounts(const ActorRun& run) {
  const std::vector<std::string> names = {"mount",    "umount2", "pivot_root", "open_tree",     "fsopen",
                                          "fsconfig", "fsmount", "move_mount", "mount_setattr", "fspick"};
  std::vector<LiveRecord> seen;
  for (const auto& record : run.records)
    if (record.header().kind == HW_MOUNT) seen.push_back(record);
  ASSERT_EQ(seen.size(), run.told.size() + 1);
  for (size_t i = 0; i < run.told.size(); ++i) {
    const auto mount = seen[i + 1].as<hw_mount>();
    const auto& told = run.told[i];
    SCOPED_TRACE(told.dump());
    EXPECT_EQ(names.at(mount.op), told["op"]);
    EXPECT_EQ(text(seen[i + 1], mount.source), told["source"]);
    EXPECT_EQ(text(seen[i + 1], mount.fstype), told["fstype"]);
    EXPECT_EQ(mount.mount_flags, told["flags"]);
    EXPECT_EQ(mount.result, told["result"]);
    EXPECT_EQ(mount.h.flags & HW_F_ATTEMPT, 0U);
    if (mount.op == HW_MOUNT_MOUNT) {
      EXPECT_EQ(seen[i + 1].path<hw_mount>(mount.resolved), told["target"]);
      EXPECT_EQ(mount.h.flags & HW_F_USER_STRINGS, 0U) << "the strings are the kernel's copies";
    } else {
      EXPECT_EQ(text(seen[i + 1], mount.target), told["target"]);
    }
  }
}

TEST_F(Tier, EveryMountCallIsSeenWithItsOutcome) { expect_mounts(Tier::run({"mount_calls", "all", "/tmp"})); }
TEST_F(Tier, AFailedMountCarriesItsError) { expect_mounts(Tier::run({"mount_calls", "failed", "/tmp"})); }

TEST_F(Tier, AConnectionIsSentOnceWithItsListener) {
  for (const auto* way : {"path", "symlink", "hardlink", "bind", "relative"}) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    Child server([&] {
      ::dup2(ends[1], STDOUT_FILENO);
      ::execl((here() / "unix_server").c_str(), "unix_server", "/tmp/tier.sock", "1", nullptr);
      return 127;
    });
    char line[256];
    ASSERT_GT(::read(ends[0], line, sizeof line), 0);  // it listens
    struct stat listener {};
    ASSERT_EQ(::stat("/tmp/tier.sock", &listener), 0);
    const auto run = Tier::run({"unix_client", "/tmp/tier.sock", way, "write", "100"});
    server.wait();
    ::close(ends[0]);
    ::close(ends[1]);
    ::unlink("/tmp/tier.sock");
    const auto seen = run.all<hw_socket>(HW_SOCKET);
    ASSERT_EQ(seen.size(), 1U) << way;
    EXPECT_EQ(seen[0].op, HW_SOCKET_CONNECT);
    EXPECT_EQ(seen[0].h.provider, HW_BY_LSM);
    EXPECT_EQ(seen[0].listener.ino, listener.st_ino);
    EXPECT_EQ(seen[0].listener_tgid, static_cast<uint32_t>(server.pid()));
    EXPECT_STREQ(seen[0].name, "/tmp/tier.sock");
  }
}

json told_namespaces(const hw_namespaces& n) {
  return {{"mnt", n.mnt}, {"pid", n.pid},       {"net", n.net},  {"uts", n.uts},
          {"ipc", n.ipc}, {"cgroup", n.cgroup}, {"user", n.user}};
}

TEST_F(Tier, NamespaceCallsShowTheNamespacesBeforeAndAfter) {
  const auto unshared = Tier::run({"namespaces", "unshare", "0x20000", "0x4000000"});  // NEWNS, NEWUTS
  const auto seen = unshared.all<hw_namespace>(HW_NAMESPACE);
  ASSERT_EQ(seen.size(), 2U);
  for (const size_t i : {0U, 1U}) {
    EXPECT_EQ(told_namespaces(seen[i].before), unshared.told.at(i)["before"]);
    EXPECT_EQ(told_namespaces(seen[i].after), unshared.told.at(i)["after"]);
    EXPECT_EQ(seen[i].op, HW_NS_UNSHARE);
    EXPECT_EQ(seen[i].result, 0);
    EXPECT_EQ(seen[i].h.provider, HW_BY_FENTRY);
  }
  const auto entered = Tier::run({"namespaces", "setns", "/proc/self/ns/uts", "0x4000000"});
  const auto setns = entered.all<hw_namespace>(HW_NAMESPACE);
  ASSERT_EQ(setns.size(), 1U);
  EXPECT_EQ(setns[0].op, HW_NS_SETNS);
  EXPECT_EQ(setns[0].result, entered.told.at(0)["result"]);
}

TEST_F(Tier, TheFirstUseOfACapabilityInAContainerIsARecord) {
  const TestCgroup container(container_name());
  const auto first = Tier::run({"setid", "resuid", "1000", "1000", "1000"}, &container);
  const auto second = Tier::run({"setid", "resuid", "1000", "1000", "1000"}, &container);
  const auto of_setuid = [&](const ActorRun& run) {
    return std::ranges::count_if(run.all<hw_capability>(HW_CAPABILITY), [&](const hw_capability& use) {
      return use.capability == 7 && use.result == 0 && use.h.home == container.id() && use.h.provider == HW_BY_FENTRY;
    });
  };
  EXPECT_EQ(of_setuid(first), 1);
  EXPECT_EQ(of_setuid(second), 0);
}

TEST_F(Tier, NothingWasLostAndWhatTheKernelSentWasReceived) {
  drain();
  const auto counts = sensor_->object().counts();
  const auto received = sensor_->rings().received();
  for (uint32_t kind = 1; kind < HW_TASK; ++kind) {
    EXPECT_EQ(counts[kind].lost, 0U) << kind;
    EXPECT_EQ(counts[kind].submitted, received[kind]) << kind;
  }
}

}  // namespace
}  // namespace hullwatch::test
