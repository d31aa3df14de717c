#pragma once
// An alert as Falco's line: "<time>: <Priority> <message>". Pure, any thread.

#include <string>

#include "alert/alert.h"

namespace hullwatch {

/// The line's words as they are: the bytes of names and command lines are still the attacker's.
std::string alert_message(const Alert& alert);
/// The same, safe for a terminal: one line of UTF-8, control characters escaped. Without its end.
std::string alert_text(const Alert& alert);

}  // namespace hullwatch
