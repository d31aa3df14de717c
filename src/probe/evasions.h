#pragma once
// The known ways around a monitor (docs/evasions.md), by the observation that shows each, and which of them are open on this
// kernel: an observation without a provider shows none, and a provider shows none of what it says that it cannot see. `doctor`
// and the metrics say it, tests/evasion performs each and holds them to it. Constant data and pure functions; any thread.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "probe/ladder.h"

namespace hullwatch {

struct Evasion {
  std::string_view name;         // its row in docs/evasions.md
  std::string_view observation;  // of the ladder; "file": not_observed(); "guard": the canary's and the watchdog's
  std::string_view unseen = {};  // open where the provider's `cannot_see`, or not_observed(), has these words; empty: nowhere
};

struct OpenEvasion {
  const Evasion* evasion;
  std::string because;  // "no provider for mount", or the words
};

std::span<const Evasion> evasions();
/// In the order of evasions().
std::vector<OpenEvasion> open_evasions(std::span<const Rung> rungs);

}  // namespace hullwatch
