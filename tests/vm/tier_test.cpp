// Actors against what the ladder chooses on a kernel with BPF LSM and fentry (T1, T2): what they did, compared with what was
// captured. Runs in a guest, with the actors beside the test.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

#include "vm/sensor_test.h"

namespace hullwatch::test {
namespace {

using nlohmann::json;

class Tier : public SensorTest {};

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
  const std::string_view security = bpf_is_an_lsm() ? "lsm/" : "fentry/security_";
  EXPECT_TRUE(provider_of("credential").starts_with("fexit/commit_creds, " + std::string(security)));
  EXPECT_TRUE(provider_of("mount").starts_with("fexit/path_"));
  EXPECT_TRUE(provider_of("runtime_socket").starts_with(std::string(security) + "unix_stream_connect"));
  EXPECT_FALSE(sensor_->ladder().degraded());
  for (const auto& trouble : sensor_->troubles()) ADD_FAILURE() << trouble;
}

TEST_F(Tier, AChangeOfIdsIsSeenOnceWithBothCredentials) {
  for (const auto& command :
       {std::vector<std::string>{"setid", "resuid", "1000", "1000", "0"}, {"setid", "resgid", "7", "8", "9"}}) {
    const auto run = SensorTest::run(command);
    const auto seen = run.all<hw_credential>(HW_CREDENTIAL);
    ASSERT_EQ(seen.size(), 1U) << command[1];
    expect_change(seen[0], run.told.at(0));
    EXPECT_EQ(seen[0].way, HW_WAY_SETID);
  }
}

TEST_F(Tier, LoweringAndRaisingACapabilityIsTwoCapsets) {
  const auto run = SensorTest::run({"capset_actor", "toggle", "21"});
  const auto seen = run.all<hw_credential>(HW_CREDENTIAL);
  ASSERT_EQ(seen.size(), 2U);
  for (const size_t i : {0U, 1U}) {
    expect_change(seen[i], run.told.at(i));
    EXPECT_EQ(seen[i].way, HW_WAY_CAPSET);
  }
}

TEST_F(Tier, ANewUserNamespaceByUnshareIsSeenAtOnce) {
  const auto run = SensorTest::run({"namespaces", "unshare", "0x10000000"});
  const auto seen = run.all<hw_credential>(HW_CREDENTIAL);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].way, HW_WAY_USERNS);
  EXPECT_EQ(seen[0].after.userns, run.told.at(0)["after"]["user"]);
}

TEST_F(Tier, APlainExecByRootIsNoCredentialRecord) {
  EXPECT_TRUE(SensorTest::run({"setid", "show"}).all<hw_credential>(HW_CREDENTIAL).empty());
}

// Where the kernel found the paths of the calls that have hooks on the way; of others none.
void expect_resolved(const LiveRecord& record, const json& told) {
  const auto mount = record.as<hw_mount>();
  if (mount.op == HW_MOUNT_UMOUNT || mount.op == HW_MOUNT_MOVE_MOUNT || mount.op == HW_MOUNT_PIVOT_ROOT)
    EXPECT_EQ(record.path<hw_mount>(mount.resolved), told["target"]);
  else
    EXPECT_EQ(mount.resolved.count, 0);
  if (mount.op == HW_MOUNT_PIVOT_ROOT) {
    EXPECT_EQ(record.path<hw_mount>(mount.source_resolved), told["source"]);
  } else if (mount.op == HW_MOUNT_MOVE_MOUNT) {
    EXPECT_TRUE(mount.source_resolved.flags & HW_PATH_UNREACHABLE) << "a detached mount";
  }
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
      expect_resolved(seen[i + 1], told);
    }
  }
}

TEST_F(Tier, EveryMountCallIsSeenWithItsOutcome) { expect_mounts(SensorTest::run({"mount_calls", "all", "/tmp"})); }
TEST_F(Tier, AFailedMountCarriesItsError) { expect_mounts(SensorTest::run({"mount_calls", "failed", "/tmp"})); }

