#include "probe/listener_facts.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace hullwatch {
namespace {

struct Case {
  const char* what;
  ListenerFacts facts;
  const char* runtime;  // "" none
};

class ListenerClass : public testing::TestWithParam<Case> {};

TEST_P(ListenerClass, IsToldByProgramUnitPathOrConfiguration) {
  const auto judged = classify(GetParam().facts);
  EXPECT_EQ(judged.name, GetParam().runtime) << GetParam().what;
  EXPECT_EQ(judged.runtime, *GetParam().runtime != '\0') << GetParam().what;
}

INSTANTIATE_TEST_SUITE_P(
    Table, ListenerClass,
    testing::Values(
        Case{"dockerd where it always is",
             {.name = "/var/run/docker.sock", .exe = "/usr/sbin/dockerd", .host_mounts = true},
             "docker"},
        Case{"dockerd on an odd path", {.name = "/tmp/x/foo.sock", .exe = "/usr/sbin/dockerd", .host_mounts = true}, "docker"},
        Case{"dockerd in a container", {.name = "/var/run/docker.sock", .exe = "/usr/local/bin/dockerd"}, "docker"},
        Case{"dockerd replaced by an upgrade", {.name = "/x", .exe = "/usr/sbin/dockerd (deleted)"}, "docker"},
        Case{"socket activation",
             {.name = "/run/docker.sock", .exe = "/usr/lib/systemd/systemd", .init = true, .host_mounts = true},
             "docker"},
        Case{"activation on an odd path",
             {.name = "/srv/a/podman.sock", .exe = "/usr/lib/systemd/systemd", .init = true, .host_mounts = true},
             "podman"},
        Case{"another socket of PID 1",
             {.name = "/run/dbus/system_bus_socket", .exe = "/usr/lib/systemd/systemd", .init = true, .host_mounts = true},
             ""},
        Case{"a renamed program in docker's unit",
             {.name = "/x", .exe = "/opt/engine", .unit = "docker.service", .host_mounts = true},
             "docker"},
        Case{"the well-known path, unknown program",
             {.name = "/run/docker.sock", .exe = "/opt/engine", .host_mounts = true},
             "docker"},
        Case{"the well-known path inside a container", {.name = "/var/run/docker.sock", .exe = "/usr/sbin/nginx"}, ""},
        Case{"the well-known name elsewhere",
             {.name = "/tmp/docker.sock", .exe = "/usr/bin/python3.11", .host_mounts = true},
             ""},
        Case{"the well-known name, listener gone", {.name = "/tmp/docker.sock"}, "docker"},
        Case{"a shim",
             {.name = "/run/containerd/s/0a1b", .exe = "/usr/bin/containerd-shim-runc-v2", .host_mounts = true},
             "containerd"},
        Case{"a shim's abstract socket",
             {.name = "@/containerd-shim/moby/1/shim.sock", .exe = "/usr/bin/containerd-shim"},
             "containerd"},
        Case{"containerd inside k3s",
             {.name = "/run/k3s/containerd/containerd.sock", .exe = "/var/lib/rancher/k3s/data/1/bin/k3s-server"},
             "containerd"},
        Case{"crio", {.name = "/run/crio/crio.sock", .exe = "/usr/bin/crio"}, "crio"},
        Case{"rootless podman", {.name = "/run/user/1000/podman/podman.sock", .exe = "/usr/bin/podman"}, "podman"},
        Case{"rootless docker's path", {.name = "/run/user/1000/docker.sock", .exe = "/x", .host_mounts = true}, "docker"},
        Case{"buildkitd", {.name = "/run/buildkit/buildkitd.sock", .exe = "/usr/bin/buildkitd"}, "buildkit"},
        Case{"kubelet", {.name = "/var/lib/kubelet/device-plugins/kubelet.sock", .exe = "/usr/bin/kubelet"}, "kubelet"},
        Case{"configured",
             {.name = "/srv/engine.sock", .exe = "/opt/engine", .host_mounts = true, .configured = true},
             "unknown"},
        Case{"a program that only sounds like one", {.name = "/tmp/a", .exe = "/usr/bin/dockerd-helper"}, ""},
        Case{"journald",
             {.name = "/run/systemd/journal/stdout", .exe = "/usr/lib/systemd/systemd-journald", .host_mounts = true},
             ""}));

TEST(ListenerFacts, OfALiveProcessAreRead) {
  const auto facts = read_listener_facts(static_cast<uint32_t>(::getpid()));
  EXPECT_NE(facts.exe.find("probe_test"), std::string::npos);
  EXPECT_FALSE(facts.init);
}

TEST(ListenerFacts, OfAProcessThatIsGoneAreEmpty) { EXPECT_TRUE(read_listener_facts(0x7fffffff).exe.empty()); }

TEST(ListenerFacts, NamesAreAsBound) {
  EXPECT_EQ(bound_name(std::string_view("/tmp/x\0", 7)), "/tmp/x");
  EXPECT_EQ(bound_name(std::string_view("\0name", 5)), "@name");
}

TEST(ListenerFacts, WhoListensForAnotherOrIsGoneLeavesItUndecided) {
  EXPECT_TRUE(classify({.name = "/srv/a.sock", .exe = "/usr/lib/systemd/systemd", .init = true}).undecided);
  EXPECT_TRUE(classify({.name = "/srv/a.sock", .exe = "/usr/bin/systemd-socket-activate"}).undecided);
  EXPECT_TRUE(classify({.name = "/srv/a.sock"}).undecided);
  EXPECT_FALSE(classify({.name = "/srv/a.sock", .exe = "/usr/sbin/nginx"}).undecided);
  EXPECT_FALSE(classify({.name = "/run/docker.sock", .exe = "/usr/lib/systemd/systemd", .init = true}).undecided);
}

}  // namespace
}  // namespace hullwatch
