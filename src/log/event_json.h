#pragma once
// An event as the members of its log record. Command lines, mount data and requests' paths pass the redactor; the raw bytes of
// a request are never written. Evaluator thread (the event is a view); pure.

#include <string>

#include "alert/redactor.h"
#include "enrich/context.h"

namespace hullwatch {

/// Members for LogRecord::members: provider, flags, process, container, ancestors, and one object named for the body.
std::string event_members(const EventContext& context, const Redactor& redactor);

}  // namespace hullwatch
