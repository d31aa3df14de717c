// Credentials, mounts, namespaces, cgroups, runtime sockets, fork bombs.
#include <gtest/gtest.h>

#include "support/field_value.h"
#include "support/world.h"

namespace hullwatch {
namespace {

using namespace test;

class SecurityFields : public testing::Test {
 protected:
  std::string of(const BuiltEvent& event, std::string_view field) { return shown(world_.take_in(event), field); }
  template <typename Builder>
  std::string of(const Builder& builder, std::string_view field) {
    return of(builder.build(), field);
  }
  World world_;
};

TEST_F(SecurityFields, CredentialsBeforeAndAfter) {
  const auto event = credential(user(1000), with_capabilities(user(0), 1ULL << 21)).way(HW_WAY_EXEC).build();
  EXPECT_EQ(of(event, "cred.way"), "exec");
  EXPECT_EQ(of(event, "cred.old_euid"), "1000");
  EXPECT_EQ(of(event, "cred.new_euid"), "0");
  EXPECT_EQ(of(event, "cred.gained_caps"), "CAP_SYS_ADMIN");
  EXPECT_EQ(of(event, "cred.lost_caps"), "");
  EXPECT_EQ(of(event, "cred.userns_changed"), "false");
  EXPECT_EQ(of(exec("/x"), "cred.way"), kMissing);
}

TEST_F(SecurityFields, AGainShowsTheCredentialsItIsMadeOf) {
  const auto cause = credential(user(1000), root()).build();
  const auto gain =
      finding(EventType::privilege_gain, cause,
              PrivilegeGainFinding{
                  .before = user(1000), .after = root(), .way = "setuid_file", .to_root = true, .gained_caps = "CAP_KILL"});
  EXPECT_EQ(of(gain, "evt.type"), "privilege_gain");
  EXPECT_EQ(of(gain, "gain.way"), "setuid_file");
  EXPECT_EQ(of(gain, "gain.to_root"), "true");
  EXPECT_EQ(of(gain, "gain.explained"), "true");
  EXPECT_EQ(of(gain, "cred.old_uid"), "1000");
  EXPECT_EQ(of(gain, "evt.res"), kMissing);
}

TEST_F(SecurityFields, CapabilityUse) {
  EXPECT_EQ(of(uses_capability(21).denied(), "capability.name"), "CAP_SYS_ADMIN");
  EXPECT_EQ(of(uses_capability(21).denied(), "capability.granted"), "false");
  EXPECT_EQ(of(uses_capability(21).denied(), "evt.res"), "EPERM");
  EXPECT_EQ(of(uses_capability(21), "capability.count"), "1");
}

TEST_F(SecurityFields, MountFlagsBelongToTheirCall) {
  EXPECT_EQ(of(mounts("/", "/mnt", "").mount_flags(4096 | 16384), "mount.flags"), "MS_BIND|MS_REC");
  EXPECT_EQ(of(mounts("/", "/mnt", "").mount_flags(0xc0ed0001), "mount.flags"), "MS_RDONLY");
  EXPECT_EQ(of(mount_operation(HW_MOUNT_UMOUNT).mount_flags(2), "mount.flags"), "MNT_DETACH");
  EXPECT_EQ(of(mount_operation(HW_MOUNT_SETATTR).mount_flags(1), "mount.flags"), "MOUNT_ATTR_RDONLY");
  EXPECT_EQ(of(mount_operation(HW_MOUNT_OPEN_TREE).mount_flags(1ULL << 40), "mount.flags"), "0x10000000000");
  EXPECT_EQ(of(mounts("/", "/mnt", ""), "mount.flags"), "");
}

TEST_F(SecurityFields, AMountIsWhereTheKernelResolvedIt) {
  const auto event = mounts("proc", "/proc/self/fd/4", "proc").resolved("/merged/proc").build();
  EXPECT_EQ(of(event, "mount.target"), "/proc/self/fd/4");
  EXPECT_EQ(of(event, "mount.resolved"), "/merged/proc");
  EXPECT_EQ(of(event, "mount.where"), "/merged/proc");
  EXPECT_EQ(of(mounts("proc", "/proc", "proc"), "mount.where"), "/proc");
  EXPECT_EQ(of(event, "mount.op"), "mount");
}

TEST_F(SecurityFields, ASettingIsTheMachinesUnlessItsNamespaceIsTheWritersOwn) {
  const auto by = [](std::string_view name, uint64_t own) {
    return writes_setting(name, "1\n").with([=](hw_setting& s) { s.own_namespaces = own; }).build();
  };
  constexpr uint64_t kNet = 0x40000000, kIpc = 0x08000000, kAll = ~uint64_t{0};
  EXPECT_EQ(of(by("kernel/core_pattern", kAll), "setting.is_of_host"), "true");
  EXPECT_EQ(of(by("kernel/core_pattern", kAll), "setting.namespace"), kMissing);
  EXPECT_EQ(of(by("net/ipv4/ip_forward", kNet), "setting.is_of_host"), "false");
  EXPECT_EQ(of(by("net/ipv4/ip_forward", kIpc), "setting.is_of_host"), "true");
  EXPECT_EQ(of(by("net/ipv4/ip_forward", kIpc), "setting.namespace"), "net");
  EXPECT_EQ(of(by("kernel/shmmax", kIpc), "setting.is_of_host"), "false");
  EXPECT_EQ(of(by("kernel/shmmaxx", kIpc), "setting.namespace"), kMissing);
  EXPECT_EQ(of(by("release_agent", kAll), "setting.is_of_host"), "true");
  EXPECT_EQ(of(by("release_agent", kAll), "setting.source"), "release_agent");
}

TEST_F(SecurityFields, ASettingTellsWhatWasWrittenAndWhatCameOfIt) {
  EXPECT_EQ(of(writes_setting("kernel/x", "7\n"), "setting.value"), "7");
  EXPECT_EQ(of(writes_setting("kernel/x", "7\n"), "setting.length"), "2");
  EXPECT_EQ(of(writes_setting("kernel/x", "7\n"), "evt.res"), "SUCCESS");
  EXPECT_EQ(of(writes_setting("kernel/x", "7").with([](hw_setting& s) { s.result = -22; }), "evt.res"), "EINVAL");
  const auto unread = writes_setting("kernel/x", "").with([](hw_setting& s) {
    s.setting_flags = HW_SETTING_UNREAD | HW_SETTING_CUT;
    s.h.flags |= HW_F_ATTEMPT;
  });
  EXPECT_EQ(of(unread, "setting.value"), kMissing);
  EXPECT_EQ(of(unread, "setting.length"), kMissing);
  EXPECT_EQ(of(unread, "setting.is_cut"), "true");
  EXPECT_EQ(of(unread, "setting.result"), kMissing);
  EXPECT_EQ(of(unread, "evt.res"), kMissing);
}

TEST_F(SecurityFields, NamespacesThatChanged) {
  const auto event = enters_namespaces(0)
                         .with([](hw_namespace& n) {
                           n.before.mnt = 5, n.after.mnt = 9;
                           n.before.pid = 6, n.after.pid = 0xeffffffc;
                           n.before.user = n.after.user = 7;
                         })
                         .build();
  EXPECT_EQ(of(event, "ns.changed"), "mnt pid");
  EXPECT_EQ(of(event, "ns.entered_host"), "pid");
  EXPECT_EQ(of(event, "ns.op"), "setns");
}

TEST_F(SecurityFields, ASetnsBetweenContainersEntersNoNamespaceOfTheHost) {
  const auto event = enters_namespaces(0).with([](hw_namespace& n) { n.before.net = 5, n.after.net = 9; }).build();
  EXPECT_EQ(of(event, "ns.changed"), "net");
  EXPECT_EQ(of(event, "ns.entered_host"), kMissing) << "rules ask whether it exists";
}

// As T4 sends it: a container shares the node's user and time namespaces, and often its cgroup namespace.
TEST_F(SecurityFields, WithoutTheNamespacesBeforeThoseThatContainersOwnTellOfTheHost) {
  const auto event = [](uint64_t flags, uint32_t pid, uint32_t cgroup) {
    return enters_namespaces(flags)
        .with([=](hw_namespace& n) {
          n.after = {};
          n.after.user = 0xeffffffd, n.after.time = 0xeffffffa, n.after.pid = pid, n.after.cgroup = cgroup;
        })
        .build();
  };
  EXPECT_EQ(of(event(0, 9, 0xeffffffb), "ns.entered_host"), kMissing);
  EXPECT_EQ(of(event(0, 0xeffffffc, 9), "ns.entered_host"), "pid");
  EXPECT_EQ(of(event(0x02000000, 9, 0xeffffffb), "ns.entered_host"), "cgroup");
  EXPECT_EQ(of(event(0x40000000, 9, 9), "ns.entered_host"), kMissing);
}

TEST_F(SecurityFields, AContainersProcessThatLeavesItsCgroup) {
  const auto escape = attaches_to_cgroup(9).home(5).moved(10, 5, 5).with([](hw_cgroup& c) { c.outermost = 0; });
  const auto inside = attaches_to_cgroup(9).home(5).moved(10, 5, 5).with([](hw_cgroup& c) { c.outermost = 5; });
  const auto start = attaches_to_cgroup(9).moved(10, 0, 9).with([](hw_cgroup& c) { c.outermost = 9; });
  EXPECT_EQ(of(escape, "cgroup.leaves_home"), "true");
  EXPECT_EQ(of(inside, "cgroup.leaves_home"), "false");
  EXPECT_EQ(of(start, "cgroup.leaves_home"), "false");
  EXPECT_EQ(of(start, "cgroup.changes_home"), "true");
  EXPECT_EQ(of(makes_cgroup(9, "/docker/x"), "cgroup.path"), "/docker/x");
}

TEST_F(SecurityFields, ARuntimeSocketIsNamedByWhatItWasBoundTo) {
  auto& web = world_.container("web");
  const auto event = connects_to("/run/docker.sock").in(web).build();
  EXPECT_EQ(of(event, "fd.name"), "/run/docker.sock");
  EXPECT_EQ(of(event, "fd.type"), "unix");
  EXPECT_EQ(of(event, "runtime_socket.name"), "/run/docker.sock");
  EXPECT_EQ(of(event, "runtime_socket.client"), "container");
  EXPECT_EQ(of(event, "runtime_socket.inherited"), "false");
  EXPECT_EQ(of(uses_socket("/run/docker.sock"), "runtime_socket.inherited"), "true");
  EXPECT_EQ(of(exec("/x"), "fd.name"), kMissing);
}

TEST_F(SecurityFields, ARequestToARuntime) {
  const auto cause = request_bytes("POST /v1.41/containers/create HTTP/1.1").build();
  RuntimeRequestFinding body;
  body.runtime = "docker";
  body.socket = "/run/docker.sock";
  body.danger = "critical";
  body.method = "POST";
  body.path = "/v1.41/containers/create";
  body.privileged = true;
  body.binds = "/";
  const auto event = finding(EventType::runtime_request, cause, body);
  EXPECT_EQ(of(event, "docker.api.method"), "POST");
  EXPECT_EQ(of(event, "docker.api.path"), "/v1.41/containers/create");
  EXPECT_EQ(of(event, "docker.api.privileged"), "true");
  EXPECT_EQ(of(event, "docker.api.readable"), "true");
  EXPECT_EQ(of(event, "docker.api.danger"), "critical");
  EXPECT_EQ(of(event, "docker.api.image"), kMissing);
  EXPECT_EQ(of(event, "fd.name"), "/run/docker.sock");
  EXPECT_EQ(of(event, "runtime_socket.client"), "host");
}

TEST_F(SecurityFields, AForkBomb) {
  const auto cause = forks(7).build();
  const ForkBombFinding body{.reason = "growth", .forks = 900, .live = 450, .forks_per_second = 899.6, .duration_ns = 7};
  const auto event = finding(EventType::fork_bomb, cause, body);
  EXPECT_EQ(of(event, "fork_bomb.reason"), "growth");
  EXPECT_EQ(of(event, "fork_bomb.rate"), "900");
  EXPECT_EQ(of(event, "fork_bomb.live"), "450");
  EXPECT_EQ(of(event, "fork_bomb.pids_max"), kMissing);
  EXPECT_EQ(of(event, "fork_bomb.over"), "false");
}

TEST_F(SecurityFields, AFloodNamesItsKind) {
  EXPECT_EQ(of(flood_of(HW_CREDENTIAL).with([](hw_flood& f) { f.suppressed = 12; }), "flood.kind"), "credential");
  EXPECT_EQ(of(flood_of(HW_CREDENTIAL).with([](hw_flood& f) { f.suppressed = 12; }), "flood.suppressed"), "12");
}

TEST_F(SecurityFields, AChildMadeAsASiblingIsToldWhateverTheFlagsSay) {
  EXPECT_EQ(of(forks(8).by_pid(7), "clone.is_sibling"), "false");
  EXPECT_EQ(of(forks(8).by_pid(7).child_parent(3), "clone.is_sibling"), "true");
  EXPECT_EQ(of(exits(7), "clone.is_sibling"), kMissing);
}

TEST_F(SecurityFields, AnExitTellsItsCause) {
  EXPECT_EQ(of(exits(7).code(3), "exit.code"), "3");
  EXPECT_EQ(of(exits(7).signal(9), "exit.signal"), "9");
  EXPECT_EQ(of(exits(7).signal(9), "evt.arg.sig"), "9");
}

}  // namespace
}  // namespace hullwatch
