#pragma once
// Fork bombs: growth of a container's live tasks, not the rate of forks alone (a parallel build forks fast, but its children
// exit). The kernel keeps exact counts per home; this looks at how they move within a window (the kernel's burst record is the
// same judgement, made at the very fork), over several windows (slow bombs), over all containers together (a bomb split over
// many), and at the pids cgroup's limit and refusals. One finding when a bomb begins, one with totals when it is over.
// Evaluator thread only; the samples are handed in.

#include <optional>
#include <span>
#include <unordered_map>

#include "config/config.h"
#include "detect/detector.h"
#include "detect/growth_history.h"
#include "detect/home_sample.h"
#include "detect/split_bomb.h"

namespace hullwatch {

class ForkBombDetector final : public Detector {
 public:
  explicit ForkBombDetector(const ForkBombConfig& config);

  /// Remembers who forks, so that a bomb can be traced to its root.
  void on_event(const EventContext& context, const FindingSink& found) override;
  void on_tick(uint64_t now_ns, const FindingSink& found) override;
  /// Homes whose counts are an earlier daemon's: growth is measured from here.
  void know(uint64_t now_ns, std::span<const HomeSample> homes);
  /// Counts of the homes that changed; call before on_tick, ten times a second while anything forks.
  void sample(uint64_t now_ns, std::span<const HomeSample> homes);
  /// A home that is gone, with its last counts: closes the bomb that burned in it.
  void forget(const HomeSample& last, uint64_t now_ns, const FindingSink& found);
  /// True while a bomb burns somewhere: the caller then samples at full rate.
  [[nodiscard]] bool burning() const;
  /// The kernel told of a burst: sample and tick at once.
  [[nodiscard]] bool urgent() const { return urgent_; }

 private:
  struct Watch {
    uint64_t window_start_ns = 0;
    HomeSample at_window_start, now;
    uint64_t grew_ns = 0, calm_ns = 0;
    HomeSample calm;      // at the last look that found no growth: where a storm would begin
    hw_header culprit{};  // root of the storm, or the last forker
    hw_ancestor ancestors[HW_ANCESTORS]{};
    bool has_culprit = false, culprit_is_root = false;
    bool burst = false;  // the kernel told of one since the last tick
    bool burning = false;
    uint64_t began_ns = 0, last_sign_ns = 0;
    HomeSample at_start;
    std::string reason;
    uint64_t creators = 0;       // the most seen in this window: the kernel begins its own windows
    uint64_t most_creators = 0;  // since the bomb began
    GrowthHistory history;
  };

  void look_for_calm(Watch& watch, const HomeSample& home, uint64_t now_ns) const;
  [[nodiscard]] std::string sign_of_bomb(const Watch& watch, uint64_t now_ns) const;
  [[nodiscard]] bool is_near_limit(const HomeSample& now) const;
  [[nodiscard]] uint64_t quiet_ns(const Watch& watch) const;
  [[nodiscard]] int64_t net_growth_of(uint64_t home) const;
  void begin(Watch& watch) const;
  void next_window(Watch& watch, uint64_t now_ns) const;
  void judge_split(uint64_t now_ns, const FindingSink& found);
  void name_root(Watch& watch) const;
  void report(const Watch& watch, uint64_t now_ns, bool over, const FindingSink& found) const;

  ForkBombConfig config_;
  const ProcessTree* tree_ = nullptr;  // of the events; there as soon as a watch has a culprit
  std::unordered_map<uint64_t, Watch> watches_;
  SplitBomb split_;
  bool urgent_ = false;
};

}  // namespace hullwatch
