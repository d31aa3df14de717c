#pragma once
// Where /proc shows what the threads of a process share: its program, arguments, descriptors, namespaces. Any thread; does I/O.

#include <cstdint>
#include <string>

namespace hullwatch {

/// "PROC/PID", or, once the process's first thread has ended while others live, "PROC/PID/task/TID" of one that lives: of a
/// thread that is over /proc shows nothing but its name and times.
std::string process_directory(uint32_t pid, const std::string& proc = "/proc");

}  // namespace hullwatch
