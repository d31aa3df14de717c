#include "metrics/top_homes.h"

#include <algorithm>

namespace hullwatch {
namespace {

/// A counter of a home that is gone and came back begins anew.
uint64_t since(uint64_t from, uint64_t to) { return to >= from ? to - from : to; }

}  // namespace

void TopHomes::Counts::add(const Counts& from, const Counts& to) {
  forks += since(from.forks, to.forks);
  exits += since(from.exits, to.exits);
  execs += since(from.execs, to.execs);
  failed_forks += since(from.failed_forks, to.failed_forks);
  for (size_t kind = 0; kind < suppressed.size(); ++kind) suppressed[kind] += since(from.suppressed[kind], to.suppressed[kind]);
}

TopHomes::Counts TopHomes::counts_of(const HomeSample& sample) {
  Counts counts{.forks = sample.counts.forks,
                .exits = sample.counts.exits,
                .execs = sample.counts.execs,
                .failed_forks = sample.failed_forks};
  std::ranges::copy(sample.counts.suppressed, counts.suppressed.begin());
  return counts;
}

/// Free series go to whoever forked and exec'ed most without one.
void TopHomes::promote() {
  size_t own = 0;
  std::vector<std::pair<uint64_t, Known*>> waiting;
  for (auto& [home, known] : known_) {
    if (home == 0) continue;
    if (known.own)
      ++own;
    else
      waiting.emplace_back(known.now.forks + known.now.execs, &known);
  }
  std::ranges::sort(waiting, [](const auto& a, const auto& b) { return a.first > b.first; });
  for (const auto& [forks, known] : waiting) {
    if (own++ >= slots_) return;
    known->own = true;
  }
}

void TopHomes::update(std::span<const HomeSample> homes, const NameOf& name_of) {
  for (auto& [home, known] : known_) known.seen = false;
  int64_t other_tasks = 0;
  uint64_t other_creators = 0;
  for (const HomeSample& sample : homes) {
    auto [it, fresh] = known_.try_emplace(sample.home);
    Known& known = it->second;
    const Counts now = counts_of(sample);
    // A new one that finds a free series has its whole life in it.
    if (fresh)
      known.own = sample.home == 0 || std::ranges::count_if(known_, [](const auto& k) {
                                        return k.first != 0 && k.second.own;
                                      }) < static_cast<std::ptrdiff_t>(slots_);
    if (!known.own) {
      other_.add(known.now, now);
      known.base = now;
    }
    known.now = now;
    known.seen = true;
  }
  std::erase_if(known_, [](const auto& entry) { return !entry.second.seen; });
  promote();
  figures_.clear();
  for (const HomeSample& sample : homes) {
    const Known& known = known_.at(sample.home);
    if (!known.own) {
      other_tasks += sample.counts.live;
      other_creators += sample.counts.creators;
      continue;
    }
    Counts own;
    own.add(known.base, known.now);
    auto [name, id] = sample.home == 0 ? std::pair<std::string, std::string>("host", "host") : name_of(sample.home);
    figures_.push_back({std::move(name), std::move(id), own.forks, own.exits, own.execs, own.failed_forks, own.suppressed,
                        sample.counts.live, sample.counts.creators});
  }
  figures_.push_back({"other", "other", other_.forks, other_.exits, other_.execs, other_.failed_forks, other_.suppressed,
                      other_tasks, other_creators});
}

}  // namespace hullwatch
