#include "detect/split_bomb.h"

#include <algorithm>

namespace hullwatch {
namespace {

constexpr uint64_t kNsPerMs = 1'000'000;

}  // namespace

void SplitBomb::add(const HomeSample& before, const HomeSample& now) {
  const uint64_t forks = now.counts.forks - std::min(now.counts.forks, before.counts.forks);
  const uint64_t exits = now.counts.exits - std::min(now.counts.exits, before.counts.exits);
  const int64_t gained = now.counts.live - before.counts.live;
  if (forks == 0 && gained == 0) return;
  Share& share = shares_[now.home];
  share.forks += forks;
  share.gained += gained;
  window_.forks += forks;
  window_.gained += gained;
  totals_.forks += forks;
  totals_.exits += exits;
  totals_.execs += now.counts.execs - std::min(now.counts.execs, before.counts.execs);
  totals_.failed_forks += now.failed_forks - std::min(now.failed_forks, before.failed_forks);
}

SplitBomb::Verdict SplitBomb::verdict(uint64_t now_ns, bool over) const {
  Verdict out{.told = true, .home = home_, .finding = totals_};
  out.finding.over = over;
  out.finding.reason = "split";
  out.finding.duration_ns = now_ns - began_ns_;
  out.finding.forks_per_second = out.finding.duration_ns == 0
                                     ? 0
                                     : static_cast<double>(totals_.forks) * 1e9 / static_cast<double>(out.finding.duration_ns);
  return out;
}

SplitBomb::Verdict SplitBomb::judge(const ForkBombConfig& config, uint64_t now_ns, bool burning) {
  const bool sign = window_.forks * 1000 >= config.split_forks_per_second * config.window_ms &&
                    window_.gained >= config.split_net_growth && shares_.size() > 1;
  Verdict out;
  if (sign) {
    last_sign_ns_ = now_ns;
    totals_.containers = std::max<uint64_t>(totals_.containers, shares_.size());
    if (!burning_ && !burning) {
      burning_ = true;
      began_ns_ = window_start_ns_;
      home_ = std::max_element(shares_.begin(), shares_.end(), [](const auto& a, const auto& b) {
                return a.second.gained < b.second.gained;
              })->first;
      out = verdict(now_ns, false);
    }
  } else if (burning_ && now_ns - last_sign_ns_ >= config.quiet_ms * kNsPerMs) {
    out = verdict(now_ns, true);
    burning_ = false;
  }
  if (now_ns - window_start_ns_ >= config.window_ms * kNsPerMs) {
    window_start_ns_ = now_ns;
    window_ = {};
    shares_.clear();
    if (!burning_) totals_ = {};
  }
  return out;
}

}  // namespace hullwatch
