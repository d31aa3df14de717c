#pragma once
// A bomb spread over containers, each of which stays below the thresholds: the containers together fork and grow too fast. The
// host's own processes are not counted in: starting containers is their work. Evaluator thread only.

#include <cstdint>
#include <unordered_map>

#include "config/config.h"
#include "detect/home_sample.h"
#include "event/event.h"

namespace hullwatch {

class SplitBomb {
 public:
  /// Counts of a container since its last sample; `before` is how it was then.
  void add(const HomeSample& before, const HomeSample& now);
  /// What it comes to at the end of a tick: nothing; or a bomb, once when it begins and once when it is over. `home`: the
  /// container that grew most. `burning`: a container's own bomb burns, and what all do together is no news.
  struct Verdict {
    bool told = false;
    uint64_t home = 0;
    ForkBombFinding finding;
  };
  Verdict judge(const ForkBombConfig& config, uint64_t now_ns, bool burning);
  [[nodiscard]] bool burns() const { return burning_; }

 private:
  struct Share {
    uint64_t forks = 0;
    int64_t gained = 0;
  };
  [[nodiscard]] Verdict verdict(uint64_t now_ns, bool over) const;

  std::unordered_map<uint64_t, Share> shares_;  // of this window, by home
  Share window_;
  uint64_t window_start_ns_ = 0;
  ForkBombFinding totals_;  // since it began
  bool burning_ = false;
  uint64_t began_ns_ = 0, last_sign_ns_ = 0, home_ = 0;
};

}  // namespace hullwatch
