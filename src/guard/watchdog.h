#pragma once
// A tiny process beside the daemon, forked before anything else is there. It does two things:
//
//   watches   that the daemon is neither stopped (SIGSTOP, ptrace) nor ended without a word (SIGKILL, crash), and says so on
//             stderr and in STATE_DIR/watchdog.jsonl; it restarts nothing
//   acts      as the canary, every 1.5 s and when the daemon asks: one known action for each class of hooks, whose records must
//             come back (canary.h)
//
// Both share one page of memory. All members but start() belong to the daemon's main thread.

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "util/event_fd.h"
#include "util/result.h"

namespace hullwatch {

/// What both processes write. Times are CLOCK_BOOTTIME.
struct WatchdogPage {
  std::atomic<uint64_t> beat_ns{0};     // daemon: its loop turned
  std::atomic<uint32_t> leaving{0};     // daemon: the end is intended
  std::atomic<uint32_t> may_act{0};     // daemon: records are read, the canary may begin
  std::atomic<uint64_t> acts_begun{0};  // watchdog
  std::atomic<uint64_t> acts_done{0};
  std::atomic<uint32_t> could{0};       // watchdog: what CanaryActor::act() could do, ever
  std::atomic<uint64_t> stops{0};       // watchdog: how often it found the daemon stopped, and …
  std::atomic<uint64_t> stopped_ns{0};  // … how long the last time
};

class Watchdog {
 public:
  /// Forks. Call while the process has one thread and little memory: the child keeps a copy of what it touches.
  /// `cgroup_root`: where the canary makes and removes a cgroup; empty: it makes none.
  static Result<std::unique_ptr<Watchdog>> start(const std::string& state_dir, const std::string& cgroup_root);
  /// Says that the end is intended, and waits for the watchdog's.
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  WatchdogPage& page() { return *page_; }
  /// False once it is gone: killed, or it crashed.
  [[nodiscard]] bool lives();
  /// How long the daemon was stopped, told once for each time.
  [[nodiscard]] std::optional<uint64_t> was_stopped();
  /// Readable once the canary has acted, until acted() is called.
  [[nodiscard]] int event_fd() const { return acted_.get(); }
  void acted() { acted_.hush(); }
  /// Has the canary act now.
  void act_again() { bell_.ring(); }

 private:
  Watchdog() = default;
  WatchdogPage* page_ = nullptr;
  pid_t pid_ = -1;
  EventFd bell_;   // for the watchdog: look at `leaving`, or act
  EventFd acted_;  // for the daemon
  bool gone_ = false;
  uint64_t stops_told_ = 0;
};

}  // namespace hullwatch
