#pragma once
// What `respond:` may name. Checked when rules load; nothing is executed yet. Passive data.

#include <cstdint>

namespace hullwatch {

struct ResponseAction {
  enum class Kind : uint8_t { freeze, thaw, clamp_pids, kill_container, signal };
  Kind kind = Kind::freeze;
  uint64_t value = 0;  // clamp_pids: the limit; signal: its number
};

}  // namespace hullwatch
