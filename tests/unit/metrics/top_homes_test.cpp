#include "metrics/top_homes.h"

#include <gtest/gtest.h>

namespace hullwatch {
namespace {

HomeSample home(uint64_t id, uint64_t forks, int64_t live = 1) {
  HomeSample sample{.home = id};
  sample.counts.forks = forks;
  sample.counts.live = live;
  return sample;
}

std::pair<std::string, std::string> name_of(uint64_t home) { return {"c" + std::to_string(home), std::to_string(home)}; }

class Top : public ::testing::Test {
 protected:
  void look(const std::vector<HomeSample>& homes) { top_.update(homes, name_of); }
  [[nodiscard]] const HomeFigures* find(const std::string& name) const {
    for (const HomeFigures& figures : top_.figures())
      if (figures.name == name) return &figures;
    return nullptr;
  }
  [[nodiscard]] uint64_t forks() const {
    uint64_t sum = 0;
    for (const HomeFigures& figures : top_.figures()) sum += figures.forks;
    return sum;
  }
  TopHomes top_{2};
};

TEST_F(Top, TheHostAndSoManyContainersHaveSeriesAndTheRestIsOne) {
  look({home(0, 9), home(1, 1), home(2, 2), home(3, 3, 4), home(4, 4, 5)});
  ASSERT_EQ(top_.figures().size(), 4U);
  EXPECT_EQ(find("host")->forks, 9U);
  EXPECT_EQ(find("c1")->forks, 1U);
  EXPECT_EQ(find("other")->forks, 7U);
  EXPECT_EQ(find("other")->tasks, 9);
}

TEST_F(Top, WhoeverForksMostGetsTheSeriesThatIsFreeAndNothingIsCountedTwice) {
  look({home(1, 1), home(2, 2), home(3, 3), home(4, 40)});
  look({home(1, 1), home(3, 3), home(4, 50)});
  EXPECT_EQ(find("c3"), nullptr);
  ASSERT_NE(find("c4"), nullptr);
  look({home(1, 1), home(3, 3), home(4, 60)});
  EXPECT_EQ(find("c4")->forks, 10U);
  EXPECT_EQ(find("other")->forks, 53U);
  EXPECT_EQ(forks(), 1U + 3 + 60);
}

TEST_F(Top, WhatIsCountedInsteadOfSentIsItsContainersByKind) {
  HomeSample noisy = home(1, 5), quiet = home(2, 4), third = home(3, 3);
  noisy.counts.suppressed[HW_EXEC] = 7;
  third.counts.suppressed[HW_MOUNT] = 2;
  look({noisy, quiet, third});
  EXPECT_EQ(find("c1")->suppressed[HW_EXEC], 7U);
  EXPECT_EQ(find("c2")->suppressed[HW_EXEC], 0U);
  EXPECT_EQ(find("other")->suppressed[HW_MOUNT], 2U);
}

TEST_F(Top, NoSeriesEverFalls) {
  look({home(1, 5), home(2, 5), home(3, 5)});
  const uint64_t other = find("other")->forks;
  look({home(1, 6), home(3, 6)});
  look({home(1, 7), home(3, 9)});
  EXPECT_GE(find("other")->forks, other);
  EXPECT_EQ(find("c1")->forks, 7U);
}

}  // namespace
}  // namespace hullwatch
