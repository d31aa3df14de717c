#include "detect/growth_history.h"

#include <algorithm>

namespace hullwatch {

void GrowthHistory::add(const Window& window) {
  windows_.at(next_) = window;
  next_ = (next_ + 1) % kWindows;
  held_ = std::min(held_ + 1, kWindows);
}

bool GrowthHistory::multiplies(int64_t net_growth) const {
  if (held_ == 0) return false;
  const Window& last = windows_.at((next_ + kWindows - 1) % kWindows);
  // A server that starts workers is one creator; where processes come and go, exits keep pace with forks.
  if (2 * last.creators < static_cast<uint64_t>(std::max<int64_t>(last.gained, 1)) || 3 * last.exits > 2 * last.forks)
    return false;
  int64_t gained = 0;
  for (size_t back = 1; back <= held_; ++back) {
    const Window& window = windows_.at((next_ + kWindows - back) % kWindows);
    if (window.gained <= 0) return false;
    gained += window.gained;
    if (back >= kFewest && gained >= net_growth && last.live >= 2 * (last.live - gained)) return true;
  }
  return false;
}

}  // namespace hullwatch
