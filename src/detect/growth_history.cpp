#include "detect/growth_history.h"

#include <algorithm>

namespace hullwatch {

void GrowthHistory::add(const Window& window) {
  windows_.at(next_) = window;
  next_ = (next_ + 1) % kWindows;
  held_ = std::min(held_ + 1, kWindows);
}

GrowthHistory::Span GrowthHistory::multiplies(int64_t net_growth) const {
  if (held_ == 0) return {};
  const Window& last = back(1);
  // A server that starts workers is one creator; where processes come and go, exits keep pace with forks.
  if (last.gained <= 0 || int64_t{2} * last.creators < last.gained || uint64_t{3} * last.exits > uint64_t{2} * last.forks)
    return {};
  Span span;
  bool paused = false;
  while (span.windows < held_) {
    const Window& window = back(++span.windows);
    // What doubles about once a window may do so twice in one and not in the next.
    if (window.gained < 0 || (window.gained == 0 && paused)) return {};
    paused = window.gained == 0;
    span.forks += window.forks;
    span.exits += window.exits;
    span.execs += window.execs;
    span.gained += window.gained;
    if (span.windows >= kFewest && span.gained >= net_growth && last.live >= 2 * (last.live - span.gained)) return span;
  }
  return {};
}

}  // namespace hullwatch
