#pragma once
// How long something took, in the fixed buckets of a Prometheus histogram. No locks; record() from any thread.

#include <array>
#include <atomic>
#include <cstdint>

namespace hullwatch {

class LatencyHistogram {
 public:
  /// Upper bounds in seconds; beyond the last is one more bucket.
  static constexpr std::array<double, 16> kBounds = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                     0.05,   0.1,     0.25,   0.5,   1.0,    2.5,   5.0,  10.0};

  struct Snapshot {
    std::array<uint64_t, kBounds.size() + 1> counts{};  // of each bucket alone, not cumulative
    double sum_seconds = 0;
  };

  void record(uint64_t ns) {
    const double seconds = static_cast<double>(ns) / 1e9;
    size_t bucket = 0;
    while (bucket < kBounds.size() && seconds > kBounds[bucket]) ++bucket;
    counts_[bucket].fetch_add(1, std::memory_order_relaxed);
    sum_ns_.fetch_add(ns, std::memory_order_relaxed);
  }
  [[nodiscard]] Snapshot snapshot() const {
    Snapshot all;
    for (size_t i = 0; i < counts_.size(); ++i) all.counts[i] = counts_[i].load(std::memory_order_relaxed);
    all.sum_seconds = static_cast<double>(sum_ns_.load(std::memory_order_relaxed)) / 1e9;
    return all;
  }

 private:
  std::array<std::atomic<uint64_t>, kBounds.size() + 1> counts_{};
  std::atomic<uint64_t> sum_ns_{0};
};

}  // namespace hullwatch
