#pragma once
// Lengths of time as people write them: "500ms", "10s", "5m", "2h", "1d". Pure, any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hullwatch {

/// Nanoseconds; empty when the text is no duration or does not fit. A number without a unit is none.
std::optional<uint64_t> parse_duration(std::string_view text);
/// In the largest unit that is exact: "10s", "1500ms".
std::string duration_text(uint64_t ns);

}  // namespace hullwatch
