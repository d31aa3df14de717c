#pragma once
// One record for the forensic log that is not an alert: made by the evaluator while the event is at hand, written by the
// log's own thread. Passive data, shared read-only.

#include <cstdint>
#include <memory>
#include <string>

namespace hullwatch {

struct LogRecord {
  uint64_t seq = 0;      // from SequenceAllocator, taken by the thread that pushes
  uint64_t time_ns = 0;  // CLOCK_REALTIME of the event
  uint64_t boot_ns = 0;  // CLOCK_BOOTTIME of the event
  std::string type;      // an event type's name, or "start", "stop", "rules", …
  std::string members;   // further JSON members, already written, redacted and valid: "\"process\":{…},…"
};
using LogRecordPtr = std::shared_ptr<const LogRecord>;

}  // namespace hullwatch
