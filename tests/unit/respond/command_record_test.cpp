#include "respond/command_record.h"

#include <gmock/gmock.h>
#include <poll.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "unit/enrich/temp_tree.h"

namespace hullwatch {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Json = nlohmann::json;

ResponseOutcome thawed(const std::string& name, uint64_t time_ns) {
  ResponseOutcome outcome;
  outcome.order = {.action = {.kind = ResponseAction::Kind::thaw},
                   .home = 7,
                   .container_id = "0123456789ab",
                   .container_name = name,
                   .cgroup_path = "/docker/box"};
  outcome.effect.target = "/sys/fs/cgroup/docker/box/cgroup.freeze";
  outcome.time_ns = time_ns;
  return outcome;
}

class CommandRecord : public ::testing::Test {
 protected:
  [[nodiscard]] CommandRecords open() const {
    auto opened = CommandRecords::open(files_.path() + "/state");
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }
  [[nodiscard]] Status leave(const ResponseOutcome& outcome,
                             const Commander& by = {.pid = 12, .uid = 0, .loginuid = 1000}) const {
    return leave_command_record(files_.path() + "/state", outcome, by);
  }
  static Json parsed(const std::string& members) { return Json::parse('{' + members + '}'); }

  test::TempTree files_;
};

TEST_F(CommandRecord, TellsWhatWasDoneAndByWhom) {
  CommandRecords records = open();
  ASSERT_TRUE(leave(thawed("web", 1'000)));
  const auto taken = records.take();
  ASSERT_THAT(taken, SizeIs(1));
  const Json record = parsed(taken[0]);
  EXPECT_EQ(record["response"]["action"], "thaw");
  EXPECT_EQ(record["response"]["outcome"], "done");
  EXPECT_FALSE(record["response"].contains("rule"));
  EXPECT_EQ(record["container"]["name"], "web");
  EXPECT_EQ(record["command"], (Json{{"pid", 12}, {"uid", 0}, {"loginuid", 1000}}));
  EXPECT_THAT(records.take(), IsEmpty());
}

TEST_F(CommandRecord, OfNobodyWhoLoggedInHasNoLoginuid) {
  CommandRecords records = open();
  ASSERT_TRUE(leave(thawed("web", 1'000), {.pid = 12, .uid = 0}));
  EXPECT_FALSE(parsed(records.take().at(0))["command"].contains("loginuid"));
}

TEST_F(CommandRecord, WaitsForADaemonTheOldestFirst) {
  ASSERT_TRUE(leave(thawed("second", 2'000)));
  ASSERT_TRUE(leave(thawed("first", 1'000)));
  const auto taken = open().take();
  ASSERT_THAT(taken, SizeIs(2));
  EXPECT_EQ(parsed(taken[0])["container"]["name"], "first");
  EXPECT_EQ(parsed(taken[1])["container"]["name"], "second");
}

TEST_F(CommandRecord, WakesTheDaemon) {
  const CommandRecords records = open();
  pollfd bell{.fd = records.fd(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&bell, 1, 0), 0);
  ASSERT_TRUE(leave(thawed("web", 1'000)));
  EXPECT_EQ(::poll(&bell, 1, 1'000), 1);
}

TEST_F(CommandRecord, ThatIsNoneIsToldAsOneThatFailed) {
  CommandRecords records = open();
  for (const char* text : {"", "{", "[1]", R"({"response":{}})", R"({"response":"x","command":{}})"}) {
    const std::string file = files_.write("state/orders/1.json", text);
    const auto taken = records.take();
    ASSERT_THAT(taken, SizeIs(1)) << text;
    EXPECT_EQ(parsed(taken[0])["response"]["outcome"], "failed");
    EXPECT_EQ(parsed(taken[0])["response"]["target"], file);
    EXPECT_FALSE(std::filesystem::exists(file));
  }
}

TEST_F(CommandRecord, CannotBringMembersOrLinesOfItsOwnIntoTheLog) {
  CommandRecords records = open();
  files_.write("state/orders/1.json", "{\"seq\":1,\"type\":\"stop\",\"response\":{\"reason\":\"a\\nb\"},\n\"command\":{}}");
  const auto taken = records.take();
  ASSERT_THAT(taken, SizeIs(1));
  EXPECT_EQ(taken[0], R"("response":{"reason":"a\nb"},"command":{})");
}

TEST_F(CommandRecord, ThroughALinkOrBeyondItsBoundIsNotRead) {
  CommandRecords records = open();
  const std::string secret = files_.write("secret", R"({"response":{"reason":"secret"},"command":{}})");
  std::filesystem::create_symlink(secret, files_.path() + "/state/orders/1.json");
  files_.write("state/orders/2.json",
               R"({"response":{},"command":{"x":")" + std::string(CommandRecords::kBytesMax, 'x') + "\"}}");
  const auto taken = records.take();
  ASSERT_THAT(taken, SizeIs(2));
  for (const std::string& members : taken) EXPECT_THAT(members, HasSubstr("no record of a command"));
  EXPECT_TRUE(std::filesystem::exists(secret));
}

TEST_F(CommandRecord, IsRefusedWhereTooManyWait) {
  for (size_t i = 0; i < CommandRecords::kOrdersMax; ++i) files_.write("state/orders/" + std::to_string(i) + ".json", "");
  const Status left = leave(thawed("web", 1'000));
  ASSERT_FALSE(left);
  EXPECT_THAT(left.error().message, HasSubstr("1024 records wait"));
}

TEST_F(CommandRecord, IsAnErrorWhereItCannotBeLeft) {
  files_.write("state", "a file where the directory should be");
  EXPECT_FALSE(leave(thawed("web", 1'000)));
}

}  // namespace
}  // namespace hullwatch
