#pragma once
// Records of a real node, as they came from the rings: what tests/bench/record keeps. A file of them: for each record four
// bytes of length, little-endian, then its bytes; compressed by gzip. One thread.

#include <cstddef>
#include <string>
#include <vector>

namespace hullwatch::bench {

/// Of a compressed file, in the order recorded. Empty where it cannot be read whole.
std::vector<std::vector<std::byte>> read_records(const std::string& path);

}  // namespace hullwatch::bench
