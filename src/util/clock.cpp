#include "util/clock.h"

#include <ctime>

namespace hullwatch {
namespace {

uint64_t read_ns(clockid_t id) {
  timespec ts{};
  clock_gettime(id, &ts);
  return static_cast<uint64_t>(ts.tv_sec) * 1'000'000'000U + static_cast<uint64_t>(ts.tv_nsec);
}

}  // namespace

uint64_t SystemClock::boot_ns() const { return read_ns(CLOCK_BOOTTIME); }
uint64_t SystemClock::wall_ns() const { return read_ns(CLOCK_REALTIME); }

}  // namespace hullwatch
