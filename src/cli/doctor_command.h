#pragma once
// `doctor`: tries every provider on this kernel and says what is watched how, what cannot be seen, which of the configured
// rules that leaves without events, and what to do about it.

#include <string>

namespace hullwatch {

/// By the configuration `run` would use, given the same file; empty: the default one.
int doctor_command(const std::string& config_file, const std::string& format, bool strict);

}  // namespace hullwatch
