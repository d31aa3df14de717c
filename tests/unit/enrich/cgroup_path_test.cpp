#include "enrich/cgroup_path.h"

#include <gtest/gtest.h>

#include "temp_tree.h"

namespace hullwatch {
namespace {

using test::id64;

const std::string kId = id64('a');
const std::string kOther = id64('b');
const std::string kUid = "0f1e2d3c-1111-2222-3333-444455556666";
const std::string kUnitUid = "0f1e2d3c_1111_2222_3333_444455556666";
const std::string kStaticUid = "0f1e2d3c111122223333444455556667";

struct Row {
  std::string path, runtime, id, own, pod_uid;
};

class RuntimePaths : public ::testing::TestWithParam<Row> {};

TEST_P(RuntimePaths, NameTheContainer) {
  const Row& row = GetParam();
  for (const std::string below : {"", "/container", "/init.scope", "/system.slice/nginx.service"}) {
    const auto found = identify_cgroup(row.path + below);
    ASSERT_TRUE(found) << row.path + below;
    EXPECT_EQ(found->runtime, row.runtime);
    EXPECT_EQ(found->id, row.id);
    EXPECT_EQ(found->cgroup_path, row.own.empty() ? row.path : row.own);
    EXPECT_EQ(found->pod_uid, row.pod_uid);
    EXPECT_EQ(found->kubepods, row.path.find("kubepods") != std::string::npos);
    EXPECT_EQ(found->nested_id, "");
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, RuntimePaths,
    ::testing::Values(
        Row{"/docker/" + kId, "docker", kId, "", ""}, Row{"/actions_job/" + kId, "docker", kId, "", ""},
        Row{"/system.slice/docker-" + kId + ".scope", "docker", kId, "", ""},
        Row{"/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" + kId + ".scope", "docker", kId, "", ""},
        Row{"/docker/buildkit/0123456789abcdefghijklmno", "buildkit", "0123456789abcdefghijklmno", "", ""},
        Row{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + kUnitUid + ".slice/cri-containerd-" + kId +
                ".scope",
            "containerd", kId, "", kUid},
        Row{"/kubepods.slice/kubepods-pod" + kUnitUid + ".slice/cri-containerd-" + kId + ".scope", "containerd", kId, "", kUid},
        Row{"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod" +
                kUnitUid + ".slice/cri-containerd-" + kId + ".scope",
            "containerd", kId, "", kUid},
        Row{"/kubepods.slice/kubepods-pod" + kStaticUid + ".slice/cri-containerd-" + kId + ".scope", "containerd", kId, "",
            kStaticUid},
        Row{"/kubepods/burstable/pod" + kUid + "/" + kId, "containerd", kId, "", kUid},
        Row{"/system.slice/containerd.service/kubepods-burstable-pod" + kUnitUid + ".slice:cri-containerd:" + kId, "containerd",
            kId, "", kUid},
        Row{"/kubepods.slice/kubepods-pod" + kUnitUid + ".slice/crio-" + kId + ".scope", "cri-o", kId, "", kUid},
        Row{"/kubepods/besteffort/pod" + kUid + "/crio-" + kId, "cri-o", kId, "", kUid},
        Row{"/kubepods.slice/kubepods-pod" + kUnitUid + ".slice/docker-" + kId + ".scope", "docker", kId, "", kUid},
        Row{"/machine.slice/libpod-" + kId + ".scope", "podman", kId, "", ""},
        Row{"/libpod_parent/libpod-" + kId, "podman", kId, "", ""},
        Row{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + kId + ".scope", "podman", kId, "", ""},
        Row{"/user.slice/user-1000.slice/user@1000.service/app.slice/web.service/libpod-payload-" + kId, "podman", kId, "", ""},
        Row{"/system.slice/nerdctl-" + kId + ".scope", "containerd", kId, "", ""},
        Row{"/default/" + kId, "containerd", kId, "", ""}, Row{"/ecs/task-1/" + kId, "docker", kId, "", ""},
        Row{"/ecs/task-1/" + kId.substr(0, 32) + "-1234567", "containerd", kId.substr(0, 32) + "-1234567", "", ""},
        Row{"/ecstasks-task.slice/docker-" + kId + ".scope", "docker", kId, "", ""},
        Row{"/system.slice/garden.service/garden/01234567-89ab-cdef-0123-4567", "garden", "01234567-89ab-cdef-0123-4567", "",
            ""},
        Row{"/system.slice/bpm-router.scope", "bpm", "router", "", ""}, Row{"/lxc.payload.web", "lxc", "web", "", ""},
        Row{"/lxc.payload/web", "lxc", "web", "", ""}, Row{"/lxc/web", "lxc", "web", "", ""},
        Row{"/machine.slice/machine-lxc\\x2d42\\x2dmy\\x2dbox.scope", "libvirt-lxc", "my-box", "", ""},
        Row{"/machine/web.libvirt-lxc", "libvirt-lxc", "web", "", ""}, Row{"/libvirt/lxc/web", "libvirt-lxc", "web", "", ""},
        Row{"/machine.slice/systemd-nspawn@deb\\x2d12.service/payload", "nspawn", "deb-12", "", ""},
        Row{"/machine.slice/machine-deb.scope/payload", "nspawn", "deb", "", ""},
        Row{"/system.slice/runc-web.scope", "runc", "web", "", ""}, Row{"/kx1/" + kId, "runc", kId, "", ""},
        Row{"/" + kId, "runc", kId, "", ""},
        Row{"/docker/" + kId + "/syscont-cgroup-root", "docker", kId, "/docker/" + kId, ""}));

TEST(CgroupPath, HostsOwnCgroupsAreNoContainer) {
  for (const std::string& path : {std::string("/"),
                                  std::string(""),
                                  std::string("/init.scope"),
                                  std::string("/system.slice/docker.service"),
                                  std::string("/docker"),
                                  std::string("/docker/buildkit"),
                                  "/machine.slice/libpod-conmon-" + kId + ".scope",
                                  std::string("/libpod_parent/conmon"),
                                  "/kubepods.slice/crio-conmon-" + kId + ".scope",
                                  std::string("/lxc.monitor.web"),
                                  "/kubepods.slice/kubepods-pod" + kUnitUid + ".slice",
                                  "/kubepods/burstable/pod" + kUid,
                                  std::string("/machine.slice/systemd-nspawn@deb.service/supervisor"),
                                  std::string("/machine.slice/machine-deb.scope"),
                                  std::string("/machine.slice/machine-qemu\\x2d1\\x2dvm.scope"),
                                  "/system.slice/docker-" + kId + ".mount",
                                  "/process_api/" + kId.substr(0, 32),
                                  "/docker/" + kId.substr(1),
                                  "/docker/" + kId + "0",
                                  "/docker/" + std::string(64, 'G')}) {
    EXPECT_FALSE(identify_cgroup(path)) << path;
  }
}

TEST(CgroupPath, ADeeperNameNeverChangesWhoseItIs) {
  const std::string own = "/docker/" + kId;
  for (const std::string& below :
       {"/docker/" + kOther, "/system.slice/docker-" + kOther + ".scope",
        "/kubepods.slice/kubepods-pod" + kUnitUid + ".slice/cri-containerd-" + kOther + ".scope",
        "/libpod-conmon-" + kId + ".scope/" + kOther, "/machine.slice/libpod-" + kOther + ".scope/container"}) {
    const auto found = identify_cgroup(own + below);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->id, kId);
    EXPECT_EQ(found->cgroup_path, own);
    EXPECT_EQ(found->nested_id, kOther);
    EXPECT_FALSE(found->kubepods) << "a pod is not believed below a container";
    EXPECT_EQ(found->pod_uid, "");
  }
}

TEST(CgroupPath, TheInnermostClaimIsTheNestedOne) {
  const auto found = identify_cgroup("/docker/" + kId + "/kubepods/pod" + kUid + "/" + kOther + "/docker/" + id64('c'));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->nested_id, id64('c'));
  EXPECT_EQ(found->nested_runtime, "docker");
}

TEST(CgroupPath, HostileNamesAreNoIdentity) {
  EXPECT_FALSE(identify_cgroup("/lxc.payload." + std::string(255, 'x')));
  EXPECT_FALSE(identify_cgroup("/lxc.payload.\x1b[31mroot"));
  EXPECT_FALSE(identify_cgroup(std::string("/system.slice/runc-\x01.scope")));
  EXPECT_FALSE(identify_cgroup("/lxc.payload."));
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "/x";
  EXPECT_FALSE(identify_cgroup(deep));
  EXPECT_EQ(identify_cgroup("//docker///" + kId)->id, kId);
}

}  // namespace
}  // namespace hullwatch
