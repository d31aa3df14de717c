#pragma once
// Which event types nothing on this kernel makes, by the ladder's choice: rules that need them are inert. Pure, any thread.

#include <span>
#include <vector>

#include "event/event_type.h"
#include "probe/ladder.h"

namespace hullwatch {

/// In the order of the enumeration. Of an observation without a provider all of its events; else those its provider lacks.
std::vector<EventType> unavailable_events(std::span<const Rung> rungs);

/// The observation an event is made of: its own, or that of a finding which is made of one alone.
std::string_view observation_of(const EventTypeInfo& info);
/// Whether a provider of that observation makes the event.
bool provides(const Provider& provider, EventType type);

}  // namespace hullwatch
