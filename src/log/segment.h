#pragma once
// One file of the log, open for appending: whole lines or nothing. One thread.

#include <cstdint>
#include <string>
#include <string_view>

#include "util/fd.h"
#include "util/result.h"

namespace hullwatch {

class Segment {
 public:
  /// Makes the file, which must not exist, in the directory; its name is made durable too.
  static Result<Segment> create(int dir_fd, const std::string& file);

  /// Writes one line with its end. On failure the part that was written is cut off again; where even that fails, the segment is
  /// no longer usable().
  Status append(std::string_view line);
  /// fdatasync. After a failure nothing is known of what was written before: the segment is no longer usable().
  Status sync();

  [[nodiscard]] bool usable() const { return usable_; }
  [[nodiscard]] uint64_t size() const { return size_; }
  [[nodiscard]] const std::string& file() const { return file_; }

 private:
  Segment(Fd fd, std::string file) : fd_(std::move(fd)), file_(std::move(file)) {}

  Fd fd_;
  std::string file_;
  uint64_t size_ = 0;
  bool usable_ = true;
};

}  // namespace hullwatch
