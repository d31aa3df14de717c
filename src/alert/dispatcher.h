#pragma once
// Hands alerts and log records to sinks, each on its own thread behind its own bounded queue. Pushing never blocks: what finds
// a queue full is counted for that sink, said once per row on the diagnostics stream, and shown in the metrics.
// add() before the first push; push() from any thread, in seq order (so: from one); stop() once.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "alert/reporter.h"
#include "alert/sink.h"
#include "util/thread_priority.h"

namespace hullwatch {

struct SinkOptions {
  size_t queue = 4096;            // alerts and records together; a quarter of it is kept for alerts
  size_t queue_bytes = 16 << 20;  // the same, by size
  bool records = false;           // takes log records too
  ThreadPriority priority{};      // of its thread
};

/// A copy of one sink's figures.
struct SinkStats {
  std::string name;
  uint64_t written = 0, failed = 0, dropped = 0;
  size_t queued = 0, capacity = 0;
  uint64_t last_success_ns = 0;  // CLOCK_REALTIME, 0: never
};

class Dispatcher {
 public:
  struct Hooks {
    /// One line for people; on a thread of its own. Defaults to stderr.
    std::function<void(const std::string&)> report;
    /// An alert was written by that sink; on its thread.
    std::function<void(const Alert&, std::string_view sink)> written;
  };

  Dispatcher();
  explicit Dispatcher(Hooks hooks);
  ~Dispatcher();  // stop() with a deadline of zero, unless stopped
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  void add(std::unique_ptr<Sink> sink, SinkOptions options);
  /// To every sink; a suppressed alert only to those that take log records.
  void push(const AlertPtr& alert);
  void push(const LogRecordPtr& record);
  /// Lets the queues run empty until `deadline`, then ends the threads and the sinks. What is still queued is counted as
  /// dropped. A sink in the midst of a write is waited for. Returns false when something was left.
  bool stop(std::chrono::milliseconds deadline);
  [[nodiscard]] std::vector<SinkStats> stats() const;

 private:
  class Lane;
  std::function<void(const Alert&, std::string_view)> written_;
  Reporter reporter_;
  bool stopped_ = false;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace hullwatch
