// What is read of docker's, podman's, CRI-O's and containerd's files, as those runtimes write them.
#include <gtest/gtest.h>

#include "enrich/docker_metadata.h"
#include "enrich/kubernetes_logs.h"
#include "enrich/metadata_json.h"
#include "enrich/oci_metadata.h"
#include "enrich/podman_metadata.h"
#include "temp_tree.h"

namespace hullwatch {
namespace {

using test::id64;
const std::string kId = id64('a');
const std::string kImage = "sha256:" + id64('1');
const std::string kDigest = "sha256:" + id64('2');

class RuntimeFiles : public ::testing::Test {
 protected:
  void docker(const std::string& config, const std::string& host = "{}") {
    root_.write("var/lib/docker/containers/" + kId + "/config.v2.json", config);
    root_.write("var/lib/docker/containers/" + kId + "/hostconfig.json", host);
  }
  static std::string config(const std::string& more = "") {
    return R"({"ID":")" + kId + R"(","Name":"/web","Image":")" + kImage +
           R"(","Driver":"overlay2","Config":{"Image":"nginx:1.27","Labels":{"tier":"front"}})" + more + "}";
  }
  [[nodiscard]] std::optional<ContainerMetadata> docker() const {
    return docker_metadata(root_.path(), "/var/lib/docker", kId);
  }
  [[nodiscard]] std::optional<ContainerMetadata> podman() const {
    return podman_metadata(root_.path(), "/var/lib/containers/storage", kId);
  }
  void annotate(const std::string& relative, std::map<std::string, std::string> notes) {
    root_.write(relative, Json{{"annotations", std::move(notes)}}.dump());
  }
  test::TempTree root_;
};

TEST_F(RuntimeFiles, DockerTellsNameImageAndLabels) {
  docker(config(), R"({"Privileged":true})");
  const auto found = docker();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, "web");
  EXPECT_EQ(found->image, "nginx:1.27");
  EXPECT_EQ(found->image_id, kImage);
  EXPECT_EQ(found->image_digest, "");
  EXPECT_EQ(found->labels, (std::map<std::string, std::string>{{"tier", "front"}}));
  EXPECT_EQ(found->runtime, "docker");
  EXPECT_TRUE(found->privileged);
}

TEST_F(RuntimeFiles, DockersDigestIsThatOfTheRepositoryTyped) {
  docker(config());
  root_.write("var/lib/docker/image/overlay2/repositories.json",
              R"({"Repositories":{"mirror/nginx":{"mirror/nginx@sha256:bad":")" + kImage + R"("},"nginx":{"nginx:1.27":")" +
                  kImage + R"(","nginx@)" + kDigest + R"(":")" + kImage + R"("},"other":{"other@sha256:x":"sha256:y"}}})");
  EXPECT_EQ(docker()->image_digest, kDigest);
}

TEST_F(RuntimeFiles, DockersContainerdStoreTellsTheDigestItself) {
  docker(config(R"(,"ImageManifest":{"digest":")" + kDigest + R"("})"));
  EXPECT_EQ(docker()->image_digest, kDigest);
}

TEST_F(RuntimeFiles, CriDockerdKeepsThePodInLabels) {
  docker(R"({"ID":")" + kId + R"(","Name":"/k8s_app_app-0_prod_uid_0","Config":{"Image":"app","Labels":{
    "io.kubernetes.pod.name":"app-0","io.kubernetes.pod.namespace":"prod","io.kubernetes.pod.uid":"u","io.kubernetes.container.name":"app"}}})");
  EXPECT_EQ(docker()->name, "app");
  EXPECT_EQ(docker()->pod, "app-0");
  EXPECT_EQ(docker()->pod_namespace, "prod");
}

TEST_F(RuntimeFiles, HostileDockerFilesAreNoMetadata) {
  EXPECT_FALSE(docker()) << "nothing there";
  for (const std::string& text : {std::string(), std::string("{\"ID\":"), std::string("[]"), std::string("null"),
                                  std::string(100, '['), std::string(R"({"ID":"another"})"), std::string(R"({"ID":7})")}) {
    docker(text);
    EXPECT_FALSE(docker()) << text;
  }
  docker(R"({"ID":")" + kId + R"(","Name":7,"Config":[],"Driver":"../../..","Image":{}})", "[]");
  EXPECT_EQ(docker()->name, "");
  docker(R"({"ID":")" + kId + R"(","Name":"/a\u001b[2Jb)" + std::string(5000, 'x') + R"("})");
  EXPECT_EQ(docker()->name.substr(0, 7), "a?[2Jbx");
  EXPECT_EQ(docker()->name.size(), kNameMax);
}

TEST_F(RuntimeFiles, PodmanTellsNameImageAndDigestForAnyDriver) {
  for (const std::string driver : {"vfs", "overlay"}) {
    root_.remove("var");
    const std::string storage = "var/lib/containers/storage/" + driver;
    root_.write(storage + "-containers/containers.json",
                R"([{"id":"other"},{"id":")" + kId +
                    R"(","names":["web"],"image":"f00","metadata":"{\"image-name\":\"localhost/web:1\",\"name\":\"web\"}"}])");
    root_.write(storage + "-images/images.json", R"([{"id":"f00","digest":")" + kDigest + R"("}])");
    const auto found = podman();
    ASSERT_TRUE(found) << driver;
    EXPECT_EQ(found->name, "web");
    EXPECT_EQ(found->image, "localhost/web:1");
    EXPECT_EQ(found->image_id, "sha256:f00");
    EXPECT_EQ(found->image_digest, kDigest);
    EXPECT_FALSE(found->privileged);
  }
}

