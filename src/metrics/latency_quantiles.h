#pragma once
// Quantiles of how long something took, for the closing summary: log-linear buckets of 1/16, so a quantile is at most 6 % off.
// Fixed memory, no locks; record() from any thread, quantile_ns() any time (approximate while others record).

#include <array>
#include <atomic>
#include <cstdint>

namespace hullwatch {

class LatencyQuantiles {
 public:
  void record(uint64_t ns);
  /// Upper bound of the bucket that holds quantile `q` (0…1); 0 when nothing was recorded.
  [[nodiscard]] uint64_t quantile_ns(double q) const;
  [[nodiscard]] uint64_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  static constexpr unsigned kSubBits = 4;
  static constexpr size_t kBuckets = (64 - kSubBits + 1) << kSubBits;
  static size_t bucket_of(uint64_t ns);
  static uint64_t upper_bound(size_t bucket);

  std::array<std::atomic<uint64_t>, kBuckets> buckets_{};
  std::atomic<uint64_t> count_{0};
};

}  // namespace hullwatch
