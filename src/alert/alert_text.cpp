#include "alert/alert_text.h"

#include "util/time_text.h"
#include "util/utf8.h"

namespace hullwatch {

std::string alert_message(const Alert& alert) {
  return rfc3339(alert.time_ns) + ": " + std::string(priority_name(alert.priority)) + ' ' + alert.output;
}

std::string alert_text(const Alert& alert) { return to_terminal(alert_message(alert)); }

}  // namespace hullwatch
