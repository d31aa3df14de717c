#include "detect/loss_producers.h"

#include <gtest/gtest.h>

namespace hullwatch {
namespace {

HomeSample critical(uint64_t home, uint64_t sent, uint64_t lost = 0) {
  HomeSample sample{.home = home};
  sample.counts.critical_sent = sent;
  sample.counts.critical_lost = lost;
  return sample;
}

std::string name_of(uint64_t home) { return home == 0 ? "host" : "c" + std::to_string(home); }

TEST(LossProducers, TheThreeWhoMadeMostSinceTheLastLookAreNamed) {
  LossProducers producers;
  producers.skip(std::vector{critical(0, 9000), critical(1, 10), critical(2, 0), critical(3, 0), critical(4, 0)});
  const auto found = producers.take(
      std::vector{critical(0, 9000), critical(1, 11), critical(2, 400, 90), critical(3, 20), critical(4, 30)}, true, name_of);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].name, "c2");
  EXPECT_EQ(found[0].made, 490U);
  EXPECT_EQ(found[0].lost, 90U);
  EXPECT_EQ(found[1].home, 4U);
  EXPECT_EQ(found[2].home, 3U);
}

TEST(LossProducers, OneThatIsGoneIsNamedOnce) {
  LossProducers producers;
  producers.gone(critical(7, 50, 8));
  const auto found = producers.take({}, true, name_of);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].lost, 8U);
  EXPECT_TRUE(producers.take({}, true, name_of).empty());
}

TEST(LossProducers, OfBulkRecordsWhatWasHeldBackIsNotCounted) {
  HomeSample sample{.home = 1};
  sample.counts.forks = sample.counts.exits = 100;
  sample.counts.suppressed[HW_FORK] = 90;
  sample.counts.bulk_lost = 5;
  const auto found = LossProducers().take(std::vector{sample}, false, name_of);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].made, 110U);
  EXPECT_EQ(found[0].lost, 5U);
  LossEvent loss{};
  loss.producers = found;
  EXPECT_EQ(loss.producers_text(), "c1 made 110 and lost 5");
}

}  // namespace
}  // namespace hullwatch
