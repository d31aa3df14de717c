#pragma once
// Carries out what rules ask for by `respond:`, on a thread of its own behind a bounded queue. What finds the queue full is
// counted by action and handed back like an outcome: the caller records both. order(), take() and stop(): evaluator thread.

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "respond/response_executor.h"
#include "util/clock.h"
#include "util/event_fd.h"
#include "util/thread_priority.h"

namespace hullwatch {

class Responder {
 public:
  static constexpr size_t kQueue = 256;

  /// `clock` must outlive it.
  Responder(ResponseScene scene, const Clock& clock, ThreadPriority priority = {}, size_t queue = kQueue);
  ~Responder();  // stop() with a deadline of zero, unless stopped
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;

  /// Never blocks.
  void order(ResponseOrder order);
  struct Answers {
    std::vector<ResponseOutcome> outcomes;               // in the order of the orders
    std::array<uint64_t, kResponseNames.size()> shed{};  // by action, since the last call
  };
  Answers take();
  /// Readable when take() would return something.
  [[nodiscard]] int event_fd() const { return wake_.get(); }
  /// Carries out what is queued until the deadline; what is left counts as shed. One in the midst of it is waited for.
  void stop(std::chrono::milliseconds deadline);

 private:
  struct Queued {
    ResponseOrder order;
    uint64_t at_ns = 0;
  };
  void run();

  ResponseExecutor executor_;  // the thread's
  const Clock& clock_;
  const ThreadPriority priority_;
  const size_t capacity_;  // of orders, and of outcomes that nobody took yet, together
  EventFd wake_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<Queued> queue_;
  size_t in_hand_ = 0;  // orders taken from the queue, without an outcome yet
  Answers answers_;
  bool stopping_ = false;
  std::chrono::steady_clock::time_point deadline_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace hullwatch
