#pragma once
// The process_* metrics, from /proc. Any thread.

#include <cstdint>
#include <string>

namespace hullwatch {

struct ProcessFigures {
  double cpu_seconds = 0, start_time_seconds = 0;
  uint64_t resident_bytes = 0, virtual_bytes = 0, open_fds = 0, max_fds = 0, threads = 0;
};

/// Of this process; what cannot be read is 0.
ProcessFigures read_process_figures(const std::string& proc = "/proc");

}  // namespace hullwatch
