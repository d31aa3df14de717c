#pragma once
// An alert as one JSON object: Falco's keys (time rule priority source hostname output tags output_fields), so that
// falcosidekick and existing pipelines take it as it is, and ours beside them. Always valid UTF-8. Pure, any thread.

#include <string>
#include <string_view>

#include "alert/alert.h"
#include "util/json_writer.h"

namespace hullwatch {

inline constexpr std::string_view kAlertSchema = "hullwatch.alert/1";

/// Writes the object as the writer's next value.
void write_alert_json(JsonWriter& json, const Alert& alert, std::string_view hostname);
/// One line, without its end.
std::string alert_json(const Alert& alert, std::string_view hostname);

}  // namespace hullwatch
