// Storms and their benign twins, as counts that move: one row each, looked at every 100 ms. A row says how many forks, exits,
// distinct creators and refusals the next 100 ms bring.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "detect/fork_bomb.h"

namespace hullwatch {
namespace {

constexpr uint64_t kStep = 100'000'000;

struct Step {
  uint64_t forks = 0, exits = 0, creators = 0, refused = 0, execs = 0;
  uint64_t unseen = 0;  // creators of a window of the kernel's that was over before it was looked at
};
struct Workload {
  const char* name;
  std::function<Step(int tick, int64_t live)> next;
  int ticks;
  const char* reason;  // of the first finding; null: none may come
  int64_t pids_max = -1;
  int most_ticks = 0;  // named after so many
  uint64_t home = 42;
  int64_t others = 0;  // tasks that were there before
};

std::ostream& operator<<(std::ostream& out, const Workload& workload) { return out << workload.name; }

/// The detector's answer to a workload: reasons of the bombs told, and when the first was.
struct Answer {
  std::vector<std::string> reasons;
  int first_tick = -1;
};

Answer judge(const Workload& workload) {
  ForkBombDetector detector{ForkBombConfig{}};
  HomeSample home{.home = workload.home, .pids_max = workload.pids_max};
  home.counts.live = workload.others;
  Answer answer;
  uint64_t now = 1'000'000'000;
  for (int tick = 0; tick < workload.ticks; ++tick, now += kStep) {
    const Step step = workload.next(tick, home.counts.live);
    home.counts.forks += step.forks;
    home.counts.exits += step.exits;
    home.counts.execs += step.execs;
    home.counts.live += static_cast<int64_t>(step.forks) - static_cast<int64_t>(step.exits);
    home.counts.creators = (tick % 10 == 0 ? 0 : home.counts.creators) + step.creators - step.unseen;
    home.counts.creators_total += step.creators;
    home.failed_forks += step.refused;
    detector.sample(now, {&home, 1});
    detector.on_tick(now, [&](const Event& event) {
      const auto* bomb = event.get<ForkBombFinding>();
      if (bomb->over) return;
      if (answer.reasons.empty()) answer.first_tick = tick;
      answer.reasons.push_back(bomb->reason);
    });
  }
  return answer;
}

/// Live tasks double every `seconds`, each by its own fork.
auto doubling(double seconds) {
  return [=](int tick, int64_t) {
    const auto at = [&](int t) { return static_cast<uint64_t>(std::exp2(t / 10.0 / seconds)); };
    const uint64_t born = at(tick + 1) - at(tick);
    return Step{.forks = born, .creators = born};
  };
}

const Workload kBombs[] = {
    {"fork loop", [](int, int64_t) { return Step{.forks = 400, .creators = 400}; }, 10, "growth", 5000, 3},
    {"threads of one process", [](int, int64_t) { return Step{.forks = 100, .creators = 1}; }, 30, "growth", -1, 10},
    {"fork and exec", [](int, int64_t) { return Step{.forks = 80, .creators = 80, .execs = 80}; }, 30, "growth", -1, 10},
    {"doubling every second", doubling(1), 120, "slow_growth", -1, 90},
    {"doubling a little less often than a window ends, so that one brings nothing",
     [](int tick, int64_t live) {
       const uint64_t born = tick % 11 == 3 ? static_cast<uint64_t>(std::max<int64_t>(live, 1)) : 0;
       return Step{.forks = born, .creators = born};
     },
     120, "slow_growth", -1, 105},
    {"doubling that the kernel's windows always cut in two",
     [](int tick, int64_t live) {
       const uint64_t born = tick % 10 == 0 ? static_cast<uint64_t>(std::max<int64_t>(live, 1)) : 0;
       return Step{.forks = born, .creators = born, .unseen = born / 4 * 3};
     },
     120, "slow_growth", -1, 95},
    {"doubling every four seconds", doubling(4), 600, "slow_growth", -1, 400},
    {"doubling every eight seconds", doubling(8), 900, "slow_growth", -1, 900},
    {"doubling every four seconds on a host of 400 tasks", doubling(4), 600, "slow_growth", -1, 450, 0, 400},
    {"doubling every eight seconds on a host of 400 tasks", doubling(8), 1000, "slow_growth", -1, 950, 0, 400},
    {"at its limit", [](int, int64_t live) { return Step{.forks = live < 80 ? 10U : 0U, .refused = live < 80 ? 0U : 5U}; }, 40,
     "failed_forks", 100, 20},
    {"forks next to the limit", [](int, int64_t live) { return Step{.forks = 9, .exits = live < 95 ? 0U : 9U}; }, 40,
     "near_limit", 100, 25},
    {"on the host", [](int, int64_t) { return Step{.forks = 400, .creators = 400}; }, 10, "growth", -1, 3, 0},
};

const Workload kTwins[] = {
    {"make -j64",
     [](int tick, int64_t live) {
       return Step{.forks = tick < 3 ? 25U : 40U, .exits = live < 64 ? 4U : 41U, .creators = 3, .execs = 30};
     },
     600, nullptr, 2000},
    {"shell loop of 20,000 commands",
     [](int tick, int64_t) { return tick < 100 ? Step{.forks = 200, .exits = 200, .creators = 1, .execs = 200} : Step{}; }, 150,
     nullptr, 512},
    {"forks that exit, as fast as they can", [](int, int64_t) { return Step{.forks = 3000, .exits = 3000, .creators = 16}; },
     300, nullptr, 512},
    {"a server that forks 128 workers at once",
     [](int tick, int64_t) { return tick == 5 ? Step{.forks = 128, .creators = 1} : Step{}; }, 100, nullptr, 512},
    {"a server whose threads grow with its load", [](int, int64_t) { return Step{.forks = 4, .creators = 1}; }, 600, nullptr},
    {"npm install",
     [](int tick, int64_t) {
       return Step{.forks = tick % 20 < 10 ? 30U : 2U, .exits = tick % 20 < 10 ? 22U : 10U, .creators = 4, .execs = 10};
     },
     300, nullptr, 1024},
    {"fifty containers start",
     [](int tick, int64_t) { return tick < 100 ? Step{.forks = 60, .exits = 54, .creators = 12, .execs = 25} : Step{}; }, 150,
     nullptr, -1, 0, 0},
    {"the runtimes of fifty containers, with ten threads each, start at once",
     [](int tick, int64_t) { return tick >= 5 && tick < 10 ? Step{.forks = 120, .exits = 10, .creators = 60} : Step{}; }, 100,
     nullptr, -1, 0, 0},
    {"a host boots: each service starts some workers",
     [](int tick, int64_t) { return tick < 200 ? Step{.forks = 8, .exits = 4, .creators = 5, .execs = 5} : Step{}; }, 250,
     nullptr, -1, 0, 0, 150},
};

class Bombs : public ::testing::TestWithParam<Workload> {};
TEST_P(Bombs, IsNamedInTimeAndOnce) {
  const Answer answer = judge(GetParam());
  ASSERT_FALSE(answer.reasons.empty());
  EXPECT_EQ(answer.reasons.front(), GetParam().reason);
  EXPECT_EQ(answer.reasons.size(), 1U);
  EXPECT_LE(answer.first_tick, GetParam().most_ticks);
}
INSTANTIATE_TEST_SUITE_P(Storms, Bombs, ::testing::ValuesIn(kBombs));

class Twins : public ::testing::TestWithParam<Workload> {};
TEST_P(Twins, IsQuiet) { EXPECT_THAT(judge(GetParam()).reasons, ::testing::IsEmpty()); }
INSTANTIATE_TEST_SUITE_P(Storms, Twins, ::testing::ValuesIn(kTwins));

/// `containers` of them, each with the same share of forks a tick; what is told.
std::vector<ForkBombFinding> judge_many(uint64_t containers, uint64_t forks, uint64_t exits, int ticks) {
  ForkBombDetector detector{ForkBombConfig{}};
  std::vector<HomeSample> homes(containers);
  for (uint64_t i = 0; i < containers; ++i) homes[i].home = 100 + i;
  std::vector<ForkBombFinding> told;
  uint64_t now = 1'000'000'000;
  for (int tick = 0; tick < 100; ++tick, now += kStep) {
    for (HomeSample& home : homes) {
      if (tick >= ticks) continue;
      home.counts.forks += forks;
      home.counts.exits += exits;
      home.counts.live += static_cast<int64_t>(forks) - static_cast<int64_t>(exits);
    }
    detector.sample(now, homes);
    detector.on_tick(now, [&](const Event& event) { told.push_back(*event.get<ForkBombFinding>()); });
  }
  return told;
}

TEST(SplitBomb, ManyContainersTogetherAreOneBombWithOneEnd) {
  const auto told = judge_many(40, 8, 0, 20);
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].reason, "split");
  EXPECT_EQ(told[0].containers, 40U);
  EXPECT_FALSE(told[0].over);
  EXPECT_TRUE(told[1].over);
  EXPECT_EQ(told[1].live, 40 * 8 * 20);
}

TEST(SplitBomb, BusyContainersWhoseChildrenExitAreNone) { EXPECT_THAT(judge_many(40, 30, 30, 100), ::testing::IsEmpty()); }

TEST(SplitBomb, FiftyContainersThatStartAreNone) { EXPECT_THAT(judge_many(50, 1, 0, 10), ::testing::IsEmpty()); }

}  // namespace
}  // namespace hullwatch
