#pragma once
// `threshold: {count, window, by, distinct}`: holds when, of the events that share the `by` values, `count` fell within
// `window`; with `distinct`, when that field had `count` different values. Then counting begins anew. Events may come a little
// out of order: their own times count. Evaluator thread.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rules/evaluation.h"
#include "rules/keyed_store.h"

namespace hullwatch::rules {

struct ThresholdSpec {
  uint32_t count = 2;
  uint64_t window_ns = 0;
  std::vector<SlotId> by;
  std::optional<SlotId> distinct;
};

class Threshold {
 public:
  explicit Threshold(ThresholdSpec spec);

  struct Progress {
    size_t counted = 0;  // within the window, this event included when it counts
    bool holds = false;
    uint64_t first_ns = 0;  // of those counted
  };
  /// Takes the evaluation's event in, for which the rule's condition holds.
  Progress observe(Evaluation& evaluation, uint64_t time_ns);
  void expire(uint64_t now_ns) { store_.expire(now_ns); }
  /// Takes over what another of the same text counted.
  void adopt(Threshold& earlier) { store_ = std::move(earlier.store_); }

  [[nodiscard]] const ThresholdSpec& spec() const { return spec_; }
  [[nodiscard]] size_t keys() const { return store_.size(); }
  [[nodiscard]] uint64_t evicted() const { return store_.evicted(); }
  /// The most keys it keeps: fewer when each may remember much.
  [[nodiscard]] static size_t capacity(uint32_t count);
  /// Bytes that what is remembered takes at most.
  [[nodiscard]] uint64_t memory_limit() const;

 private:
  struct Occurrence {
    uint64_t time_ns;
    size_t value;  // hash of the distinct field's
  };
  /// In the order of time; what is before `begin` is out of the window.
  struct State {
    std::vector<Occurrence> occurrences;
    size_t begin = 0;
    void reset() {
      occurrences.clear();
      begin = 0;
    }
  };
  void prune(State& state, uint64_t newest_ns) const;

  ThresholdSpec spec_;
  KeyedStore<State> store_;
  std::string key_, text_;
};

}  // namespace hullwatch::rules
