#pragma once
// Reads both rings. The critical ring has a thread of its own that copies records into a bounded queue and does nothing else,
// so a flooded bulk ring cannot delay it; the evaluator's thread calls poll(), which hands records to the callback one by one:
// the older head first when both sides have one. What a critical record follows may still wait in a bulk ring that is behind
// (the exec that gained): then it waits, too, while the bulk ring is read, but no longer than kPatience.
//
// Owned by the daemon. poll() belongs to one thread; received() and stalls() to any. When the queue is full its thread stops
// reading: the ring fills, and the kernel counts the loss.

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <thread>

#include "hullwatch/wire.h"
#include "probe/record_queue.h"
#include "util/event_fd.h"
#include "util/fd.h"
#include "util/result.h"
#include "util/thread_priority.h"

struct ring_buffer;

namespace hullwatch {

class RingReader {
 public:
  /// How old a critical record may become while older bulk records are read.
  static constexpr std::chrono::milliseconds kPatience{20};

  /// One record as the kernel wrote it, unchecked. The bytes live until the callback returns.
  using Callback = std::function<void(std::span<const std::byte> record, bool critical)>;

  /// Starts the critical ring's thread. The descriptors are of ring buffer maps and stay the caller's. `priority` is for that
  /// thread.
  static Result<std::unique_ptr<RingReader>> start(int critical_map, int bulk_map, size_t queue_bytes, Callback callback,
                                                   const ThreadPriority& priority = {});
  ~RingReader();
  RingReader(const RingReader&) = delete;
  RingReader& operator=(const RingReader&) = delete;

  /// Waits for records until `timeout` (or 4 ms while records keep coming: the kernel does not announce each then), and hands
  /// over a batch. The number of records; 0 at timeout. An error of the rings themselves is fatal.
  Result<size_t> poll(std::chrono::milliseconds timeout);
  /// Readable when poll() has something to do, for an event loop of the caller; which must call poll() again after at most
  /// next_poll() even if it does not become readable.
  [[nodiscard]] int fd() const { return epoll_.get(); }
  [[nodiscard]] std::chrono::milliseconds next_poll(std::chrono::milliseconds at_most) const;

  /// Records handed over, by kind. [0]: too short for a header, or of a kind that does not exist.
  [[nodiscard]] std::array<uint64_t, HW_KIND_MAX> received() const;
  /// How often the critical queue was full.
  [[nodiscard]] uint64_t stalls() const { return queue_.stalls(); }

 private:
  struct RingFree {
    void operator()(ring_buffer* ring) const;
  };
  RingReader(size_t queue_bytes, Callback callback) : queue_(queue_bytes), callback_(std::move(callback)) {}
  static int on_critical(void* self, void* data, size_t size);
  static int on_bulk(void* self, void* data, size_t size);
  Status open(int critical_map, int bulk_map);
  void read_critical(const ThreadPriority& priority);
  void hand_over(std::span<const std::byte> record, bool critical);
  void hand_over_critical(uint64_t not_after_ns);

  RecordQueue queue_;
  Callback callback_;
  std::unique_ptr<ring_buffer, RingFree> critical_, bulk_;
  Fd epoll_, critical_epoll_;
  EventFd arrived_;  // the critical thread queued something
  EventFd stop_;     // the critical thread shall end
  std::array<std::atomic<uint64_t>, HW_KIND_MAX> received_{};
  size_t batch_ = 0;  // bulk records of the poll() under way
  size_t total_ = 0;
  std::chrono::steady_clock::time_point last_record_{};
  std::thread thread_;
};

}  // namespace hullwatch
