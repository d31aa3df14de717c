#pragma once
// A thread's share of the processor against thousands of runnable tasks. Real-time priority (SCHED_RR, the lowest) is what
// holds across cgroups: a nice value counts only among the tasks of one. Any thread, for itself.

#include <cstdint>
#include <string>

namespace hullwatch {

/// What is wanted for the threads an alert passes through.
struct ThreadPriority {
  bool realtime = false;
  int nice = 0;  // where real-time priority is refused, and of threads that are not on an alert's way
};

/// What the kernel granted; `refused` says what it did not and why, empty when it granted all.
struct GrantedPriority {
  bool realtime = false;
  int nice = 0;
  std::string refused;
};

/// Of the calling thread; threads and processes it makes afterwards do not inherit real-time priority, but the nice value.
GrantedPriority take_priority(const ThreadPriority& wanted);

/// Keeps a thread from taking a processor for itself by its real-time priority: after a period in which it used more than half
/// of one it runs without, until it used less. tick() by the thread itself, about ten times a second; does nothing where
/// real-time priority was not granted.
class RealtimeGovernor {
 public:
  explicit RealtimeGovernor(bool granted) : granted_(granted) {}
  void tick(uint64_t now_ns);
  /// The pure part: may the thread be real-time, having used `used_ns` of `elapsed_ns`?
  static bool may_keep(uint64_t used_ns, uint64_t elapsed_ns) { return 2 * used_ns <= elapsed_ns; }
  /// How often it was given back.
  [[nodiscard]] uint64_t yields() const { return yields_; }

 private:
  bool granted_;
  bool realtime_ = true;
  uint64_t ticked_ns_ = 0, used_ns_ = 0, yields_ = 0;
};

}  // namespace hullwatch
