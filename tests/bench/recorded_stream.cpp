#include "recorded_stream.h"

#include <cstdint>
#include <cstdio>
#include <cstring>

namespace hullwatch::bench {

std::vector<std::vector<std::byte>> read_records(const std::string& path) {
  std::vector<std::vector<std::byte>> records;
  std::FILE* file = popen(("gzip -dc '" + path + "'").c_str(), "re");
  if (file == nullptr) return records;
  std::uint32_t length = 0;
  bool whole = true;
  while (whole && std::fread(&length, sizeof(length), 1, file) == 1) {
    std::vector<std::byte>& record = records.emplace_back(length);
    whole = std::fread(record.data(), 1, length, file) == length;
  }
  if (pclose(file) != 0 || !whole) records.clear();
  return records;
}

}  // namespace hullwatch::bench
