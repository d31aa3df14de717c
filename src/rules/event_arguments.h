#pragma once
// The arguments of each event type, as `evt.arg.NAME`, `evt.arg[N]`, `evt.rawarg.NAME` and `evt.args` show them. Names follow
// Falco's where it has the event. Constant data, any thread; accessors: evaluator thread.

#include <span>
#include <string_view>

#include "rules/field_table.h"

namespace hullwatch {

struct EventArgument {
  std::string_view name;
  /// Rendered text; missing where this very event does not have it.
  Value (*get)(const EventContext&, FieldScratch&);
  /// The bare number; null for what is text.
  Value (*raw)(const EventContext&) = nullptr;
  /// Another name of an argument that is in the list already: not shown by evt.args.
  bool alias = false;
};

std::span<const EventArgument> event_arguments(EventType type);
/// True when some event, ours or one of Falco's, has an argument of that name.
bool is_known_argument(std::string_view name);

}  // namespace hullwatch
