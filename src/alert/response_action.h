#pragma once
// What `respond:` may name: one action of a rule, and what became of it. Checked when rules load, carried out by src/respond.
// Passive data.

#include <array>
#include <cstdint>
#include <string_view>

namespace hullwatch {

struct ResponseAction {
  enum class Kind : uint8_t { freeze, thaw, clamp_pids, kill_container, signal };
  Kind kind = Kind::freeze;
  uint64_t value = 0;  // clamp_pids: the limit; signal: its number

  bool operator==(const ResponseAction&) const = default;
};

/// As rules, records and metrics write them, in the order of Kind.
inline constexpr std::array<std::string_view, 5> kResponseNames = {"freeze", "thaw", "clamp_pids", "kill_container", "signal"};
constexpr std::string_view response_name(ResponseAction::Kind kind) { return kResponseNames[static_cast<size_t>(kind)]; }

/// What became of one.
enum class ResponseResult : uint8_t {
  done,     // or it was so already: the reason says which
  refused,  // hullwatch does not do this, to this
  failed,
  dry_run,  // everything but the deed
  shed,     // the queue was full
};
inline constexpr std::array<std::string_view, 5> kResponseResults = {"done", "refused", "failed", "dry_run", "shed"};
constexpr std::string_view result_name(ResponseResult result) { return kResponseResults[static_cast<size_t>(result)]; }

}  // namespace hullwatch
