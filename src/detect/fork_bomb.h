#pragma once
// Fork bombs: growth of a container's live tasks, not the rate of forks alone (a parallel build forks fast, but its children
// exit). The kernel keeps exact counts per home; this looks at how they move within a window, and at the pids cgroup's limit
// and refusals. One finding when a bomb begins, one with totals when it is over. Evaluator thread only; the samples are handed
// in.

#include <optional>
#include <span>
#include <unordered_map>

#include "config/config.h"
#include "detect/detector.h"

namespace hullwatch {

/// The state of one home at one moment.
struct HomeSample {
  uint64_t home = 0;
  hw_home counts{};
  int64_t pids_max = -1;      // -1: no limit, or unreadable
  uint64_t failed_forks = 0;  // refused by the pids cgroup since it was made
};

class ForkBombDetector final : public Detector {
 public:
  explicit ForkBombDetector(const ForkBombConfig& config);

  /// Remembers who forks, so that a bomb can be traced to its root.
  void on_event(const EventContext& context, const FindingSink& found) override;
  void on_tick(uint64_t now_ns, const FindingSink& found) override;
  /// Counts of the homes that changed; call before on_tick, ten times a second while anything forks.
  void sample(uint64_t now_ns, std::span<const HomeSample> homes);
  /// A home that is gone: closes the bomb that burned in it.
  void forget(uint64_t home, uint64_t now_ns, const FindingSink& found);
  /// True while a bomb burns somewhere: the caller then samples at full rate.
  [[nodiscard]] bool burning() const;

 private:
  struct Watch {
    uint64_t window_start_ns = 0;
    HomeSample at_window_start, now;
    hw_header culprit{};  // root of the storm, or the last forker
    hw_ancestor ancestors[HW_ANCESTORS]{};
    bool has_culprit = false, culprit_is_root = false;
    bool burning = false;
    uint64_t began_ns = 0, last_sign_ns = 0;
    HomeSample at_start;
    std::string reason;
  };

  [[nodiscard]] std::string sign_of_bomb(const Watch& watch, uint64_t now_ns) const;
  void name_root(Watch& watch) const;
  void report(const Watch& watch, uint64_t now_ns, bool over, const FindingSink& found) const;

  ForkBombConfig config_;
  const ProcessTree* tree_ = nullptr;  // of the events; there as soon as a watch has a culprit
  std::unordered_map<uint64_t, Watch> watches_;
};

}  // namespace hullwatch
