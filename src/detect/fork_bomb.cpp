#include "detect/fork_bomb.h"

#include <algorithm>
#include <iterator>

namespace hullwatch {
namespace {

constexpr size_t kMaxWatches = 8192;
constexpr uint64_t kNsPerMs = 1'000'000;
// Thousands that fork at once wait for one another's memory: no fork and no refusal for seconds, and then it goes on.
constexpr uint64_t kPatienceAtLimit = 10;
constexpr int64_t kHostGrowthFactor = 4;  // the host starts containers: fifty runtimes' threads at once are no bomb

double per_second(uint64_t count, uint64_t ns) {
  return ns == 0 ? 0.0 : static_cast<double>(count) * 1e9 / static_cast<double>(ns);
}

/// The process that began the storm: the furthest ancestor within the home that runs the same program. A shell's bomb forks
/// without exec, so all of it shares one exe; what started it does not.
const Process* storm_root(const Process* root, const ProcessTree& tree) {
  while (root != nullptr) {
    const Process* up = tree.parent(*root);
    if (up == nullptr || up->home != root->home || up->exe_ino != root->exe_ino || up->exe_dev != root->exe_dev) break;
    root = up;
  }
  return root;
}

/// A header that shows `process` instead of whoever forked just now.
hw_header header_of(const Process& process, hw_header header) {
  header.process = process.key;
  header.creator = process.creator;
  header.tid = process.key.tgid;
  header.uid = process.cred.uid;
  header.euid = process.cred.euid;
  header.gid = process.cred.gid;
  header.loginuid = process.loginuid;
  std::fill(std::begin(header.comm), std::end(header.comm), '\0');
  std::copy_n(process.comm.data(), std::min<size_t>(process.comm.size(), HW_COMM_LEN - 1), header.comm);
  return header;
}

/// A small bomb is over its growth before it is looked at first: a home begins as it was before all that was counted.
HomeSample before_its_forks(HomeSample sample) {
  hw_home& counts = sample.counts;
  counts.live -= static_cast<int64_t>(counts.forks) - static_cast<int64_t>(counts.exits);
  counts.forks = counts.exits = counts.execs = counts.creators_total = 0;
  return sample;
}

}  // namespace

ForkBombDetector::ForkBombDetector(const ForkBombConfig& config) : config_(config) {}

void ForkBombDetector::on_event(const EventContext& context, const FindingSink&) {
  const bool burst = context.event.type == EventType::fork_burst;
  if (!burst && context.event.type != EventType::clone) return;
  if (watches_.size() >= kMaxWatches && !watches_.contains(context.event.header.home)) return;
  Watch& watch = watches_[context.event.header.home];
  if (burst && context.event.get<BurstEvent>()->facts.over == 0) watch.burst = urgent_ = true;
  if (watch.culprit_is_root && (watch.burning || !burst)) return;
  watch.has_culprit = true;
  tree_ = &context.tree;
  const Process* root = burst ? storm_root(context.process, context.tree) : nullptr;
  watch.culprit = root != nullptr ? header_of(*root, context.event.header) : context.event.header;
  watch.culprit_is_root = root != nullptr;
  std::fill(std::begin(watch.ancestors), std::end(watch.ancestors), hw_ancestor{});
  if (context.event.ancestors != nullptr) std::copy_n(context.event.ancestors, HW_ANCESTORS, watch.ancestors);
}

void ForkBombDetector::know(uint64_t now_ns, std::span<const HomeSample> homes) {
  for (const HomeSample& home : homes) {
    if (watches_.size() >= kMaxWatches) return;
    Watch& watch = watches_[home.home];
    watch.window_start_ns = now_ns;
    watch.calm_ns = now_ns;
    watch.calm = watch.at_window_start = watch.now = home;
  }
}

void ForkBombDetector::sample(uint64_t now_ns, std::span<const HomeSample> homes) {
  for (const HomeSample& home : homes) {
    if (watches_.size() >= kMaxWatches && !watches_.contains(home.home)) continue;
    auto [it, first] = watches_.try_emplace(home.home);
    Watch& watch = it->second;
    if (first || watch.window_start_ns == 0) {
      watch.window_start_ns = watch.calm_ns = now_ns;
      watch.at_window_start = watch.calm = watch.now = before_its_forks(home);
    }
    if (home.home != 0) split_.add(watch.now, home);
    look_for_calm(watch, home, now_ns);
    watch.now = home;
    watch.creators = std::max<uint64_t>(watch.creators, home.counts.creators);
    watch.most_creators = std::max(watch.most_creators, watch.creators);
  }
}

/// Calm is when what was forked ends again, or a window without any fork: a storm may pause between two looks.
void ForkBombDetector::look_for_calm(Watch& watch, const HomeSample& home, uint64_t now_ns) const {
  const hw_home& before = watch.now.counts;
  const auto forks = static_cast<int64_t>(home.counts.forks - std::min(home.counts.forks, before.forks));
  const bool stayed = 2 * (home.counts.live - before.live) >= forks;
  if (stayed && forks > 0) watch.grew_ns = now_ns;
  if (stayed && now_ns - watch.grew_ns < config_.window_ms * kNsPerMs) return;
  watch.calm_ns = now_ns;
  watch.calm = home;
}

std::string ForkBombDetector::sign_of_bomb(const Watch& watch, uint64_t now_ns) const {
  const HomeSample& then = watch.at_window_start;
  const HomeSample& now = watch.now;
  const uint64_t elapsed = now_ns - watch.window_start_ns;
  // The first samples of a window would divide by next to nothing.
  const uint64_t forks = now.counts.forks - std::min(now.counts.forks, then.counts.forks);
  const double rate = per_second(forks, std::max(elapsed, config_.window_ms * kNsPerMs));
  const bool host = watch.now.home == 0;  // the kernel's burst is judged by a container's measure
  const int64_t net_growth = net_growth_of(watch.now.home);
  if ((watch.burst && !host) ||
      (rate >= static_cast<double>(config_.forks_per_second) && now.counts.live - then.counts.live >= net_growth))
    return "growth";
  if (watch.history.multiplies(net_growth).windows > 0) return "slow_growth";
  if (host) return {};  // it has no pids limit of its own
  if (now.failed_forks - std::min(now.failed_forks, then.failed_forks) >= config_.failed_forks) return "failed_forks";
  if (is_near_limit(now) && rate >= static_cast<double>(config_.near_limit_forks_per_second)) return "near_limit";
  return {};
}

bool ForkBombDetector::is_near_limit(const HomeSample& now) const {
  return now.pids_max > 0 && static_cast<double>(now.counts.live) >= config_.near_limit * static_cast<double>(now.pids_max);
}

/// What fills its container still denies it to everybody else: it is given longer.
uint64_t ForkBombDetector::quiet_ns(const Watch& watch) const {
  return config_.quiet_ms * kNsPerMs * (is_near_limit(watch.now) ? kPatienceAtLimit : 1);
}

void ForkBombDetector::on_tick(uint64_t now_ns, const FindingSink& found) {
  for (auto& [home, watch] : watches_) {
    if (watch.window_start_ns == 0) continue;
    std::string sign = sign_of_bomb(watch, now_ns);
    if (!sign.empty()) {
      watch.last_sign_ns = now_ns;
      if (!watch.burning) {
        watch.burning = true;
        watch.most_creators = watch.creators;
        watch.reason = std::move(sign);
        begin(watch);
        name_root(watch);
        report(watch, now_ns, false, found);
      }
    } else if (watch.burning && now_ns - watch.last_sign_ns >= quiet_ns(watch)) {
      report(watch, now_ns, true, found);
      watch.burning = watch.culprit_is_root = false;
    }
    watch.burst = false;
    if (now_ns - watch.window_start_ns >= config_.window_ms * kNsPerMs) next_window(watch, now_ns);
  }
  urgent_ = false;
  judge_split(now_ns, found);
}

/// The host starts services and containers. A slow bomb there is told once all that runs outside containers has doubled by it.
int64_t ForkBombDetector::net_growth_of(uint64_t home) const {
  return home != 0 ? config_.net_growth : kHostGrowthFactor * config_.net_growth;
}

/// Where the bomb began: a fast one at the last calm look, when that was before this window, a slow one several windows ago.
void ForkBombDetector::begin(Watch& watch) const {
  watch.began_ns = watch.window_start_ns;
  watch.at_start = watch.at_window_start;
  if (watch.reason != "slow_growth") {
    if (watch.calm_ns < watch.window_start_ns) {
      watch.began_ns = watch.calm_ns;
      watch.at_start = watch.calm;
    }
    return;
  }
  const GrowthHistory::Span span = watch.history.multiplies(net_growth_of(watch.now.home));
  hw_home& counts = watch.at_start.counts;
  counts.forks -= std::min<uint64_t>(counts.forks, span.forks);
  counts.exits -= std::min<uint64_t>(counts.exits, span.exits);
  counts.execs -= std::min<uint64_t>(counts.execs, span.execs);
  counts.live -= span.gained;
  watch.began_ns -= std::min(watch.began_ns, span.windows * config_.window_ms * kNsPerMs);
}

void ForkBombDetector::next_window(Watch& watch, uint64_t now_ns) const {
  const hw_home& from = watch.at_window_start.counts;
  const hw_home& to = watch.now.counts;
  watch.history.add({.live = to.live,
                     .gained = static_cast<int32_t>(to.live - from.live),
                     .forks = static_cast<uint32_t>(to.forks - from.forks),
                     .exits = static_cast<uint32_t>(to.exits - from.exits),
                     .execs = static_cast<uint32_t>(to.execs - from.execs),
                     .creators = static_cast<uint32_t>(to.creators_total - from.creators_total)});
  watch.creators = 0;
  watch.window_start_ns = now_ns;
  watch.at_window_start = watch.now;
}

void ForkBombDetector::judge_split(uint64_t now_ns, const FindingSink& found) {
  const bool burns = std::any_of(watches_.begin(), watches_.end(), [](const auto& entry) { return entry.second.burning; });
  SplitBomb::Verdict verdict = split_.judge(config_, now_ns, burns);
  if (!verdict.told) return;
  for (const auto& [home, each] : watches_)
    if (home != 0) verdict.finding.live += each.now.counts.live;
  const auto watch = watches_.find(verdict.home);
  Event event;
  event.type = EventType::fork_bomb;
  if (watch != watches_.end()) {
    name_root(watch->second);
    event.header = watch->second.culprit;
    if (watch->second.has_culprit) event.ancestors = watch->second.ancestors;
  }
  event.header.time_ns = now_ns;
  event.header.home = verdict.home;
  event.body = std::move(verdict.finding);
  found(std::move(event));
}

/// A bomb too small for a burst record is known by whoever forked last.
void ForkBombDetector::name_root(Watch& watch) const {
  if (!watch.has_culprit || watch.culprit_is_root) return;
  const Process* root = storm_root(tree_->find(watch.culprit.process), *tree_);
  if (root == nullptr) return;
  watch.culprit = header_of(*root, watch.culprit);
  watch.culprit_is_root = true;
}

void ForkBombDetector::report(const Watch& watch, uint64_t now_ns, bool over, const FindingSink& found) const {
  const hw_home& from = watch.at_start.counts;
  const hw_home& to = watch.now.counts;
  const uint64_t duration = now_ns - watch.began_ns;
  ForkBombFinding finding{.over = over,
                          .reason = watch.reason,
                          .forks = to.forks - from.forks,
                          .exits = to.exits - from.exits,
                          .execs = to.execs - from.execs,
                          .failed_forks = watch.now.failed_forks - watch.at_start.failed_forks,
                          .creators = watch.most_creators,
                          .live = to.live,
                          .pids_max = watch.now.pids_max,
                          .forks_per_second = per_second(to.forks - from.forks, duration),
                          .duration_ns = duration};
  Event event;
  event.type = EventType::fork_bomb;
  event.header = watch.culprit;
  event.header.time_ns = now_ns;
  event.header.home = watch.now.home;
  event.ancestors = watch.has_culprit ? watch.ancestors : nullptr;
  event.body = std::move(finding);
  found(std::move(event));
}

void ForkBombDetector::forget(const HomeSample& last, uint64_t now_ns, const FindingSink& found) {
  const auto watch = watches_.find(last.home);
  if (watch == watches_.end()) return;
  if (watch->second.window_start_ns != 0) split_.add(watch->second.now, last);
  watch->second.now.counts = last.counts;
  watch->second.now.failed_forks = std::max(watch->second.now.failed_forks, last.failed_forks);
  if (watch->second.burning) report(watch->second, now_ns, true, found);
  watches_.erase(watch);
}

bool ForkBombDetector::burning() const {
  return split_.burns() ||
         std::any_of(watches_.begin(), watches_.end(), [](const auto& entry) { return entry.second.burning; });
}

}  // namespace hullwatch
