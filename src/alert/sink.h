#pragma once
// Where alerts and log records go. A sink runs on its own thread behind a bounded queue, so it may block.

#include <string_view>

#include "alert/alert.h"
#include "alert/log_record.h"
#include "util/result.h"

namespace hullwatch {

class Sink {
 public:
  virtual ~Sink() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// Writes one alert. On failure the dispatcher counts it, reports the first of a row, and goes on.
  virtual Status write(const Alert& alert) = 0;
  /// Writes one log record. Only sinks added with SinkOptions::records are given any.
  virtual Status write(const LogRecord& /*record*/) { return {}; }
  /// What was written is to be on its way; called when the queue runs empty, once more a second later (again each second
  /// while it fails), and before the end.
  virtual Status flush() = 0;
};

}  // namespace hullwatch
