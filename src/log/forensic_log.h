#pragma once
// The forensic log: append-only segments of JSON Lines, every number of it accounted for (docs/forensic_log.md is the format).
// A sink behind the dispatcher's queue: after open() all but sequence() and stats() belongs to the sink's thread.
// A number that never came (the queue was full) or could not be written (the disk was) is covered by a `loss` record.

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "alert/sink.h"
#include "log/log_directory.h"
#include "log/segment.h"
#include "log/sequence.h"
#include "util/clock.h"

namespace hullwatch {

struct ForensicLogOptions {
  std::string directory;  // <state_dir>/log
  std::string boot_id;
  std::string hostname;
  uint64_t segment_bytes = 64ULL << 20;
  uint64_t total_bytes = 1ULL << 30;
};

/// Read by the metrics while the log writes.
struct LogStats {
  std::atomic<uint64_t> bytes{0}, records{0}, lost{0}, write_errors{0}, syncs{0}, sync_errors{0}, segments_removed{0}, torn{0};
  std::atomic<uint64_t> stored_bytes{0};
  std::atomic<bool> failing{false};  // the last record could not be written, nor has a later try gone well
};

class ForensicLog final : public Sink {
 public:
  /// Mends what the last writer left, opens a new segment and, after an end that was not clean, writes a recovery record. Fails
  /// where the directory cannot be used at all; a disk that is full only now is waited for. `clock` must outlive the log.
  static Result<std::unique_ptr<ForensicLog>> open(ForensicLogOptions options, const Clock& clock);
  ~ForensicLog() override;

  /// Where the evaluator takes numbers from.
  [[nodiscard]] std::shared_ptr<SequenceAllocator> sequence() const { return sequence_; }
  [[nodiscard]] std::shared_ptr<const LogStats> stats() const { return stats_; }

  [[nodiscard]] std::string_view name() const override { return "log"; }
  Status write(const Alert& alert) override;
  Status write(const LogRecord& record) override;
  /// Syncs once a second while records come, alerts of CRITICAL and worse at once; tries again to write after a failure.
  Status flush() override;

 private:
  ForensicLog(ForensicLogOptions options, const Clock& clock, LogDirectory directory, LogRemains remains);

  struct Note {              // a record the log writes about itself
    uint64_t seq, last_seq;  // numbers it stands for
    std::string line;
  };

  void begin(const LogRemains& remains);
  Status take(uint64_t seq, const std::string& line, bool alert);
  Status write_up_to(uint64_t seq);
  Status write_loss(uint64_t last_seq);
  Status put(const std::string& line);
  Status rotate();
  void make_room();
  Status sync();
  void fail_until_retry(const Error& error, uint64_t seq);
  [[nodiscard]] std::string line(uint64_t seq, uint64_t wall_ns, uint64_t boot_ns, std::string_view type,
                                 std::string_view members) const;
  void note(std::string_view type, std::string_view members);

  const ForensicLogOptions options_;
  const Clock& clock_;
  LogDirectory directory_;
  std::vector<ClosedSegment> closed_;
  std::optional<Segment> segment_;
  std::shared_ptr<SequenceAllocator> sequence_;
  std::shared_ptr<LogStats> stats_ = std::make_shared<LogStats>();

  uint64_t next_ = 1;           // first number not yet accounted for in the log
  uint64_t segment_first_ = 0;  // first number of the open segment
  uint64_t synced_to_ = 0;      // last number known to be on the disk
  std::deque<Note> notes_;      // in order of their numbers
  bool dirty_ = false, urgent_ = false;
  uint64_t last_sync_ns_ = 0;

  std::optional<Error> broken_;  // the last write failed
  uint64_t retry_at_ns_ = 0;
  uint64_t failed_to_ = 0;  // last number that came while it was so
  uint64_t failed_alerts_ = 0, failed_records_ = 0;
};

}  // namespace hullwatch
