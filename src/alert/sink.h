#pragma once
// Where alerts and log records go. A sink runs on its own thread behind a bounded queue, so it may block.

#include <string_view>

#include "alert/alert.h"
#include "util/result.h"

namespace hullwatch {

class Sink {
 public:
  virtual ~Sink() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// Writes one alert. On failure the dispatcher counts it, reports the first of a row, and goes on.
  virtual Status write(const Alert& alert) = 0;
  /// All that was written is to be where it belongs; called when the queue runs empty and before the end.
  virtual Status flush() = 0;
};

}  // namespace hullwatch
