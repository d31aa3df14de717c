#pragma once
// The canary: known actions whose records must come back, or hullwatch is blind there, whatever the reason: a program detached,
// a map emptied, ftrace switched off, a ring nobody reads. Its records are taken out before rules and log see them; the kernel
// side never holds them back (bpf/emit.h).

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hullwatch/wire.h"

namespace hullwatch {

/// The watchdog's side. Allocates nothing in act().
class CanaryActor {
 public:
  /// `cgroup_root`: where its cgroups are made; empty: none are.
  explicit CanaryActor(const std::string& cgroup_root);
  /// One refused mount, one cgroup made and removed, one connection to a socket of its own, and one child that leaves its UTS
  /// namespace, changes its ids by CAP_SETUID and execs.
  /// Which of them could be done here (bit: place in the daemon's classes); without a privilege some cannot.
  uint32_t act() const;

 private:
  std::string cgroup_;   // empty: none is made
  std::string socket_;   // abstract name
  std::string program_;  // what its child execs, if it can
};

/// The daemon's side. Evaluator thread only.
class Canary {
 public:
  /// `observations` (names of the ladder's) that have a provider; others are not expected.
  Canary(pid_t watchdog, const std::vector<std::string_view>& observations);

  /// Is it one of the canary's records? Then it is taken note of, and nobody else need look at it. More of them than an act
  /// makes are not taken: somebody hides behind the watchdog.
  bool take(const hw_header& header, uint64_t acts_begun);

  struct Change {
    std::string_view observation;
    bool silent;
  };
  /// What became silent, or speaks again. `rings_empty`: nothing waits to be read, so what is not here was not seen.
  /// `could`: all that act() ever returned; what cannot be done cannot be missed. `now_ns`: of any clock that is not set.
  std::vector<Change> judge(uint64_t acts_done, uint32_t could, bool rings_empty, uint64_t now_ns);
  /// Of the last judgement: something of the last act is not here, though nothing waits to be read.
  [[nodiscard]] bool doubts() const { return doubts_; }
  /// Ought the canary to act now, not when its turn comes? True once for each act that doubts() was true of for a while.
  [[nodiscard]] bool wants_another();

 private:
  static constexpr uint64_t kRecordsPerAct = 32;
  static constexpr uint64_t kPatience = 2;           // acts without a record
  static constexpr uint64_t kPatienceBehind = 4;     // the same while records wait to be read
  static constexpr uint64_t kSettleNs = 80'000'000;  // after an act: its records are on their way to the reader
  struct Class {
    std::string_view observation;
    uint32_t kind;
    uint32_t bit;
    uint64_t seen_at = 0;  // acts begun when its last record came
    bool silent = false;
  };
  pid_t watchdog_;
  std::vector<Class> classes_;
  uint64_t act_ = 0, taken_ = 0;
  uint64_t done_ = 0, done_at_ns_ = 0;  // acts done when judged last, and since when so many
  bool doubts_ = false, settled_ = false, asked_ = false;
};

}  // namespace hullwatch
