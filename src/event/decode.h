#pragma once
// Kernel record -> Event. Every size and span is checked before it is used; the bytes are hostile.

#include <array>
#include <cstddef>
#include <span>
#include <string>

#include "event/event.h"
#include "util/result.h"

namespace hullwatch {

/// Stands before a path whose root side the kernel could not send, so that no such path passes for an absolute one.
inline constexpr std::string_view kTruncatedPathPrefix = "<truncated>/";

/// Owns what an Event's views need beside the record: assembled paths, ancestors. One per thread.
class Decoder {
 public:
  Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  /// Decodes one whole record of a ring. The Event's views die with `record` or at the next call. Fails, naming kind and
  /// sizes, on a record that is truncated, oversized, of unknown kind or with an enumeration out of range; nothing of it may
  /// be used then. A path is absolute, begins with kTruncatedPathPrefix, or (memfd and the like) is a bare name.
  Result<Event> decode(std::span<const std::byte> record);

 private:
  std::string scratch_;
  std::array<hw_ancestor, HW_ANCESTORS> ancestors_{};
};

/// One record of the start-up iterator (HW_TASK), which is no event.
Result<hw_task> decode_task(std::span<const std::byte> record);

/// "exec", "fork", …; "kind 99" is never returned: "unknown" stands for all that is out of range.
std::string_view kind_name(uint32_t kind);

}  // namespace hullwatch
