#pragma once
// Which event types nothing on this kernel makes, by the ladder's choice: rules that need them are inert. Pure, any thread.

#include <span>
#include <vector>

#include "event/event.h"
#include "probe/ladder.h"

namespace hullwatch {

/// In the order of the enumeration. Of an observation without a provider all of its events; else those its provider lacks.
std::vector<EventType> unavailable_events(std::span<const Rung> rungs);

}  // namespace hullwatch
