#include <gmock/gmock.h>

#include "enrich/proc_reader.h"
#include "respond_fixture.h"

namespace hullwatch {
namespace {

using test::Child;
using enum ResponseResult;

constexpr uint64_t kSecond = 1'000'000'000;

class SignalResponse : public ::testing::Test {
 protected:
  SignalResponse() { scene_.own = {static_cast<uint32_t>(::getpid())}; }
  static uint64_t start_of(uint32_t pid) {
    const auto stat = ProcReader().stat(pid);
    EXPECT_TRUE(stat);
    return stat->start_ticks * (kSecond / static_cast<uint64_t>(::sysconf(_SC_CLK_TCK)));
  }
  static ResponseOrder order(uint32_t pid, uint64_t start_ns, int signal = SIGTERM) {
    return {.action = {.kind = ResponseAction::Kind::signal, .value = static_cast<uint64_t>(signal)},
            .home = 1,
            .pid = pid,
            .start_ns = start_ns};
  }
  ResponseScene scene_;
};

TEST_F(SignalResponse, EndsTheProcess) {
  Child child;
  const auto effect = ResponseExecutor(scene_).carry_out(order(child.pid(), start_of(child.pid())));
  EXPECT_EQ(effect.result, done) << effect.reason;
  EXPECT_EQ(effect.target, "pid " + std::to_string(child.pid()));
  EXPECT_EQ(child.ended_by(), SIGTERM);
}

TEST_F(SignalResponse, DoesNotHitAnotherThatHasThePid) {
  Child child;
  const auto effect = ResponseExecutor(scene_).carry_out(order(child.pid(), start_of(child.pid()) - kSecond));
  EXPECT_EQ(effect.result, failed);
  EXPECT_EQ(effect.reason, "it has ended; the pid may be another's");
  EXPECT_TRUE(child.lives());
}

TEST_F(SignalResponse, SaysThatTheProcessHasEnded) {
  Child child;
  const uint64_t start = start_of(child.pid());
  ::kill(static_cast<pid_t>(child.pid()), SIGKILL);
  child.ended_by();
  EXPECT_EQ(ResponseExecutor(scene_).carry_out(order(child.pid(), start)).result, failed);
}

TEST_F(SignalResponse, SignalsTheSameProcessOnce) {
  Child child;
  ResponseExecutor executor(scene_);
  const uint64_t start = start_of(child.pid());
  EXPECT_EQ(executor.carry_out(order(child.pid(), start, SIGCONT)).reason, "");
  EXPECT_EQ(executor.carry_out(order(child.pid(), start, SIGCONT)).reason, "already sent within the last 10 s");
  EXPECT_EQ(executor.carry_out(order(child.pid(), start, SIGTERM)).reason, "");
}

TEST_F(SignalResponse, SendsNothingInADryRun) {
  Child child;
  scene_.dry_run = true;
  EXPECT_EQ(ResponseExecutor(scene_).carry_out(order(child.pid(), start_of(child.pid()), SIGKILL)).result, dry_run);
  EXPECT_TRUE(child.lives());
}

TEST_F(SignalResponse, RefusesHullwatchAndWhatItWasStartedBy) {
  const auto own = static_cast<uint32_t>(::getpid());
  EXPECT_EQ(ResponseExecutor(scene_).carry_out(order(own, start_of(own))).reason,
            "pid " + std::to_string(own) + " is hullwatch itself");
  EXPECT_EQ(ResponseExecutor(scene_).carry_out(order(1, start_of(1))).reason, "pid 1 is the host's");
  Child child;
  scene_.own = {child.pid()};
  EXPECT_EQ(ResponseExecutor(scene_).carry_out(order(own, start_of(own))).reason,
            "pid " + std::to_string(own) + " is an ancestor of hullwatch");
}

}  // namespace
}  // namespace hullwatch
