#pragma once
// The part of a log record that only events of one kind have, as one member. Used by event_json.cpp.

#include "alert/redactor.h"
#include "event/event.h"
#include "util/json_writer.h"

namespace hullwatch {

void write_event_body(JsonWriter& json, const EventBody& body, const Redactor& redactor);
/// {"pid":…,"start_ns":…,"execs":…}, the members only.
void write_key_members(JsonWriter& json, const hw_key& key);

}  // namespace hullwatch
