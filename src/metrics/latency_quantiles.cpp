#include "metrics/latency_quantiles.h"

#include <bit>
#include <cmath>

namespace hullwatch {

// Below 16 each value has its own bucket; above, each power of two has 16.
size_t LatencyQuantiles::bucket_of(uint64_t ns) {
  if (ns < (1U << kSubBits)) return ns;
  const auto exponent = static_cast<unsigned>(std::bit_width(ns)) - 1 - kSubBits;
  return ((static_cast<size_t>(exponent) + 1) << kSubBits) + ((ns >> exponent) & ((1U << kSubBits) - 1));
}

uint64_t LatencyQuantiles::upper_bound(size_t bucket) {
  if (bucket < (1U << kSubBits)) return bucket;
  const size_t exponent = (bucket >> kSubBits) - 1;
  const uint64_t base = (1U << kSubBits) + (bucket & ((1U << kSubBits) - 1));
  return ((base + 1) << exponent) - 1;
}

void LatencyQuantiles::record(uint64_t ns) {
  buckets_[bucket_of(ns)].fetch_add(1, std::memory_order_relaxed);
  count_.fetch_add(1, std::memory_order_relaxed);
}

uint64_t LatencyQuantiles::quantile_ns(double q) const {
  const uint64_t total = count();
  if (total == 0) return 0;
  const auto rank = static_cast<uint64_t>(std::ceil(q * static_cast<double>(total)));
  uint64_t seen = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i].load(std::memory_order_relaxed);
    if (seen >= rank && seen > 0) return upper_bound(i);
  }
  return upper_bound(kBuckets - 1);
}

}  // namespace hullwatch
