#include "metrics/counters.h"

#include <gtest/gtest.h>

#include <thread>

#include "metrics/process_figures.h"
#include "metrics/readiness.h"

namespace hullwatch {
namespace {

TEST(Counters, CountFromSeveralThreadsWithoutLosingAny) {
  Counters counters;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) counters.event(EventType::execve);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counters.snapshot().events[static_cast<size_t>(EventType::execve)], 40'000U);
}

TEST(Counters, AKindOutOfRangeIsCountedAsNone) {
  Counters counters;
  counters.received(9999);
  counters.set_kernel(9999, {1, 2, 3});
  EXPECT_EQ(counters.snapshot().received[0], 1U);
}

TEST(Counters, AFailedReloadKeepsTheTimeOfTheLastGoodOne) {
  Counters counters;
  counters.set_reload(true, 7);
  counters.set_reload(false, 9);
  EXPECT_FALSE(counters.snapshot().reload_worked);
  EXPECT_EQ(counters.snapshot().reload_success_ns, 7U);
}

TEST(Readiness, NamesWhatFailedUntilItWorks) {
  Readiness readiness;
  EXPECT_FALSE(readiness.ready());
  readiness.started();
  EXPECT_TRUE(readiness.ready());
  readiness.failed("exec", "no \"BTF\"");
  EXPECT_EQ(readiness.json(), "{\"ready\":false,\"failed\":[{\"part\":\"exec\",\"reason\":\"no \\\"BTF\\\"\"}]}\n");
  readiness.works("exec");
  EXPECT_EQ(readiness.json(), "{\"ready\":true,\"failed\":[]}\n");
}

TEST(ProcessFigures, AreThoseOfThisProcess) {
  const ProcessFigures figures = read_process_figures();
  EXPECT_GT(figures.resident_bytes, 100'000U);
  EXPECT_GE(figures.virtual_bytes, figures.resident_bytes);
  EXPECT_GE(figures.threads, 1U);
  EXPECT_GT(figures.open_fds, 2U);
  EXPECT_GT(figures.start_time_seconds, 1.5e9);
}

TEST(ProcessFigures, OfAProcThatIsNotThereAreZero) { EXPECT_EQ(read_process_figures("/nonexistent").resident_bytes, 0U); }

}  // namespace
}  // namespace hullwatch
