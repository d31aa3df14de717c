#pragma once
// Names of segment files: "events-<boot8>-<firstseq>-<utc>.jsonl". Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hullwatch {

struct SegmentName {
  std::string boot;  // first 8 characters of the boot id
  uint64_t first_seq = 0;
  std::string utc;  // "20261122T013940Z": when it was opened

  [[nodiscard]] std::string file() const;
  /// Empty for any other file's name.
  static std::optional<SegmentName> parse(std::string_view file);
};

}  // namespace hullwatch
