#pragma once
// Which of many equal troubles are told: the first, and then each time their number has grown tenfold. A counter tells the
// rest.

#include <cstdint>

namespace hullwatch {

/// `count`: how many there were, this one included.
constexpr bool is_told(uint64_t count) {
  while (count >= 10 && count % 10 == 0) count /= 10;
  return count == 1;
}

}  // namespace hullwatch
