#pragma once
// Alerts to an open descriptor, as text or as one JSON object a line. The descriptor is borrowed. One thread (the
// dispatcher's).

#include <string>

#include "alert/sink.h"

namespace hullwatch {

enum class OutputFormat : uint8_t { text, json };

class StdoutSink final : public Sink {
 public:
  StdoutSink(int fd, OutputFormat format, std::string hostname);
  [[nodiscard]] std::string_view name() const override { return "stdout"; }
  Status write(const Alert& alert) override;
  using Sink::write;
  Status flush() override { return {}; }

 private:
  int fd_;
  OutputFormat format_;
  std::string hostname_;
  bool in_line_ = false;  // a line could not be finished
};

}  // namespace hullwatch
