#pragma once
// Requests that come in frames: HTTP/2 (gRPC) and ttrpc. Bytes are hostile: any bytes, in any pieces, for ever. Evaluator
// thread only; no I/O; bounded (see each).

#include <cstdint>
#include <functional>
#include <string_view>

namespace hullwatch {

struct ParsedRequest;

/// At most four bytes.
inline uint32_t big_endian(std::string_view bytes) {
  uint32_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

class FramedRequests {
 public:
  using Sink = std::function<void(const ParsedRequest&)>;

  virtual ~FramedRequests() = default;
  /// False: what came is no frame a server would accept, or more than is read of one. Nothing may be fed after that.
  virtual bool feed(std::string_view bytes) = 0;
  /// No request has been begun.
  [[nodiscard]] virtual bool idle() const = 0;
  /// Bytes that are still to come and that nobody needs: the caller need not feed them, if it calls skip().
  [[nodiscard]] virtual uint64_t skippable() const = 0;
  /// As feed() of `count` ≤ skippable() bytes.
  virtual void skip(uint64_t count) = 0;
};

}  // namespace hullwatch
