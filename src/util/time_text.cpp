#include "util/time_text.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace hullwatch {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;

std::string format(uint64_t wall_ns, const char* pattern) {
  const auto seconds = static_cast<time_t>(wall_ns / kSecond);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  return {text.data(), strftime(text.data(), text.size(), pattern, &parts)};
}

}  // namespace

std::string rfc3339(uint64_t wall_ns) {
  std::array<char, 16> fraction{};
  snprintf(fraction.data(), fraction.size(), ".%09uZ", static_cast<unsigned>(wall_ns % kSecond));
  return format(wall_ns, "%Y-%m-%dT%H:%M:%S") + fraction.data();
}

std::string compact_utc(uint64_t wall_ns) { return format(wall_ns, "%Y%m%dT%H%M%SZ"); }

}  // namespace hullwatch
