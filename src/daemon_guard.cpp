// The daemon's own protection: the watchdog beside it, the canary, and what else would make it blind or mute without a word.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "daemon.h"

namespace hullwatch {
namespace {

/// kernel.ftrace_enabled: 0 takes fentry, fexit and LSM programs off their functions on many kernels. Missing: no ftrace.
bool ftrace_is_off() {
  std::ifstream file("/proc/sys/kernel/ftrace_enabled");
  char state = 0;
  return file.get(state) && state == '0';
}

}  // namespace

/// Before everything else, and before any thread: the watchdog keeps a copy of the memory it is forked with.
Status Daemon::open_guard() {
  std::error_code failed;
  std::filesystem::create_directories(options_.config.state_dir, failed);
  if (failed) return fail("cannot make " + options_.config.state_dir + ": " + failed.message());
  auto watchdog = Watchdog::start(options_.config.state_dir, cgroups_.path);
  if (!watchdog) return fail(std::move(watchdog.error()));
  watchdog_ = std::move(*watchdog);
  return {};
}

/// The canary acts from here on; and what the start found out is told now that alerts can be.
void Daemon::begin_guard() {
  std::vector<std::string_view> observed;
  for (const Rung& rung : sensor_->ladder().rungs()) {
    if (rung.provider == nullptr) continue;
    // The dispatcher knows no use of CAP_SETUID, and is one program for several observations: the others show that it runs.
    if (rung.provider->tier == HW_BY_DISPATCH && rung.observation->name == "capability") continue;
    observed.push_back(rung.observation->name);
  }
  canary_.emplace(watchdog_->pid(), observed);
  for (Event& conflict : pending_conflicts_) pipeline_->own_event(std::move(conflict));
  pending_conflicts_.clear();
  if (stock_.from_pins && stock_.unclean)
    protect("killed",
            "the daemon before this one ended without a word, " + std::to_string(stock_.gap_ns / 1'000'000) + " ms ago");
  watchdog_->page().beat_ns = clock_.boot_ns();
  watchdog_->page().may_act = 1;
}

/// An event of our own, a line on stderr, and /readyz while it lasts.
void Daemon::protect(std::string what, std::string detail, bool over) {
  std::cerr << "hullwatch: " << (over ? "right again: " : "hindered: ") << what << ": " << detail << '\n';
  Event event;
  event.type = EventType::self_protection;
  event.body = NoteFinding{.what = std::move(what), .detail = std::move(detail), .over = over};
  pipeline_->own_event(std::move(event));
}

void Daemon::guard(bool rings_empty) {
  WatchdogPage& page = watchdog_->page();
  const uint64_t now_ns = clock_.boot_ns();
  page.beat_ns = now_ns;
  if (!canary_) return;
  for (const Canary::Change& change : canary_->judge(page.acts_done, page.could, rings_empty, now_ns)) {
    const std::string part = "canary_" + std::string(change.observation);
    if (change.silent)
      readiness_->failed(part, "the canary's own actions are not seen");
    else
      readiness_->works(part);
    protect("blind",
            std::string(change.observation) +
                (change.silent ? ": the canary's actions are not seen" : ": the canary is seen again"),
            !change.silent);
  }
  busy_ = busy_ || canary_->doubts();  // look again soon
  if (canary_->wants_another()) watchdog_->act_again();
}

void Daemon::look_at_guard() {
  note_update("marks", sensor_->object().set_mark({.alive_ns = ticked_ns_, .stopped_ns = 0}));
  if (const auto stopped = watchdog_->was_stopped())
    protect("stopped", "the daemon was stopped for " + std::to_string(*stopped / 1'000'000) + " ms");
  if (!watchdog_gone_ && !watchdog_->lives()) {
    watchdog_gone_ = true;
    canary_.reset();  // its pid may be another's soon, whose records are nobody's canary
    readiness_->failed("watchdog", "it was killed, and with it the canary");
    protect("watchdog_gone", "the watchdog was killed, and with it the canary");
  }
  if (const bool off = ftrace_is_off(); off != ftrace_off_) {
    ftrace_off_ = off;
    if (off)
      readiness_->failed("ftrace", "kernel.ftrace_enabled is 0: fentry, fexit and LSM programs may not run");
    else
      readiness_->works("ftrace");
    protect("ftrace", off ? "kernel.ftrace_enabled is 0" : "kernel.ftrace_enabled is 1", !off);
  }
  look_at_skips();
  if (missing_.empty()) look_at_maps();
  if (log_stats_ == nullptr) return;
  const bool failing = log_stats_->failing;
  if (failing == log_failing_) return;
  log_failing_ = failing;
  if (failing)
    readiness_->failed("log", "records cannot be written");
  else
    readiness_->works("log");
  protect("log", failing ? "the forensic log cannot be written" : "the forensic log is written again", !failing);
}

/// What the kernel did not run at all is in no ring's count. Told first, and each time there is ten times as much. Of a program
/// with a relief no more was unseen than the one of the two was skipped that was skipped less.
void Daemon::look_at_skips() {
  constexpr std::string_view kRelief = "_relief";
  std::map<std::string, uint64_t> skips = sensor_->object().skipped();
  uint64_t total = 0;
  std::string detail;
  for (const auto& [program, skipped] : skips) {
    if (program.ends_with(kRelief)) continue;
    uint64_t unseen = skipped;
    const std::string relief = program + std::string(kRelief);
    if (sensor_->object().is_loaded(relief)) unseen = std::min(unseen, skips.contains(relief) ? skips.at(relief) : 0);
    if (unseen == 0) continue;
    total += unseen;
    detail += (detail.empty() ? "" : ", ") + program + " " + std::to_string(unseen);
  }
  counters_->set_program_skips(std::move(skips));
  if (total == 0 || total < 10 * skips_told_) return;
  skips_told_ = total;
  protect("skipped", "the kernel skipped programs that were preempted on the same processor, at most so often: " + detail);
}

/// What the kernel's map must say of a cgroup; 0: it is gone.
void Daemon::tell_cgroup(uint64_t cgroup, uint64_t home) {
  if (!sensor_) return;
  const Status told = sensor_->object().set_container(cgroup, home);
  note_update("containers", told);
  if (told || home == 0)
    untold_.erase(cgroup);
  else
    untold_.insert(cgroup);
}

/// The kernel's map of cgroups against what is known here. An entry that is not right for a while was removed or changed if its
/// cgroup is still there: one that is gone took its entry along, and its record may be under way, lost, or one of a flood.
void Daemon::look_at_maps() {
  constexpr size_t kRepairs = 16, kLookedFor = 1024;  // at once
  constexpr uint64_t kPatienceNs = 500'000'000;
  std::erase_if(untold_, [&](uint64_t cgroup) { return !containers_->homes().contains(cgroup); });
  std::map<uint64_t, uint64_t> missing;
  std::vector<uint64_t> due;
  size_t told_again = 0;
  for (const auto& [cgroup, home] : containers_->homes()) {
    const Container* container = containers_->find(home);
    if (container == nullptr || container->removed_ns != 0 || sensor_->object().container_of(cgroup) == home) continue;
    if (untold_.contains(cgroup)) {
      if (told_again++ < kRepairs) due.push_back(cgroup);
      continue;
    }
    const auto known = missing_.find(cgroup);
    const uint64_t since = known != missing_.end() ? known->second : ticked_ns_;
    missing.emplace(cgroup, since);
    if (ticked_ns_ - since >= kPatienceNs && due.size() < kLookedFor) due.push_back(cgroup);
  }
  missing_ = std::move(missing);
  const auto there = containers_->forget_gone(due);
  size_t repaired = 0;
  for (const uint64_t cgroup : due) {
    const bool untold = untold_.contains(cgroup);
    if (!there) {
      if (!untold) missing_[cgroup] = ticked_ns_;  // ask again after as long
    } else if (!there->contains(cgroup)) {
      missing_.erase(cgroup);
    } else if (untold) {
      tell_cgroup(cgroup, containers_->homes().at(cgroup));
    } else if (repaired++ < kRepairs) {
      missing_.erase(cgroup);
      put_back(cgroup);
    }
  }
  busy_ = busy_ || !missing_.empty();  // look again soon
}

/// Somebody took the entry of a cgroup that is there.
void Daemon::put_back(uint64_t cgroup) {
  const uint64_t home = containers_->homes().at(cgroup);
  tell_cgroup(cgroup, home);
  protect("map_changed", "the kernel's entry for a cgroup of container " + std::string(containers_->find(home)->short_id()) +
                             " was removed or changed" +
                             (untold_.contains(cgroup) ? "; it could not be put back" : "; it is right again"));
}

void Daemon::end_guard() {
  canary_.reset();
  const uint64_t now = clock_.boot_ns();
  note_update("marks", sensor_->object().set_mark({.alive_ns = now, .stopped_ns = now}));
}

}  // namespace hullwatch
