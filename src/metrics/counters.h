#pragma once
// What hullwatch counts about itself, written where things happen, read at a scrape; Prometheus is never called. What happens
// with events is plain atomics, without a lock. Figures that others keep (the kernel's, the index's) are handed in about once
// a second by set_*(); these and what is rare take a short lock.

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "alert/alert.h"
#include "event/event.h"
#include "metrics/latency_histogram.h"
#include "metrics/top_homes.h"

namespace hullwatch {

/// The kernel side's per-CPU counters of one kind, summed.
struct KernelCount {
  uint64_t submitted = 0, lost = 0, suppressed = 0;
};

struct ProviderState {
  std::string observation, provider, state;  // state: "active", "degraded", "missing"

  bool operator==(const ProviderState&) const = default;
};

/// What the evaluator's own structures know; set as a whole.
struct PipelineFigures {
  std::vector<HomeFigures> homes;
  std::map<std::string, uint64_t> containers_by_runtime;
  uint64_t resolved_by_event = 0, resolved_by_scan = 0, unresolved = 0, containers_evicted = 0;
  uint64_t processes = 0, processes_evicted_exited = 0, processes_evicted_live = 0, process_misses = 0;
  uint64_t events_held = 0, events_unnamed = 0;
  std::map<std::string, uint64_t> rule_memory_keys, rule_memory_evicted;  // by what remembers: "threshold", …
};

class Counters {
 public:
  // Any thread, no lock.
  void event(EventType type) { add(events_[static_cast<size_t>(type)]); }
  void received(uint32_t kind) { add(received_[kind < HW_KIND_MAX ? kind : 0]); }
  void dropped_in_queue(uint32_t kind) { add(queue_drops_[kind < HW_KIND_MAX ? kind : 0]); }
  void decode_error() { add(decode_errors_); }
  /// Short lock: it is rare. Returns how many there were of this map.
  uint64_t map_update_failed(std::string_view map);
  void alert(Priority priority) { add(alerts_[static_cast<size_t>(priority)]); }
  void alert_suppressed(Priority priority) { add(alerts_suppressed_[static_cast<size_t>(priority)]); }
  void response(size_t action, size_t outcome, uint64_t count = 1) {
    responses_.at(action).at(outcome).fetch_add(count, std::memory_order_relaxed);
  }
  LatencyHistogram latency;  // hook to written on stdout: record(ns)

  // Any thread, short lock.
  void set_kernel(uint32_t kind, KernelCount count);
  void set_program_skips(std::map<std::string, uint64_t> skips);
  void set_kernel_errors(const std::array<uint64_t, HW_PLACE_MAX>& errors);
  void set_pipeline(PipelineFigures figures);
  /// open_evasions: how many, by the observation that would show them.
  void set_providers(std::vector<ProviderState> providers, std::map<std::string, uint64_t> open_evasions);
  /// Whether the last load of the rules was good, and when. The first load is told so alone.
  void set_reload(bool worked, uint64_t wall_ns);
  /// The same of each further load, which is also counted.
  void reload(bool worked, uint64_t wall_ns);

  struct Snapshot {
    std::array<uint64_t, static_cast<size_t>(EventType::count_)> events{};
    std::array<uint64_t, HW_KIND_MAX> received{}, queue_drops{};
    std::array<uint64_t, 8> alerts{}, alerts_suppressed{};
    std::array<std::array<uint64_t, kResponseResults.size()>, kResponseNames.size()> responses{};  // by action, outcome
    uint64_t decode_errors = 0;
    std::array<KernelCount, HW_KIND_MAX> kernel{};
    PipelineFigures pipeline;
    std::vector<ProviderState> providers;
    std::map<std::string, uint64_t> open_evasions;
    bool reload_worked = false;
    uint64_t reload_success_ns = 0, reloads_good = 0, reloads_bad = 0;
    std::array<uint64_t, HW_PLACE_MAX> kernel_errors{};
    std::map<std::string, uint64_t> program_skips;
    std::map<std::string, uint64_t, std::less<>> map_update_failures;
  };
  [[nodiscard]] Snapshot snapshot() const;

 private:
  static void add(std::atomic<uint64_t>& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

  std::array<std::atomic<uint64_t>, static_cast<size_t>(EventType::count_)> events_{};
  std::array<std::atomic<uint64_t>, HW_KIND_MAX> received_{}, queue_drops_{};
  std::array<std::atomic<uint64_t>, 8> alerts_{}, alerts_suppressed_{};
  std::array<std::array<std::atomic<uint64_t>, kResponseResults.size()>, kResponseNames.size()> responses_{};
  std::atomic<uint64_t> decode_errors_{0};

  mutable std::mutex mutex_;  // guards what follows
  std::array<KernelCount, HW_KIND_MAX> kernel_{};
  PipelineFigures pipeline_;
  std::vector<ProviderState> providers_;
  std::map<std::string, uint64_t> open_evasions_;
  std::array<uint64_t, HW_PLACE_MAX> kernel_errors_{};
  std::map<std::string, uint64_t> program_skips_;
  std::map<std::string, uint64_t, std::less<>> map_update_failures_{
      {"containers", 0}, {"listeners", 0}, {"request_windows", 0}};
  bool reload_worked_ = false;
  uint64_t reload_success_ns_ = 0, reloads_good_ = 0, reloads_bad_ = 0;
};

}  // namespace hullwatch
