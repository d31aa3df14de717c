#include <array>

#include "alert/alert.h"

namespace hullwatch {

std::string_view priority_name(Priority priority) {
  constexpr std::array<std::string_view, 8> kNames = {"Emergency", "Alert",  "Critical",      "Error",
                                                      "Warning",   "Notice", "Informational", "Debug"};
  return kNames.at(static_cast<size_t>(priority));
}

}  // namespace hullwatch
