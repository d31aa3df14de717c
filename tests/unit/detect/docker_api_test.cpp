#include "detect/docker_api.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace hullwatch {
namespace {

ApiCall call(std::string method, std::string path, std::string body = {}, std::string query = {}) {
  ParsedRequest request;
  request.method = std::move(method);
  request.path = std::move(path);
  request.version = "v1.41";
  request.query = std::move(query);
  request.has_body = !body.empty();
  request.body = std::move(body);
  return judge_api_call(request);
}
ApiCall create(const std::string& host_config) {
  return call("POST", "/containers/create", R"({"Image":"alpine","Cmd":["id"],"HostConfig":)" + host_config + "}");
}
bool because(const ApiCall& c, std::string_view word) {
  return std::any_of(c.reasons.begin(), c.reasons.end(),
                     [&](const std::string& r) { return r.find(word) != std::string::npos; });
}

TEST(DockerApi, ListingContainersIsReading) {
  const ApiCall c = call("GET", "/containers/json");
  EXPECT_EQ(c.danger, ApiDanger::read);
  EXPECT_EQ(c.action, "containers/json");
  EXPECT_EQ(c.version, "v1.41");
}

TEST(DockerApi, WaitingForAContainerIsReading) { EXPECT_EQ(call("POST", "/containers/web/wait").danger, ApiDanger::read); }

TEST(DockerApi, StoppingAContainerIsManagingAndNamesIt) {
  const ApiCall c = call("POST", "/containers/web/stop");
  EXPECT_EQ(c.danger, ApiDanger::manage);
  EXPECT_EQ(c.action, "containers/stop");
  EXPECT_EQ(c.target, "web");
}

TEST(DockerApi, ExecIntoAContainerIsCritical) {
  const ApiCall c = call("POST", "/containers/web/exec", R"({"Cmd":["sh","-c","id"]})");
  EXPECT_EQ(c.danger, ApiDanger::critical);
  EXPECT_EQ(c.command, "sh -c id");
}

TEST(DockerApi, PluginsAndTheSwarmAreCritical) {
  for (const auto& [method, path, action] :
       {std::tuple{"POST", "/plugins/pull", "plugins"}, std::tuple{"POST", "/plugins/x/enable", "plugins"},
        std::tuple{"DELETE", "/plugins/x", "plugins"}, std::tuple{"POST", "/swarm/join", "swarm"},
        std::tuple{"GET", "/swarm/unlockkey", "swarm/unlockkey"}, std::tuple{"POST", "/services/create", "services/create"}}) {
    EXPECT_EQ(call(method, path).danger, ApiDanger::critical) << path;
    EXPECT_EQ(call(method, path).action, action) << path;
  }
  EXPECT_EQ(call("GET", "/plugins").danger, ApiDanger::read);
  EXPECT_EQ(call("GET", "/swarm").danger, ApiDanger::read);
  EXPECT_EQ(call("GET", "/secrets/x").danger, ApiDanger::manage);
}

TEST(DockerApi, TheKubeletsWaysIntoAContainerAreCriticalByWhateverMethod) {
  for (const auto& [path, action] :
       {std::pair{"/run/default/web/nginx", "kubelet/run"}, std::pair{"/run/default/web/3b1f/nginx", "kubelet/run"},
        std::pair{"/exec/default/web/nginx", "kubelet/exec"}, std::pair{"/exec/default/web/3b1f/nginx", "kubelet/exec"},
        std::pair{"/attach/default/web/nginx", "kubelet/attach"}, std::pair{"/attach/default/web/3b1f/nginx", "kubelet/attach"},
        std::pair{"/portForward/default/web", "kubelet/port_forward"},
        std::pair{"/portForward/default/web/3b1f", "kubelet/port_forward"}})
    for (const char* method : {"GET", "POST"}) {
      EXPECT_EQ(call(method, path).danger, ApiDanger::critical) << method << ' ' << path;
      EXPECT_EQ(call(method, path).action, action) << path;
    }
  EXPECT_EQ(call("GET", "/pods").danger, ApiDanger::read);
  EXPECT_EQ(call("GET", "/containerLogs/default/web/nginx").danger, ApiDanger::read);
}

TEST(DockerApi, AnOrdinaryCreateIsManaging) {
  const ApiCall c = create(R"({"Binds":["data:/data"],"NetworkMode":"default","Privileged":false})");
  EXPECT_EQ(c.danger, ApiDanger::manage);
  EXPECT_EQ(c.image, "alpine");
  EXPECT_EQ(c.command, "id");
  EXPECT_TRUE(c.reasons.empty());
}

TEST(DockerApi, APrivilegedCreateWithTheHostsRootIsCritical) {
  const ApiCall c = create(R"({"Privileged":true,"Binds":["/:/host"]})");
  EXPECT_EQ(c.danger, ApiDanger::critical);
  EXPECT_TRUE(c.privileged);
  EXPECT_EQ(c.binds, "/:/host");
  EXPECT_TRUE(because(c, "privileged"));
  EXPECT_TRUE(because(c, "mounts the host's /"));
}

TEST(DockerApi, EachWayToTheNodeIsCritical) {
  for (const char* host :
       {R"({"PidMode":"host"})", R"({"NetworkMode":"host"})", R"({"IpcMode":"host"})", R"({"UsernsMode":"host"})",
        R"({"CapAdd":["SYS_ADMIN"]})", R"({"CapAdd":["cap_sys_ptrace"]})", R"({"CapAdd":["all"]})", R"({"Binds":["/etc/:/x"]})",
        R"({"Binds":["/var/run/docker.sock:/s"]})", R"({"Binds":["/srv/../etc:/x"]})",
        R"({"Mounts":[{"Type":"bind","Source":"/","Target":"/h"}]})", R"({"Devices":[{"PathOnHost":"/dev/sda"}]})",
        R"({"SecurityOpt":["seccomp=unconfined"]})", R"({"privileged":true})", R"({"Privileged":false,"PRIVILEGED":true})"})
    EXPECT_EQ(create(host).danger, ApiDanger::critical) << host;
}

TEST(DockerApi, ACreateWhoseBodyIsMissingOrBrokenIsJudgedAsTheWorst) {
  EXPECT_EQ(call("POST", "/containers/create").danger, ApiDanger::critical);
  EXPECT_EQ(call("POST", "/containers/create", "{\"Image\":").danger, ApiDanger::critical);
  EXPECT_EQ(call("POST", "/containers/create", "[1]").danger, ApiDanger::critical);
}

TEST(DockerApi, PodmansOwnCreateIsReadToo) {
  const ApiCall c = call(
      "POST", "/libpod/containers/create",
      R"({"image":"alpine","privileged":true,"pidns":{"nsmode":"host"},"mounts":[{"type":"bind","source":"/","destination":"/h"}]})");
  EXPECT_EQ(c.action, "containers/create");
  EXPECT_TRUE(c.privileged);
  EXPECT_EQ(c.pid_mode, "host");
  EXPECT_TRUE(because(c, "pid namespace"));
}

TEST(DockerApi, AVolumeThatIsABindMountIsCritical) {
  const ApiCall c = call("POST", "/volumes/create", R"({"Name":"v","DriverOpts":{"type":"none","o":"bind","device":"/etc"}})");
  EXPECT_EQ(c.danger, ApiDanger::critical);
}

TEST(DockerApi, SecretsOfABodyDoNotLeave) {
  const ApiCall c = call("POST", "/containers/create",
                         R"({"Image":"db","Env":["PASSWORD=hunter2"],"Labels":{"k":"hunter2"},"HostConfig":{}})", "name=db");
  for (const std::string* s : {&c.action, &c.target, &c.image, &c.binds, &c.command, &c.security_opt, &c.cap_add})
    EXPECT_EQ(s->find("hunter2"), std::string::npos);
  EXPECT_EQ(c.target, "db");
}

TEST(DockerApi, HugeAndDeepBodiesAreBounded) {
  std::string deep = R"({"HostConfig":)" + std::string(20000, '[') + std::string(20000, ']') + "}";
  EXPECT_EQ(call("POST", "/containers/create", deep).danger, ApiDanger::manage);
  const ApiCall c = create(R"({"CapAdd":[")" + std::string(60000, 'A') + R"("]})");
  EXPECT_LE(c.cap_add.size(), 1024U);
}

}  // namespace
}  // namespace hullwatch
