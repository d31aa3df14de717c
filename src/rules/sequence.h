#pragma once
// `sequence: [step, …]` with `by` and `within`: holds when events matched all steps, each not before the one ahead of it, the
// last at most `within` after the first, all with the same `by` values. Times are compared, not arrival: the rings are read
// apart, so an event may come before an earlier one; times less than 5 ms apart count as equal. One event is never two steps.
// When a sequence holds, what led to it is forgotten. Evaluator thread.

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "event/event.h"
#include "rules/evaluation.h"
#include "rules/keyed_store.h"

namespace hullwatch::rules {

struct SequenceSpec {
  size_t steps = 2;
  uint64_t within_ns = 0;
  std::vector<SlotId> by;
};

/// What an alert tells of a step.
struct StepEvent {
  uint64_t time_ns = 0;
  uint64_t number = 0;  // evt.num: tells events apart
  uint32_t pid = 0;
  EventType type = EventType::unknown;
  std::array<char, HW_COMM_LEN> comm{};
};

class Sequence {
 public:
  explicit Sequence(SequenceSpec spec);

  static constexpr size_t kMaxSteps = 8;
  static constexpr size_t kRemembered = 4;  // events of each step and key: the oldest and the youngest
  static constexpr uint64_t kToleranceNs = 5'000'000;

  struct Progress {
    size_t reached = 0;            // steps in a row, up to this event's
    std::vector<StepEvent> chain;  // all steps, when the sequence holds
  };
  /// Takes in the evaluation's event, which matches that step.
  Progress observe(Evaluation& evaluation, size_t step, const StepEvent& event);
  void expire(uint64_t now_ns) { store_.expire(now_ns); }
  /// Takes over what another of the same text remembered.
  void adopt(Sequence& earlier) {
    store_ = std::move(earlier.store_);
    forgotten_ = earlier.forgotten_;
  }

  [[nodiscard]] const SequenceSpec& spec() const { return spec_; }
  [[nodiscard]] size_t keys() const { return store_.size(); }
  /// Keys that were thrown out, and events of steps that were.
  [[nodiscard]] uint64_t evicted() const { return store_.evicted() + forgotten_; }
  /// The most keys it keeps: about 3 MiB.
  [[nodiscard]] static size_t capacity(size_t steps) { return 2048 / steps; }
  /// Bytes that what is remembered takes at most.
  [[nodiscard]] uint64_t memory_limit() const;

 private:
  /// An event of one step, and the best way found to it: through an entry of the step before.
  struct Entry {
    StepEvent event;
    uint64_t start_ns = 0;  // of the first step's event
    bool used = false, linked = false;
    std::array<StepEvent, kMaxSteps> way{};  // by step, this one's event last
  };
  struct State {
    std::vector<Entry> entries;  // kRemembered of each step
    void reset() { entries.clear(); }
  };
  Entry& entry(State& state, size_t step, size_t i) { return state.entries[step * kRemembered + i]; }
  size_t place(State& state, size_t step, const StepEvent& event);
  /// Links an entry to the best one of the step before; true when its way changed.
  bool link(State& state, size_t step, size_t i);
  /// Carries the way to an entry on to later steps; the last step's entry when one is reached.
  std::optional<size_t> advance(State& state, size_t step, size_t i);

  SequenceSpec spec_;
  KeyedStore<State> store_;
  uint64_t forgotten_ = 0;
  std::string key_;
};

}  // namespace hullwatch::rules
