#pragma once
// A bounded queue of records between the critical ring's thread and the evaluator's: bytes are copied in and handed out in
// place. One producer thread, one consumer thread. Full: push waits, so the ring fills and the kernel counts what it loses.

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

namespace hullwatch {

class RecordQueue {
 public:
  explicit RecordQueue(size_t bytes);

  /// Producer. Waits for room; false when the queue was closed, or the record can never fit.
  bool push(std::span<const std::byte> record);
  /// Consumer. The oldest record, empty when there is none; valid until pop().
  [[nodiscard]] std::span<const std::byte> front();
  void pop();
  /// Any thread. Wakes a waiting producer for good.
  void close();
  /// How often push had to wait.
  [[nodiscard]] uint64_t stalls() const;

 private:
  [[nodiscard]] bool fits(size_t need) const;

  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::vector<std::byte> storage_;  // records: a size_t length, the bytes, padding to 8; never split at the end
  size_t head_ = 0, tail_ = 0;      // next to read, next to write
  size_t wrap_ = 0;                 // where the reader jumps to 0; valid while tail_ < head_
  bool empty_ = true;
  bool closed_ = false;
  uint64_t stalls_ = 0;
};

}  // namespace hullwatch