TEST_F(RuntimeFiles, PodmanIsNotTakenForCriOThoughItSetsItsKeys) {
  const std::string containers = "var/lib/containers/storage/overlay-containers/";
  root_.write(containers + "containers.json", R"([{"id":")" + kId + R"(","names":["web"]}])");
  annotate(containers + kId + "/userdata/config.json", {{"io.container.manager", "libpod"},
                                                        {"io.kubernetes.cri-o.ContainerID", kId},
                                                        {"io.podman.annotations.privileged", "TRUE"}});
  EXPECT_EQ(podman()->runtime, "podman");
  EXPECT_EQ(podman()->name, "web");
  EXPECT_TRUE(podman()->privileged);
}

TEST_F(RuntimeFiles, CriOTellsThePodThoughItsInnerJsonIsBroken) {
  annotate("var/lib/containers/storage/overlay-containers/" + kId + "/userdata/config.json",
           {{"io.container.manager", "cri-o"},
            {"io.kubernetes.container.name", "app"},
            {"io.kubernetes.cri-o.ImageName", "quay.io/app:1"},
            {"io.kubernetes.cri-o.ImageRepoDigests", "[\"quay.io/app@" + kDigest + "\"]"},
            {"io.kubernetes.cri-o.Labels", "{\"a\":\"\"b\"}"},
            {"io.kubernetes.pod.name", "app-0"},
            {"io.kubernetes.pod.namespace", "prod"}});
  const auto found = podman();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->runtime, "cri-o");
  EXPECT_EQ(found->name + " " + found->image + " " + found->pod + " " + found->pod_namespace, "app quay.io/app:1 app-0 prod");
  EXPECT_EQ(found->image_digest, kDigest);
}

TEST_F(RuntimeFiles, ContainerdTellsPodAndSandbox) {
  const std::string task = "run/containerd/io.containerd.runtime.v2.task/k8s.io/" + kId + "/config.json";
  std::map<std::string, std::string> notes = {
      {"io.kubernetes.cri.container-type", "container"},      {"io.kubernetes.cri.container-name", "app"},
      {"io.kubernetes.cri.image-name", "reg/app@" + kDigest}, {"io.kubernetes.cri.sandbox-name", "app-0"},
      {"io.kubernetes.cri.sandbox-namespace", "prod"},        {"io.kubernetes.cri.sandbox-uid", "uid"}};
  annotate(task, notes);
  auto found = containerd_metadata(root_.path(), "/run/containerd", kId);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name + " " + found->pod + " " + found->pod_namespace + " " + found->pod_uid, "app app-0 prod uid");
  EXPECT_EQ(found->image_digest, kDigest);
  notes["io.kubernetes.cri.container-type"] = "sandbox";
  annotate(task, notes);
  EXPECT_EQ(containerd_metadata(root_.path(), "/run/containerd", kId)->name, "POD");
}

TEST_F(RuntimeFiles, NerdctlNamesItsContainerInAnnotations) {
  annotate("run/containerd/io.containerd.runtime.v2.task/default/" + kId + "/config.json", {{"nerdctl/name", "web"}});
  EXPECT_EQ(containerd_metadata(root_.path(), "/run/containerd", kId)->name, "web");
}

TEST_F(RuntimeFiles, ASpecIsPrivilegedOnlyWhenNothingIsHeldBack) {
  Json spec = {{"process", {{"capabilities", {{"bounding", {"CAP_SYS_ADMIN", "CAP_SYS_MODULE"}}}}}}};
  EXPECT_TRUE(oci_metadata(spec).privileged);
  spec["linux"]["maskedPaths"] = {"/proc/kcore"};
  EXPECT_FALSE(oci_metadata(spec).privileged);
  spec["linux"] = {{"seccomp", Json::object()}};
  EXPECT_FALSE(oci_metadata(spec).privileged);
}

TEST_F(RuntimeFiles, KubernetesLogLinksNameThePod) {
  root_.make("var/log/pods/prod_app-0_uid-1/app");
  root_.make("var/log/containers");
  std::filesystem::create_symlink("/nowhere", root_.path() + "/var/log/containers/app-0_prod_my-app-" + kId + ".log");
  ContainerMetadata metadata;
  add_kubernetes_names(metadata, root_.path(), "/var/log/pods", kId);
  EXPECT_EQ(metadata.pod + " " + metadata.pod_namespace + " " + metadata.name + " " + metadata.pod_uid,
            "app-0 prod my-app uid-1");
  ContainerMetadata by_uid;
  by_uid.pod_uid = "uid-1";
  add_kubernetes_names(by_uid, root_.path(), "/var/log/pods", id64('f'));
  EXPECT_EQ(by_uid.pod + " " + by_uid.pod_namespace, "app-0 prod");
}

}  // namespace
}  // namespace hullwatch
