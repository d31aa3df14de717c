#include "util/duration.h"

#include <array>
#include <charconv>

namespace hullwatch {
namespace {

struct Unit {
  std::string_view name;
  uint64_t ns;
};
constexpr std::array<Unit, 7> kUnits = {{{"d", 86'400'000'000'000},
                                         {"h", 3'600'000'000'000},
                                         {"m", 60'000'000'000},
                                         {"s", 1'000'000'000},
                                         {"ms", 1'000'000},
                                         {"us", 1'000},
                                         {"ns", 1}}};

}  // namespace

std::optional<uint64_t> parse_duration(std::string_view text) {
  uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc()) return std::nullopt;
  const std::string_view unit(parsed.ptr, static_cast<size_t>(end - parsed.ptr));
  for (const Unit& known : kUnits)
    if (known.name == unit) return number > UINT64_MAX / known.ns ? std::nullopt : std::optional(number * known.ns);
  return std::nullopt;
}

std::string duration_text(uint64_t ns) {
  for (const Unit& unit : kUnits)
    if (ns % unit.ns == 0 && ns != 0) return std::to_string(ns / unit.ns).append(unit.name);
  return "0s";
}

}  // namespace hullwatch
