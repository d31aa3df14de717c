#pragma once
// Time as the pipeline sees it, injected so that the same code runs live, in replay, in tests and under the fuzzer.

#include <cstdint>

namespace hullwatch {

class Clock {
 public:
  virtual ~Clock() = default;
  /// Nanoseconds of CLOCK_BOOTTIME: the time base of every record.
  [[nodiscard]] virtual uint64_t boot_ns() const = 0;
  /// Nanoseconds since the epoch (CLOCK_REALTIME), for what people read.
  [[nodiscard]] virtual uint64_t wall_ns() const = 0;
};

/// The machine's clocks. Stateless, any thread.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] uint64_t boot_ns() const override;
  [[nodiscard]] uint64_t wall_ns() const override;
};

}  // namespace hullwatch
