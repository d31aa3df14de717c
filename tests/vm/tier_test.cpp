// Actors against what the ladder chooses: what they did, compared with what was captured. Runs in a guest, with the actors
// beside the test, on every kernel and tier of the matrix; what the chosen providers do not promise is skipped, with their
// words.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

#include "vm/tier.h"

namespace hullwatch::test {
namespace {

using nlohmann::json;

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
  EXPECT_TRUE(seen.h.provider == HW_BY_FENTRY || seen.h.provider == HW_BY_QUIET || seen.h.provider == HW_BY_DISPATCH);
  EXPECT_EQ(seen.uncertain, 0U);
  EXPECT_EQ(seen.h.flags & HW_F_LATE, 0U);
}

// HULLWATCH_TIERS empty: the best rungs, of which Debian's kernels have all.
TEST_F(Tier, TheHooksAreChosenAndNothingIsInTrouble) {
  for (const auto& trouble : sensor_->troubles()) ADD_FAILURE() << trouble;
  const auto tiers = allowed_tiers();
  ASSERT_TRUE(tiers);
  for (const Rung& rung : sensor_->ladder().rungs())
    EXPECT_TRUE(rung.provider == nullptr || tiers->contains(rung.provider->tier)) << rung.observation->name;
  if (std::getenv("HULLWATCH_TIERS") != nullptr) return;
  const std::string_view security = bpf_is_an_lsm() ? "lsm/" : "fentry/security_";
  EXPECT_TRUE(provider_of("credential").starts_with("fexit/commit_creds, " + std::string(security)));
  EXPECT_TRUE(provider_of("mount").starts_with("fexit/path_"));
  EXPECT_TRUE(provider_of("runtime_socket").starts_with(std::string(security) + "unix_stream_connect"));
  EXPECT_TRUE(provider_of("namespace").starts_with("fentry and fexit")) << provider_of("namespace");
  EXPECT_FALSE(sensor_->ladder().degraded());
}

// The promise of T1 to T3: any program on a system call's entry or return puts all calls of all processes on the slow path.
TEST_F(Tier, NothingIsAttachedToSystemCallsUnlessItIsTheDispatcher) {
  const bool dispatched = std::ranges::any_of(sensor_->ladder().rungs(),
                                              [](const Rung& r) { return r.provider && r.provider->tier == HW_BY_DISPATCH; });
  const auto programs = BpfObject::programs();
  ASSERT_TRUE(programs);
  int on_calls = 0, attached = 0;
  for (const BpfProgram& program : *programs) {
    if (!sensor_->object().is_attached(program.name)) continue;
    ++attached;
    on_calls += program.section.find("sys_exit") != std::string::npos || program.section.find("sys_enter") != std::string::npos;
  }
  EXPECT_GT(attached, 0);
  EXPECT_EQ(on_calls, dispatched ? 1 : 0);
}

TEST_F(Tier, AChangeOfIdsIsSeenOnceWithBothCredentials) {
  SKIP_UNLESS("credential", HW_BY_LSM, HW_BY_FENTRY, HW_BY_QUIET, HW_BY_DISPATCH);
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
  SKIP_UNLESS("credential", HW_BY_LSM, HW_BY_FENTRY, HW_BY_QUIET, HW_BY_DISPATCH);
  const auto run = SensorTest::run({"capset_actor", "toggle", "21"});
  const auto seen = run.all<hw_credential>(HW_CREDENTIAL);
  ASSERT_EQ(seen.size(), 2U);
  for (const size_t i : {0U, 1U}) {
    expect_change(seen[i], run.told.at(i));
    EXPECT_EQ(seen[i].way, HW_WAY_CAPSET);
  }
}

TEST_F(Tier, ANewUserNamespaceByUnshareIsSeenAtOnce) {
  SKIP_UNLESS("credential", HW_BY_LSM, HW_BY_FENTRY, HW_BY_DISPATCH);
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
void expect_mounts(ActorRun run) {
  // A call this kernel does not have never gets as far as a hook (mount_setattr before 5.12).
  std::erase_if(run.told, [](const json& told) { return told["result"] == -ENOSYS; });
  const std::vector<std::string> names = {"mount",    "umount2", "pivot_root", "open_tree",     "fsopen",
                                          "fsconfig", "fsmount", "move_mount", "mount_setattr", "fspick"};
  const auto seen = run.of(HW_MOUNT);
  ASSERT_EQ(seen.size(), run.told.size() + 1);
  for (size_t i = 0; i < run.told.size(); ++i) {
    const auto mount = seen[i + 1].as<hw_mount>();
    const auto& told = run.told[i];
    SCOPED_TRACE(told.dump());
    EXPECT_EQ(names.at(mount.op), told["op"]);
    if (mount.h.provider == HW_BY_DISPATCH) {  // at the return of a call: its strings as given, and its result
      EXPECT_EQ(text(seen[i + 1], mount.target), told["target"]);
      EXPECT_EQ(mount.mount_flags, told["flags"]);
      EXPECT_EQ(mount.result, told["result"]);
      continue;
    }
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

TEST_F(Tier, AMountIsSeenAtItsHookAsAnAttemptWithItsPathsResolved) {
  SKIP_UNLESS("mount", HW_BY_LSM);
  ActorRun run = SensorTest::run({"mount_calls", "all", "/tmp"});
  const std::vector<std::pair<hw_mount_op, std::string>> hooked = {{HW_MOUNT_MOUNT, "mount"},
                                                                   {HW_MOUNT_UMOUNT, "umount2"},
                                                                   {HW_MOUNT_MOVE_MOUNT, "move_mount"},
                                                                   {HW_MOUNT_PIVOT_ROOT, "pivot_root"}};
  std::erase_if(run.told, [&](const json& told) {
    return std::ranges::none_of(hooked, [&](const auto& call) { return told["op"] == call.second; });
  });
  const auto seen = run.of(HW_MOUNT);
  ASSERT_EQ(seen.size(), run.told.size() + 1);
  for (size_t i = 0; i < run.told.size(); ++i) {
    const auto mount = seen[i + 1].as<hw_mount>();
    const auto& told = run.told[i];
    SCOPED_TRACE(told.dump());
    ASSERT_TRUE(
        std::ranges::any_of(hooked, [&](const auto& call) { return call.first == mount.op && call.second == told["op"]; }));
    EXPECT_EQ(mount.h.provider, HW_BY_LSM);
    EXPECT_TRUE(mount.h.flags & HW_F_ATTEMPT) << "what came of it is not known";
    if (mount.op != HW_MOUNT_MOUNT) {
      expect_resolved(seen[i + 1], told);
      continue;
    }
    EXPECT_EQ(seen[i + 1].path<hw_mount>(mount.resolved), told["target"]);
    EXPECT_EQ(text(seen[i + 1], mount.source), told["source"]);
    EXPECT_EQ(text(seen[i + 1], mount.fstype), told["fstype"]);
    EXPECT_EQ(mount.mount_flags, told["flags"]);
  }
}

TEST_F(Tier, EveryMountCallIsSeenWithItsOutcome) {
  SKIP_UNLESS("mount", HW_BY_FENTRY, HW_BY_DISPATCH);
  expect_mounts(SensorTest::run({"mount_calls", "all", "/tmp"}));
}
TEST_F(Tier, AFailedMountCarriesItsError) {
  SKIP_UNLESS("mount", HW_BY_FENTRY);
  expect_mounts(SensorTest::run({"mount_calls", "failed", "/tmp"}));
}

TEST_F(Tier, ThirtyTwoBitCallsAreSeenOnceWithTheirOutcome) {
  SKIP_UNLESS("mount", HW_BY_FENTRY);
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

json told_namespaces(const hw_namespaces& n) {
  return {{"mnt", n.mnt}, {"pid", n.pid},       {"net", n.net},  {"uts", n.uts},
          {"ipc", n.ipc}, {"cgroup", n.cgroup}, {"user", n.user}};
}

TEST_F(Tier, NamespaceCallsShowTheNamespacesBeforeAndAfter) {
  SKIP_UNLESS("namespace", HW_BY_FENTRY);
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
  SKIP_UNLESS("capability", HW_BY_FENTRY, HW_BY_QUIET);
  const TestCgroup container(container_name());
  const auto first = SensorTest::run({"setid", "resuid", "1000", "1000", "1000"}, &container);
  const auto second = SensorTest::run({"setid", "resuid", "1000", "1000", "1000"}, &container);
  const auto of_setuid = [&](const ActorRun& run) {
    return std::ranges::count_if(run.all<hw_capability>(HW_CAPABILITY), [&](const hw_capability& use) {
      return use.capability == 7 && use.result == 0 && use.h.home == container.id();
    });
  };
  EXPECT_EQ(of_setuid(first), 1);
  EXPECT_EQ(of_setuid(second), 0);
}

// The dispatcher knows a use by what calls return.
TEST_F(Tier, ACallThatNeededACapabilityIsItsFirstUse) {
  SKIP_UNLESS("capability", HW_BY_DISPATCH, HW_BY_FENTRY, HW_BY_QUIET);
  const TestCgroup container(container_name());
  const auto first = SensorTest::run({"mount_calls", "all", "/tmp"}, &container);
  const auto second = SensorTest::run({"mount_calls", "all", "/tmp"}, &container);
  const auto of_mount = [&](const ActorRun& run) {
    return std::ranges::count_if(run.all<hw_capability>(HW_CAPABILITY), [&](const hw_capability& use) {
      return use.capability == 21 && use.result == 0 && use.h.home == container.id() && use.userns_level == 0;
    });
  };
  EXPECT_EQ(of_mount(first), 1);
  EXPECT_EQ(of_mount(second), 0);
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
