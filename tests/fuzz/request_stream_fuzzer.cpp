// Any records as the kernel might send them: offsets that jump, repeat or run backwards, lengths that lie, any flags, many
// connections. Nothing is read beyond its bounds, memory stays bounded, and every request handed out was sent by someone.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "detect/request_stream.h"

namespace {

// One record: connection, flags, how far the offset lies from the end of the last one, bytes missing, then the bytes.
constexpr size_t kHead = 6;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uint64_t windows = 0, now = 1;
  hullwatch::RequestStreams streams([&](uint64_t, const hw_request_window& window) {
    if (window.skip_to > window.send_to) std::abort();
    ++windows;
  });
  const auto sink = [](const hullwatch::ParsedRequest& request, const hw_request&, const hullwatch::RuntimeClient&) {
    if (request.readable && request.method.empty()) std::abort();
    if (request.body.size() > hullwatch::HttpRequestParser::kMaxBody) std::abort();
  };
  uint64_t ends[512] = {};
  while (size >= kHead) {
    const size_t connection = (data[0] | static_cast<size_t>(data[1]) << 8) % 512;
    hw_request record{};
    record.connection = connection;
    record.request_flags = data[2] & 7U;
    record.offset = ends[connection] + static_cast<uint64_t>(static_cast<int8_t>(data[3]) / 16);
    record.h.home = data[4] & 1U;
    record.h.time_ns = now += 1'000'000ULL * data[4];
    const size_t length = std::min<size_t>(data[5], size - kHead);
    const std::string_view bytes(reinterpret_cast<const char*>(data) + kHead, length);
    record.length = static_cast<uint32_t>(length) + (data[4] & 0x80U);
    streams.on_bytes(record, bytes, {}, sink);
    ends[connection] = record.offset + record.length;
    if ((data[2] & 8U) != 0) streams.on_tick(now, sink);
    if (data[2] == 0xff) streams.ignore(connection);
    if (streams.size() > hullwatch::RequestStreams::kMaxConnections) std::abort();
    data += kHead + length;
    size -= kHead + length;
  }
  return 0;
}
