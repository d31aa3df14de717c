#include "respond/responder.h"

#include <gmock/gmock.h>
#include <poll.h>

#include <nlohmann/json.hpp>

#include "respond_fixture.h"

namespace hullwatch {
namespace {

using Kind = ResponseAction::Kind;
using Json = nlohmann::json;

class ResponderTest : public test::RespondTest {
 protected:
  SystemClock clock_;
};

TEST_F(ResponderTest, HandsOutcomesBackInOrder) {
  unified();
  Responder responder(scene_, clock_);
  responder.order(order(Kind::freeze));
  responder.order(order(Kind::clamp_pids, 7));
  responder.stop(std::chrono::seconds(10));
  pollfd ready{.fd = responder.event_fd(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&ready, 1, 0), 1);
  const auto answers = responder.take();
  ASSERT_EQ(answers.outcomes.size(), 2U);
  EXPECT_EQ(answers.outcomes[0].order.action.kind, Kind::freeze);
  EXPECT_EQ(answers.outcomes[1].effect.reason, "pids.max was max");
  EXPECT_EQ(::poll(&ready, 1, 0), 0);
}

TEST_F(ResponderTest, CountsWhatFindsTheQueueFull) {
  unified();
  Responder responder(scene_, clock_, {}, 1);
  for (const Kind kind : {Kind::freeze, Kind::thaw, Kind::thaw}) responder.order(order(kind));
  responder.stop(std::chrono::seconds(10));
  const auto answers = responder.take();
  EXPECT_EQ(answers.outcomes.size(), 1U);
  EXPECT_EQ(answers.shed[static_cast<size_t>(Kind::thaw)], 2U);
  EXPECT_EQ(responder.take().shed[static_cast<size_t>(Kind::thaw)], 0U);
}

TEST_F(ResponderTest, WhatIsNotCarriedOutAtTheEndIsShed) {
  unified();
  Responder responder(scene_, clock_);
  responder.stop(std::chrono::milliseconds(0));
  responder.order(order(Kind::freeze));
  EXPECT_EQ(responder.take().shed[static_cast<size_t>(Kind::freeze)], 1U);
}

TEST(ResponseRecord, SaysWhatWasDoneToWhomAndWhy) {
  ResponseOutcome outcome{.order = {.action = {.kind = Kind::clamp_pids, .value = 50},
                                    .rule = "Fork bomb",
                                    .alert_uuid = "u-1",
                                    .alert_seq = 12,
                                    .home = 77,
                                    .container_id = "abc",
                                    .container_name = "web",
                                    .cgroup_path = "/docker/abc",
                                    .pid = 9,
                                    .start_ns = 5},
                          .effect = {.result = ResponseResult::done, .reason = "pids.max was max", .target = "/x/pids.max"},
                          .time_ns = 1,
                          .took_ns = 2};
  const Json record = Json::parse("{" + response_members(outcome) + "}");
  EXPECT_EQ(record["response"], Json::parse(R"({"action":"clamp_pids","limit":50,"outcome":"done","reason":"pids.max was max",
    "target":"/x/pids.max","rule":"Fork bomb","alert_uuid":"u-1","alert_seq":12,"time":"1970-01-01T00:00:00.000000001Z",
    "took_ns":2})"));
  EXPECT_EQ(record["container"], Json::parse(R"({"home":77,"id":"abc","name":"web","cgroup":"/docker/abc"})"));
  EXPECT_EQ(record["process"], Json::parse(R"({"pid":9,"start_ns":5})"));
}

TEST(ResponseRecord, OfTheShedHasTheirNumber) {
  const Json record = Json::parse("{" + shed_members(Kind::freeze, 3) + "}");
  EXPECT_EQ(record["response"]["outcome"], "shed");
  EXPECT_EQ(record["response"]["count"], 3);
}

}  // namespace
}  // namespace hullwatch
