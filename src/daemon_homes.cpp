// What the kernel counts of each home, and of records that were lost: sampled at each tick.

#include <algorithm>

#include "daemon.h"
#include "enrich/pids_limit.h"

namespace hullwatch {

/// Counts of the homes. Limits are read of those that forked or ended tasks since the last look, or are near theirs.
void Daemon::sample_homes() {
  std::vector<HomeSample> now;
  for (const auto& [home, counts] : sensor_->object().homes()) {
    const Container* container = home != 0 ? containers_->find(home) : nullptr;
    if (home != 0 && counts.live <= 0 && (container == nullptr || container->removed_ns != 0)) {
      const Status gone = sensor_->object().forget_home(home);
      note_update("homes", gone);
      if (!gone) continue;
      for (size_t kind = 0; kind < HW_KIND_MAX; ++kind) suppressed_gone_[kind] += counts.suppressed[kind];
      loss_producers_.gone({.home = home, .counts = counts});
      pipeline_->forget_home({.home = home, .counts = counts});
      continue;
    }
    HomeSample sample{.home = home, .counts = counts, .pids_max = -1, .failed_forks = 0};
    bool look = container != nullptr;
    if (const auto before = std::ranges::lower_bound(homes_, home, {}, &HomeSample::home);
        before != homes_.end() && before->home == home) {
      sample.pids_max = before->pids_max;
      sample.failed_forks = before->failed_forks;
      look = look && (before->counts.forks != counts.forks || before->counts.exits != counts.exits ||
                      (before->pids_max > 0 && counts.live >= before->pids_max / 2));
    }
    if (look)
      if (const auto limit = read_pids_limit(cgroups_, container->cgroup_path); limit) {
        sample.pids_max = limit->max;
        sample.failed_forks = std::max(limit->refused, limit->limited_refused);
      }
    now.push_back(sample);
  }
  homes_ = std::move(now);
}

/// Whatever the kernel could not hand over is an event of our own.
void Daemon::look_for_losses() {
  losses_looked_ns_ = ticked_ns_;
  const KindCounts counts = sensor_->object().counts();
  LossEvent loss{};
  bool any = false;
  for (size_t kind = 0; kind < HW_KIND_MAX; ++kind) {
    loss.lost[kind] = counts[kind].lost - last_counts_[kind].lost;
    any = any || loss.lost[kind] > 0;
    loss.critical = loss.critical || (kind >= HW_CREDENTIAL && loss.lost[kind] > 0);
  }
  last_counts_ = counts;
  if (!any) {
    loss_producers_.skip(homes_);
    return;
  }
  loss.producers = loss_producers_.take(homes_, loss.critical, [this](uint64_t home) {
    const auto [name, id] = name_of_home(home);
    return name == "unknown" ? "cgroup " + id : name;
  });
  Event event;
  event.type = EventType::events_lost;
  event.body = std::move(loss);
  pipeline_->own_event(std::move(event));
}

}  // namespace hullwatch
