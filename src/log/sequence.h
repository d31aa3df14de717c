#pragma once
// Numbers of log records, one after the other for the life of the log, over restarts. next() from any thread; but who pushes to
// the dispatcher takes numbers and pushes in one order, so that the log finds them in order.

#include <atomic>
#include <cstdint>

namespace hullwatch {

class SequenceAllocator {
 public:
  explicit SequenceAllocator(uint64_t first) : next_(first) {}
  uint64_t next() { return next_.fetch_add(1, std::memory_order_relaxed); }
  /// What next() would return.
  [[nodiscard]] uint64_t peek() const { return next_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> next_;
};

}  // namespace hullwatch
