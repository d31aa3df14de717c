#pragma once
// The counts of one home at one moment. Passive data.

#include <cstdint>

#include "hullwatch/wire.h"

namespace hullwatch {

struct HomeSample {
  uint64_t home = 0;
  hw_home counts{};
  int64_t pids_max = -1;      // -1: no limit, or unreadable
  uint64_t failed_forks = 0;  // refused by the pids cgroup since it was made
};

}  // namespace hullwatch
