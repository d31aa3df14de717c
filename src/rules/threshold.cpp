#include "rules/threshold.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

#include "rules/event_key.h"

namespace hullwatch::rules {
namespace {

constexpr size_t kMaxKeys = 4096;
constexpr size_t kMaxOccurrences = 262'144;  // of one rule: 4 MiB

}  // namespace

size_t Threshold::capacity(uint32_t count) { return std::clamp<size_t>(kMaxOccurrences / count, 16, kMaxKeys); }

/// Occurrences out of the window are let go when they are more than half, and a vector has up to twice the room.
uint64_t Threshold::memory_limit() const {
  return KeyedStore<State>::memory_limit(capacity(spec_.count), 2 * kMaxKey,
                                         (spec_.count + size_t{1}) * 4 * sizeof(Occurrence));
}

Threshold::Threshold(ThresholdSpec spec) : spec_(std::move(spec)), store_(capacity(spec_.count), spec_.window_ns) {}

void Threshold::prune(State& state, uint64_t newest_ns) const {
  auto& all = state.occurrences;
  while (state.begin < all.size() && all[state.begin].time_ns + spec_.window_ns < newest_ns) ++state.begin;
  if (state.begin < all.size() / 2 + 1) return;
  all.erase(all.begin(), all.begin() + static_cast<ptrdiff_t>(state.begin));
  state.begin = 0;
}

Threshold::Progress Threshold::observe(Evaluation& evaluation, uint64_t time_ns) {
  size_t hash = 0;
  if (spec_.distinct) {
    const Value& value = evaluation.value(*spec_.distinct);
    if (is_missing(value)) return {};
    hash = std::hash<std::string_view>{}(value_text(value, text_));
  }
  build_key(evaluation, spec_.by, key_);
  State& state = store_.at(key_, time_ns);
  auto& all = state.occurrences;
  const uint64_t newest = all.size() > state.begin ? std::max(all.back().time_ns, time_ns) : time_ns;
  prune(state, newest);
  if (spec_.distinct) {
    const auto begin = all.begin() + static_cast<ptrdiff_t>(state.begin);
    const auto same = std::find_if(begin, all.end(), [hash](const Occurrence& o) { return o.value == hash; });
    if (same != all.end()) {
      time_ns = std::max(time_ns, same->time_ns);
      all.erase(same);
    }
  }
  if (time_ns + spec_.window_ns >= newest) {
    const auto place = std::upper_bound(all.begin() + static_cast<ptrdiff_t>(state.begin), all.end(), time_ns,
                                        [](uint64_t time, const Occurrence& o) { return time < o.time_ns; });
    all.insert(place, {time_ns, hash});
  }
  Progress progress{all.size() - state.begin, false, all.size() > state.begin ? all[state.begin].time_ns : time_ns};
  progress.holds = progress.counted >= spec_.count;
  if (progress.holds) state.reset();
  return progress;
}

}  // namespace hullwatch::rules