TEST_F(Tier, ThirtyTwoBitCallsAreSeenOnceWithTheirOutcome) {
  const auto run = SensorTest::run({"compat_calls", "tree", "/tmp"});
  ASSERT_FALSE(run.told.empty());
  if (!run.told[0]["supported"]) GTEST_SKIP() << "this kernel takes no 32-bit calls";
  ASSERT_EQ(run.told.size(), 5U);
  const std::vector<std::string> names = {"mount", "umount2", "pivot_root", "open_tree", "", "", "", "move_mount"};
  std::vector<json> seen;
  for (const auto& record : run.records) {
    if ((record.header().flags & HW_F_COMPAT) == 0) continue;  // its own set-up is by 64-bit calls
    if (record.header().kind == HW_NAMESPACE) {
      const auto call = record.as<hw_namespace>();
      seen.push_back({{"op", "unshare"}, {"flags", call.ns_flags}, {"result", call.result}, {"target", ""}});
      EXPECT_NE(call.before.uts, call.after.uts);
    } else if (record.header().kind == HW_MOUNT) {
      const auto mount = record.as<hw_mount>();
      seen.push_back({{"op", names.at(mount.op)},
                      {"flags", mount.mount_flags},
                      {"result", mount.result},
                      {"target", text(record, mount.target)}});
      expect_resolved(record, run.told.at(seen.size() - 1));
    }
  }
  ASSERT_EQ(seen.size(), run.told.size());
  for (size_t i = 0; i < seen.size(); ++i)
    for (const auto* key : {"op", "flags", "result", "target"}) EXPECT_EQ(seen[i][key], run.told[i][key]) << run.told[i].dump();
}

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
    const auto run = SensorTest::run({"unix_client", "/tmp/tier.sock", way, "write", "100"});
    server.wait();
    ::close(ends[0]);
    ::close(ends[1]);
    ::unlink("/tmp/tier.sock");
    const auto seen = run.all<hw_socket>(HW_SOCKET);
    ASSERT_EQ(seen.size(), 1U) << way;
    EXPECT_EQ(seen[0].op, HW_SOCKET_CONNECT);
    EXPECT_EQ(seen[0].h.provider, bpf_is_an_lsm() ? HW_BY_LSM : HW_BY_FENTRY);
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
  const auto unshared = SensorTest::run({"namespaces", "unshare", "0x20000", "0x4000000"});  // NEWNS, NEWUTS
  const auto seen = unshared.all<hw_namespace>(HW_NAMESPACE);
  ASSERT_EQ(seen.size(), 2U);
  for (const size_t i : {0U, 1U}) {
    EXPECT_EQ(told_namespaces(seen[i].before), unshared.told.at(i)["before"]);
    EXPECT_EQ(told_namespaces(seen[i].after), unshared.told.at(i)["after"]);
    EXPECT_EQ(seen[i].op, HW_NS_UNSHARE);
    EXPECT_EQ(seen[i].result, 0);
    EXPECT_EQ(seen[i].h.provider, HW_BY_FENTRY);
  }
  const auto entered = SensorTest::run({"namespaces", "setns", "/proc/self/ns/uts", "0x4000000"});
  const auto setns = entered.all<hw_namespace>(HW_NAMESPACE);
  ASSERT_EQ(setns.size(), 1U);
  EXPECT_EQ(setns[0].op, HW_NS_SETNS);
  EXPECT_EQ(setns[0].result, entered.told.at(0)["result"]);
}

TEST_F(Tier, TheFirstUseOfACapabilityInAContainerIsARecord) {
  const TestCgroup container(container_name());
  const auto first = SensorTest::run({"setid", "resuid", "1000", "1000", "1000"}, &container);
  const auto second = SensorTest::run({"setid", "resuid", "1000", "1000", "1000"}, &container);
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
