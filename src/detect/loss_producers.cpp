#include "detect/loss_producers.h"

#include <algorithm>

namespace hullwatch {
namespace {

struct Made {
  uint64_t all, lost;
};

Made made_by(const hw_home& counts, bool critical) {
  if (critical) return {counts.critical_sent + counts.critical_lost, counts.critical_lost};
  const uint64_t held_back = counts.suppressed[HW_FORK] + counts.suppressed[HW_EXIT] + counts.suppressed[HW_EXEC];
  const uint64_t happened = counts.forks + counts.exits + counts.execs;
  return {happened - std::min(happened, held_back), counts.bulk_lost};
}

uint64_t since(uint64_t from, uint64_t to) { return to - std::min(from, to); }

}  // namespace

void LossProducers::gone(const HomeSample& last) {
  if (gone_.size() < kGone) gone_.push_back(last);
}

std::vector<LossProducer> LossProducers::take(std::span<const HomeSample> homes, bool critical, const NameOf& name_of) {
  std::vector<LossProducer> all;
  const auto add = [&](const HomeSample& now) {
    const auto before = std::ranges::lower_bound(last_, now.home, {}, &HomeSample::home);
    const bool known = before != last_.end() && before->home == now.home;
    const Made from = known ? made_by(before->counts, critical) : Made{};
    const Made to = made_by(now.counts, critical);
    if (to.all > from.all)
      all.push_back({.home = now.home, .name = {}, .made = since(from.all, to.all), .lost = since(from.lost, to.lost)});
  };
  for (const HomeSample& home : homes) add(home);
  for (const HomeSample& home : gone_) add(home);
  std::ranges::sort(all, [](const auto& a, const auto& b) { return a.made > b.made; });
  if (all.size() > kNamed) all.resize(kNamed);
  for (LossProducer& producer : all) producer.name = name_of(producer.home);
  skip(homes);
  return all;
}

void LossProducers::skip(std::span<const HomeSample> homes) {
  last_.assign(homes.begin(), homes.end());
  gone_.clear();
}

}  // namespace hullwatch
