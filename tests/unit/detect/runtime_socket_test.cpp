#include "detect/runtime_socket.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "support/world.h"

namespace hullwatch {
namespace {

using test::connects_to;
using test::request_bytes;
using test::uses_socket;

constexpr const char* kList = "GET /v1.41/containers/json HTTP/1.1\r\nHost: d\r\n\r\n";
constexpr const char* kStop = "POST /v1.41/containers/web/stop HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n";

std::string privileged_create() {
  const std::string body = R"({"Image":"alpine","HostConfig":{"Privileged":true,"Binds":["/:/host"]}})";
  return "POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// A container `ci`, a host process, and a socket that the classifier takes for docker's.
class RuntimeSockets : public ::testing::Test {
 protected:
  template <typename Builder>
  void see(Builder builder) {
    const test::BuiltEvent event = builder.build();
    detector_.on_event(world_.take_in(event), [this](Event e) { found_.push_back(std::move(e)); });
  }
  void wait() {
    detector_.on_tick(UINT64_MAX, [this](Event e) { found_.push_back(std::move(e)); });
  }
  void ci_asks(const std::string& request, uint64_t connection = 1) {
    see(connects_to("/run/docker.sock").connection(connection).pid(20).in(ci_));
    see(request_bytes(request).connection(connection).pid(20).in(ci_));
  }
  [[nodiscard]] const RuntimeRequestFinding& finding(size_t i) const { return *found_.at(i).get<RuntimeRequestFinding>(); }

  RuntimeSocketConfig config_;
  ListenerVerdict verdict_{.runtime = true, .undecided = false, .name = "docker"};
  ListenerVerdict served_by_{.runtime = true, .undecided = false, .name = "docker"};
  uint32_t server_ = 0;
  test::World world_;
  Container& ci_ = world_.container("ci", "traefik:3");
  std::vector<Event> found_;
  RuntimeSocketPorts ports() {
    return {.classify = [this](const SocketEvent&, const ProcessTree&) { return verdict_; },
            .classify_server =
                [this](const hw_listener&, const hw_key& server) {
                  server_ = server.tgid;
                  return served_by_;
                },
            .set_window = [](uint64_t, const hw_request_window&) {}};
  }
  RuntimeSocketDetector detector_{config_, ports()};
};

TEST_F(RuntimeSockets, ARequestIsToldWithItsContact) {
  ci_asks(privileged_create());
  wait();
  ASSERT_EQ(found_.size(), 1U);
  EXPECT_EQ(found_[0].type, EventType::runtime_request);
  EXPECT_EQ(found_[0].header.process.tgid, 20U);
  EXPECT_EQ(finding(0).danger, "critical");
  EXPECT_EQ(finding(0).method, "POST");
  EXPECT_EQ(finding(0).path, "/v1.41/containers/create");
  EXPECT_EQ(finding(0).runtime, "docker");
  EXPECT_EQ(finding(0).socket, "/run/docker.sock");
  EXPECT_TRUE(finding(0).privileged);
}

TEST_F(RuntimeSockets, AContactWithoutARequestIsToldAlone) {
  see(connects_to("/run/docker.sock").pid(20).in(ci_));
  EXPECT_TRUE(found_.empty());
  wait();
  ASSERT_EQ(found_.size(), 1U);
  EXPECT_EQ(finding(0).danger, "contact");
}

TEST_F(RuntimeSockets, AContainerThatPollsIsToldOnce) {
  for (uint64_t i = 1; i <= 20; ++i) ci_asks(kList, i);
  wait();
  ASSERT_EQ(found_.size(), 1U);
  EXPECT_EQ(finding(0).danger, "read");
  EXPECT_EQ(detector_.stats().repeated_reads, 19U);
}

TEST_F(RuntimeSockets, EveryChangeIsTold) {
  ci_asks(kStop, 1);
  ci_asks(kStop, 2);
  EXPECT_EQ(found_.size(), 2U);
  EXPECT_EQ(finding(0).danger, "manage");
}

TEST_F(RuntimeSockets, ASocketThatIsNoRuntimesTellsNothing) {
  verdict_ = {};
  ci_asks(kList);
  wait();
  EXPECT_TRUE(found_.empty());
}

TEST_F(RuntimeSockets, GarbageIsJudgedAsTheWorst) {
  ci_asks("\x16\x03\x01garbage\r\n\r\n");
  ASSERT_EQ(found_.size(), 1U);
  EXPECT_FALSE(finding(0).readable);
  EXPECT_EQ(finding(0).danger, "critical");
}

TEST_F(RuntimeSockets, AnAllowedImageIsMarkedAndNotSilenced) {
  RuntimeSocketConfig config;
  config.allow.push_back({.image = "traefik:*", .manage = false, .reason = "discovers containers"});
  RuntimeSocketDetector allowing(config, ports());
  const auto contact = connects_to("/run/docker.sock").pid(20).in(ci_).build();
  const auto reads = request_bytes(kList).pid(20).in(ci_).build();
  const auto stops = request_bytes(kStop).offset(strlen(kList)).pid(20).in(ci_).build();
  for (const Event* event : {&*contact, &*reads, &*stops})
    allowing.on_event(world_.take_in(*event), [this](Event e) { found_.push_back(std::move(e)); });
  ASSERT_EQ(found_.size(), 2U);
  EXPECT_TRUE(finding(0).allowed);
  EXPECT_EQ(finding(0).allow_reason, "discovers containers");
  EXPECT_FALSE(finding(1).allowed) << "actions: read grants no change";
}

TEST_F(RuntimeSockets, ARuntimesOwnProgramIsCountedOnly) {
  world_.process(test::exec("/usr/bin/containerd").pid(60));
  see(connects_to("/run/docker.sock").pid(60).by(test::root()));
  wait();
  EXPECT_TRUE(found_.empty());
  EXPECT_EQ(detector_.stats().component_requests, 1U);
}

TEST_F(RuntimeSockets, AProgramNamedLikeARuntimesInAContainerIsNot) {
  world_.process(test::exec("/usr/bin/containerd").pid(61).in(ci_));
  see(connects_to("/run/docker.sock").pid(61).in(ci_));
  wait();
  EXPECT_EQ(found_.size(), 1U);
}

TEST_F(RuntimeSockets, AHostProgramReadsOncePerExec) {
  for (uint64_t i = 1; i <= 3; ++i) {
    see(connects_to("/run/docker.sock").connection(i).pid(70));
    see(request_bytes(kList).connection(i).pid(70));
  }
  EXPECT_EQ(found_.size(), 1U);
}

TEST_F(RuntimeSockets, AnActivatedSocketIsJudgedByWhoReadsFromIt) {
  verdict_ = {.runtime = false, .undecided = true, .name = {}};
  ci_asks(kStop);
  ASSERT_EQ(found_.size(), 1U);
  EXPECT_EQ(server_, 50U);
  EXPECT_EQ(finding(0).runtime, "docker");
}

TEST_F(RuntimeSockets, AnActivatedSocketOfAnotherServiceTellsNothing) {
  verdict_ = {.runtime = false, .undecided = true, .name = {}};
  served_by_ = {};
  ci_asks(kStop);
  wait();
  EXPECT_TRUE(found_.empty());
}

TEST_F(RuntimeSockets, AConnectionOfAnothersMakingIsToldWithItsMaker) {
  see(uses_socket("/run/docker.sock").pid(20).in(ci_).with([](hw_socket& s) {
    s.opener = test::key_of(30);
    std::strcpy(s.opener_comm, "launcher");
  }));
  see(request_bytes(kList).pid(20).in(ci_));
  ASSERT_EQ(found_.size(), 1U);
  EXPECT_TRUE(finding(0).inherited);
  EXPECT_EQ(finding(0).opener_pid, 30U);
  EXPECT_EQ(finding(0).opener_name, "launcher");
  EXPECT_EQ(finding(0).opener_home, 0U);
}

// Below 6.3 nobody sees who writes: what comes over a connection that was handed on counts as its opener's.
TEST_F(RuntimeSockets, ARequestThatCountsAsItsOpenersLeavesTheContactOfWhoReceivedTheConnection) {
  for (const bool opener_was_told : {true, false}) {
    const uint64_t connection = opener_was_told ? 1 : 2;
    Container& taker = world_.container(opener_was_told ? "early" : "late", "alpine");
    found_.clear();
    see(connects_to("/run/docker.sock").connection(connection).pid(30));
    if (opener_was_told) wait();
    see(uses_socket("/run/docker.sock").connection(connection).pid(20).in(taker).with([](hw_socket& s) {
      s.op = HW_SOCKET_RECEIVE;
      s.opener = test::key_of(30);
    }));
    see(request_bytes(kList).connection(connection).pid(30));
    wait();
    ASSERT_FALSE(found_.empty());
    EXPECT_EQ(found_.back().header.process.tgid, 20U) << opener_was_told;
    EXPECT_EQ(finding(found_.size() - 1).danger, "contact");
    EXPECT_TRUE(finding(found_.size() - 1).inherited);
  }
}

TEST_F(RuntimeSockets, AStalledBodyIsJudgedWithItsProcess) {
  world_.process(test::exec("/usr/bin/dockerd").pid(60));
  see(request_bytes("POST /containers/create HTTP/1.1\r\nContent-Length: 99\r\n\r\n{").pid(60).by(test::root()));
  wait();
  EXPECT_TRUE(found_.empty());
  EXPECT_EQ(detector_.stats().component_requests, 1U);
}

TEST_F(RuntimeSockets, TlsIsToldOncePerContainerAndTheKubeletsIsAContact) {
  verdict_.name = "kubelet";
  for (const uint64_t connection : {uint64_t{1}, uint64_t{2}}) ci_asks("\x16\x03\x01\x02", connection);
  ASSERT_EQ(found_.size(), 1U);
  EXPECT_EQ(finding(0).danger, "contact");
  EXPECT_EQ(finding(0).protocol, "tls");
  verdict_.name = "docker";
  Container& other = world_.container("other", "alpine");
  see(connects_to("/run/docker.sock").connection(3).pid(21).in(other));
  see(request_bytes("\x16\x03\x01\x02").connection(3).pid(21).in(other));
  ASSERT_EQ(found_.size(), 2U);
}

}  // namespace
}  // namespace hullwatch
