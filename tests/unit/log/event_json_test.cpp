#include "log/event_json.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <random>

#include "event/event_type.h"
#include "log/log_content.h"
#include "support/world.h"

namespace hullwatch {
namespace {

using namespace test;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

const Redactor& redactor() {
  static const Redactor instance = Redactor::create().value();
  return instance;
}
std::string text_of(World& world, const Event& event) { return '{' + event_members(world.context(event), redactor()) + '}'; }

TEST(EventJson, AnExecTellsWhoWhatAndWhere) {
  World world;
  const Container& web = world.container("web");
  const auto event = exec("/bin/sh").args({"sh", "-c", "id"}).in(web).by(container_root()).build();
  const json object = json::parse(text_of(world, event));
  EXPECT_EQ(object["exec"]["args"], json::parse(R"(["sh","-c","id"])"));
  EXPECT_EQ(object["exec"]["exe"], "/bin/sh");
  EXPECT_EQ(object["exec"]["cred"]["cap_effective"], kDockerCapabilities);
  EXPECT_EQ(object["process"]["comm"], "sh");
  EXPECT_EQ(object["container"]["name"], "web");
  EXPECT_EQ(object["container"]["home"], web.cgroup_id);
}

TEST(EventJson, CommandLinesMountDataAndRequestsLeaveNoSecret) {
  World world;
  const auto program =
      exec("/usr/bin/docker").pid(7).args({"docker", "run", "-e", "PASSWORD=hunter2", "--token", "hunter2"}).build();
  world.take(program);
  EXPECT_THAT(text_of(world, program), Not(HasSubstr("hunter2")));
  const auto mount = mounts("//nas/share", "/mnt", "cifs").pid(7).data("username=a,password=hunter2").build();
  EXPECT_THAT(text_of(world, mount), Not(HasSubstr("hunter2")));
  EXPECT_THAT(text_of(world, mount), HasSubstr("docker run -e PASSWORD=[redacted] --token [redacted]"));
  const auto bytes = request_bytes("POST /x HTTP/1.1\r\nX-Odd: hunter2\r\n\r\n").build();
  EXPECT_THAT(text_of(world, bytes), Not(HasSubstr("hunter2")));
  RuntimeRequestFinding request;
  request.path = "/build?token=hunter2";
  request.command = "sh -c PASSWORD=hunter2";
  EXPECT_THAT(text_of(world, finding(EventType::runtime_request, *bytes, request)), Not(HasSubstr("hunter2")));
}

TEST(EventJson, EveryKindOfBodyIsWrittenUnderItsOwnName) {
  World world;
  const auto cause = exec("/bin/true").build();
  LossEvent lost{};
  lost.lost[HW_EXEC] = 3;
  const std::vector<std::pair<std::string, BuiltEvent>> all = [&] {
    std::vector<std::pair<std::string, BuiltEvent>> v;
    v.emplace_back("exec", exec("/bin/true").build());
    v.emplace_back("fork", forks(101).by_pid(100).build());
    v.emplace_back("exit", exits(100).code(3).build());
    v.emplace_back("credential", credential(user(1000), root()).way(HW_WAY_SETID).build());
    v.emplace_back("capability", uses_capability(21).build());
    v.emplace_back("mount", mounts("a", "/b", "tmpfs").build());
    v.emplace_back("namespace", unshares(0x10000000).build());
    v.emplace_back("cgroup", makes_cgroup(9, "/docker/x").build());
    v.emplace_back("socket", connects_to("/run/docker.sock").build());
    v.emplace_back("request", request_bytes("GET /").build());
    v.emplace_back("burst", burst().build());
    v.emplace_back("flood", flood_of(HW_CREDENTIAL).build());
    v.emplace_back("io_uring", makes_ring().build());
    v.emplace_back("setting", writes_setting("kernel/core_pattern", "core").build());
    v.emplace_back("events_lost", finding(EventType::events_lost, *cause, lost));
    v.emplace_back("fork_bomb", finding(EventType::fork_bomb, *cause, ForkBombFinding{}));
    v.emplace_back("privilege_gain", finding(EventType::privilege_gain, *cause, PrivilegeGainFinding{}));
    v.emplace_back("runtime_request", finding(EventType::runtime_request, *cause, RuntimeRequestFinding{}));
    v.emplace_back("note", finding(EventType::self_protection, *cause, NoteFinding{}));
    return v;
  }();
  EXPECT_EQ(all.size(), std::variant_size_v<EventBody> - 1) << "a body is missing here";
  for (const auto& [name, event] : all) {
    const json object = json::parse(text_of(world, event), nullptr, false);
    ASSERT_TRUE(object.is_object()) << name;
    EXPECT_TRUE(object.contains(name)) << name << ": " << object;
  }
}

TEST(EventJson, StaysValidWhateverBytesTheRecordHolds) {
  World world;
  std::mt19937 random(3);
  for (int i = 0; i < 500; ++i) {
    std::string junk(1 + random() % 60, '\0');
    for (char& c : junk) c = static_cast<char>(1 + random() % 255);
    const auto event = exec("/bin/" + junk).args({junk, junk}).cwd("/" + junk).comm(junk.substr(0, 15)).build();
    ASSERT_TRUE(json::accept(text_of(world, event))) << testing::PrintToString(junk);
  }
}

TEST(LogContent, SecurityTakesCriticalEventsAndExecsInContainers) {
  World world;
  const Container& web = world.container("web");
  using enum LogConfig::Content;
  EXPECT_TRUE(log_wants(security, *exec("/bin/sh").in(web).build()));
  EXPECT_FALSE(log_wants(security, *exec("/bin/sh").build()));
  EXPECT_FALSE(log_wants(security, *forks(2).in(web).build()));
  EXPECT_TRUE(log_wants(security, *mounts("a", "/b", "tmpfs").build()));
  EXPECT_FALSE(log_wants(alerts, *mounts("a", "/b", "tmpfs").build()));
  EXPECT_TRUE(log_wants(all, *forks(2).build()));
}

TEST(LogContent, ARecordTakesTheNextNumberAndTheEventsTimes) {
  World world;
  SequenceAllocator sequence(41);
  const auto event = exec("/bin/sh").build();
  const LogRecordPtr made = log_record_from(world.context(event), redactor(), sequence);
  EXPECT_EQ(made->seq, 41U);
  EXPECT_EQ(made->type, "execve");
  EXPECT_EQ(made->boot_ns, event->header.time_ns);
  EXPECT_EQ(sequence.peek(), 42U);
}

}  // namespace
}  // namespace hullwatch
