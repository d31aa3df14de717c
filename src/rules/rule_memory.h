#pragma once
// What a rule that looks at more than one event remembers. Evaluator thread.

#include <memory>
#include <optional>

#include "rules/sequence.h"
#include "rules/threshold.h"

namespace hullwatch::rules {

struct RuleMemory {
  uint64_t content = 0;  // of the rule as written, macros and lists put in: the same again after a reload keeps its state
  std::optional<Threshold> threshold;
  std::optional<Sequence> sequence;

  /// Takes over what a rule of the same content remembered.
  void adopt(RuleMemory& earlier) {
    if (threshold && earlier.threshold) threshold->adopt(*earlier.threshold);
    if (sequence && earlier.sequence) sequence->adopt(*earlier.sequence);
  }
  void expire(uint64_t now_ns) {
    if (threshold) threshold->expire(now_ns);
    if (sequence) sequence->expire(now_ns);
  }
  [[nodiscard]] size_t keys() const { return threshold ? threshold->keys() : (sequence ? sequence->keys() : 0); }
  [[nodiscard]] uint64_t limit() const {
    return (threshold ? threshold->memory_limit() : 0) + (sequence ? sequence->memory_limit() : 0);
  }
  [[nodiscard]] uint64_t evicted() const { return threshold ? threshold->evicted() : (sequence ? sequence->evicted() : 0); }
};

}  // namespace hullwatch::rules
