#pragma once
// Times as people and JSON read them.

#include <cstdint>
#include <string>

namespace hullwatch {

/// CLOCK_REALTIME nanoseconds as RFC 3339 in UTC: "2026-11-22T01:39:40.123456789Z".
std::string rfc3339(uint64_t wall_ns);
/// The same, compact and without fractions, for file names: "20261122T013940Z".
std::string compact_utc(uint64_t wall_ns);

}  // namespace hullwatch
