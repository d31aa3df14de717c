#include "rules/sequence.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "rules/event_key.h"

namespace hullwatch::rules {

uint64_t Sequence::memory_limit() const {
  return KeyedStore<State>::memory_limit(capacity(spec_.steps), 2 * kMaxKey, spec_.steps * kRemembered * sizeof(Entry));
}

Sequence::Sequence(SequenceSpec spec) : spec_(std::move(spec)), store_(capacity(spec_.steps), spec_.within_ns + kToleranceNs) {}

/// A free place, or a stale one. Else the second oldest makes room: the oldest still begins or carries a sequence for whatever
/// comes, so that repeating a step does not hide one.
size_t Sequence::place(State& state, size_t step, const StepEvent& event) {
  std::array<size_t, kRemembered> by_age{};
  size_t chosen = kRemembered;
  for (size_t i = 0; i < kRemembered; ++i) {
    const Entry& one = entry(state, step, i);
    const uint64_t start = one.linked ? one.start_ns : one.event.time_ns;
    const bool stale = start + spec_.within_ns + kToleranceNs < event.time_ns;
    if (!one.used || (stale && chosen == kRemembered)) chosen = i;
    by_age[i] = i;
  }
  if (chosen == kRemembered) {
    std::ranges::sort(by_age, {}, [&](size_t i) { return entry(state, step, i).event.time_ns; });
    chosen = by_age[1];
    if (step > 0) ++forgotten_;  // of first steps those that stay are enough
  }
  Entry& free = entry(state, step, chosen);
  free = {};
  free.event = event;
  free.used = true;
  return chosen;
}

bool Sequence::link(State& state, size_t step, size_t i) {
  Entry& here = entry(state, step, i);
  if (step == 0) {
    here.start_ns = here.event.time_ns;
    here.way[0] = here.event;
    here.linked = true;
    return true;
  }
  bool changed = false;
  for (size_t j = 0; j < kRemembered; ++j) {
    const Entry& before = entry(state, step - 1, j);
    if (!before.used || !before.linked || before.event.time_ns > here.event.time_ns + kToleranceNs) continue;
    // A later step may come as much before this one as counts for equal.
    if (here.event.time_ns > before.start_ns + spec_.within_ns + kToleranceNs * (spec_.steps - 1 - step)) continue;
    if (here.linked && before.start_ns <= here.start_ns) continue;  // a later start leaves more time for what follows
    const auto way = std::span(before.way).first(step);
    if (std::ranges::find(way, here.event.number, &StepEvent::number) != way.end()) continue;
    here.way = before.way;
    here.way[step] = here.event;
    here.start_ns = before.start_ns;
    here.linked = changed = true;
  }
  return changed;
}

std::optional<size_t> Sequence::advance(State& state, size_t step, size_t i) {
  if (step + 1 == spec_.steps) return i;
  for (size_t j = 0; j < kRemembered; ++j) {
    const Entry& next = entry(state, step + 1, j);
    if (!next.used || next.event.time_ns + kToleranceNs < entry(state, step, i).event.time_ns) continue;
    if (!link(state, step + 1, j)) continue;
    if (const auto end = advance(state, step + 1, j)) return end;
  }
  return std::nullopt;
}

Sequence::Progress Sequence::observe(Evaluation& evaluation, size_t step, const StepEvent& event) {
  build_key(evaluation, spec_.by, key_);
  State& state = store_.at(key_, event.time_ns);
  if (state.entries.empty()) state.entries.resize(spec_.steps * kRemembered);
  const size_t i = place(state, step, event);
  if (!link(state, step, i)) return {};
  const auto end = advance(state, step, i);
  Progress progress{step + 1, {}};
  if (!end) return progress;
  const auto& way = entry(state, spec_.steps - 1, *end).way;
  progress.chain.assign(way.begin(), way.begin() + static_cast<ptrdiff_t>(spec_.steps));
  progress.reached = spec_.steps;
  state.reset();
  return progress;
}

}  // namespace hullwatch::rules
