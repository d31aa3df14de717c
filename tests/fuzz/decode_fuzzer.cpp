// Any bytes as a kernel record. The input's first two bytes choose a kind and whether the size in the header is made right, so
// that the fuzzer gets past the first checks; the rest is the record.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "event/decode.h"
#include "hullwatch/wire.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static hullwatch::Decoder decoder;
  if (size < 2) return 0;
  // A copy of exactly this length, so that AddressSanitizer sees one byte too far; allocated, so it is aligned as a ring's.
  std::vector<std::byte> record(size - 2);
  if (!record.empty()) std::memcpy(record.data(), data + 2, record.size());
  if (record.size() >= sizeof(hw_header)) {
    hw_header header;
    std::memcpy(&header, record.data(), sizeof(header));
    header.kind = data[0] % (HW_KIND_MAX + 1);
    if (data[1] % 8 != 0) header.size = static_cast<uint32_t>(record.size());
    std::memcpy(record.data(), &header, sizeof(header));
  }
  [[maybe_unused]] const auto event = decoder.decode(record);
  [[maybe_unused]] const auto task = hullwatch::decode_task(record);
  return 0;
}
