#pragma once
// The log's directory: made, locked against a second writer, listed, and mended after an end that was not clean. One thread.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "log/segment_name.h"
#include "util/fd.h"
#include "util/result.h"

namespace hullwatch {

struct ClosedSegment {
  SegmentName name;
  uint64_t bytes = 0;
};

/// What the last writer left.
struct LogRemains {
  std::vector<ClosedSegment> segments;  // oldest first
  uint64_t last_seq = 0;                // 0: the log is new
  bool clean = true;                    // the last record says that hullwatch stopped
  uint64_t torn_bytes = 0;              // of a last line that was not whole
  std::string torn_file;                // where they are now; empty: still there, for want of space
};

class LogDirectory {
 public:
  /// Opens `path`, making it (and its parent) where missing; fails when it cannot be written or another process writes there.
  static Result<LogDirectory> open(const std::string& path);

  /// Lists the segments, cuts a torn last line off into "<segment>.torn", finds the last number used.
  Result<LogRemains> mend();
  /// Removes a segment, and what was cut off it.
  Status remove(const SegmentName& name);

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  LogDirectory(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  [[nodiscard]] Result<std::vector<ClosedSegment>> list() const;

  Fd fd_;
  std::string path_;
};

}  // namespace hullwatch
