#include "util/tenfold.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace hullwatch {
namespace {

TEST(Tenfold, TheFirstAndEachTenfoldAreTold) {
  std::vector<uint64_t> told;
  for (uint64_t count = 0; count <= 20'000; ++count)
    if (is_told(count)) told.push_back(count);
  EXPECT_EQ(told, (std::vector<uint64_t>{1, 10, 100, 1'000, 10'000}));
  EXPECT_TRUE(is_told(10'000'000'000'000'000'000U)) << "the last of them in 64 bits";
  EXPECT_FALSE(is_told(std::numeric_limits<uint64_t>::max()));
}

}  // namespace
}  // namespace hullwatch
