#pragma once
// Names, order and meaning of event types: the one table behind `evt.type`, `hullwatch events` and the docs.
// Constant data; any thread.

#include <optional>
#include <span>
#include <string_view>

#include "event/event.h"

namespace hullwatch {

struct EventTypeInfo {
  EventType type;
  std::string_view name;         // as rules write it
  std::string_view observation;  // "process", "credential", … as in the provider table; "finding" or "self" for our own
  std::string_view description;
};

/// All types but `unknown`, in enum order.
std::span<const EventTypeInfo> event_types();
/// "unknown" for a type outside the table.
std::string_view event_type_name(EventType type);
/// Name to type; aliases ("fork", "vfork", "clone3", "umount") map to ours. Empty when no such event is known.
std::optional<EventType> event_type_from_name(std::string_view name);
/// True for every name that `evt.type` may be compared with: ours, their aliases, every Linux system call, and the few names
/// Falco adds. A name that is known here but has no type above is an event hullwatch does not produce.
bool is_known_event_name(std::string_view name);

}  // namespace hullwatch
