#pragma once
// Which tiers an event type or a field of rules comes by, read from the table of providers: `hullwatch fields`, `rules check`
// and `doctor` say it. Constant data; any thread.

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "event/event.h"

namespace hullwatch {

struct TierNeeds {
  std::string_view observation;      // empty: it hangs on no observation that has tiers
  std::set<std::string_view> tiers;  // that give it, by tier_name()
  bool all = true;                   // every provider of the observation gives it
  /// "T1 lsm, T2 fentry or T3 quiet"
  [[nodiscard]] std::string text() const;
};

TierNeeds tiers_of_event(EventType type);
/// One for each observation of which not every provider tells the field; empty: all tell it.
std::vector<TierNeeds> tiers_of_field(std::string_view name);

}  // namespace hullwatch
