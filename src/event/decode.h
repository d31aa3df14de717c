#pragma once
// Kernel record -> Event. Every size and span is checked before it is used; the bytes are hostile.

#include <cstddef>
#include <span>
#include <string>

#include "event/event.h"
#include "util/result.h"

namespace hullwatch {

/// Owns the scratch that assembled paths live in. One per thread.
class Decoder {
 public:
  Decoder();
  /// Decodes one whole record. The Event's views die with `record` or at the next call. Fails, naming kind and sizes, on a
  /// record that is truncated, oversized or of unknown kind; nothing of it may be used then.
  Result<Event> decode(std::span<const std::byte> record);

 private:
  std::string scratch_;
};

}  // namespace hullwatch
