#pragma once
// `doctor`: tries every provider on this kernel and says what is watched how, what cannot be seen, and what to do about it.

#include <string>

namespace hullwatch {

int doctor_command(const std::string& format, bool strict);

}  // namespace hullwatch
