#pragma once
// A signal to one process and to no other: the process is held by a pidfd before it is recognised, so that a pid that was
// used again is never hit. Any thread.

#include <cstdint>
#include <functional>
#include <string>

#include "util/result.h"

namespace hullwatch {

/// `is_it` is asked while the process is held: whether the pid is the one that is meant. False: it was another.
Result<bool> signal_process(uint32_t pid, int signal, const std::function<bool()>& is_it);

}  // namespace hullwatch
