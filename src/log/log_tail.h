#pragma once
// The end of a segment: where its last whole record is, and what it says. The bytes are hostile. Pure but for reads.

#include <cstdint>

#include "util/result.h"

namespace hullwatch {

struct LogTail {
  uint64_t end = 0;       // bytes up to and with the last whole record
  uint64_t last_seq = 0;  // last number it stands for; 0: no whole record
  bool stop = false;      // it is a stop record
};

/// Looks from the end of the file backwards. A line is whole when it ends with a newline and is a JSON object with a number.
Result<LogTail> read_log_tail(int fd, uint64_t size);

}  // namespace hullwatch
