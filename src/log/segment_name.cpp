#include "log/segment_name.h"

#include <algorithm>
#include <charconv>

namespace hullwatch {
namespace {

constexpr size_t kDigits = 12;  // so that names of one boot sort as their numbers do

bool is_utc(std::string_view text) {
  return text.size() == 16 && text[8] == 'T' && text[15] == 'Z' &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || c == 'T' || c == 'Z'; });
}

}  // namespace

std::string SegmentName::file() const {
  std::string digits = std::to_string(first_seq);
  if (digits.size() < kDigits) digits.insert(0, kDigits - digits.size(), '0');
  return "events-" + boot + '-' + digits + '-' + utc + ".jsonl";
}

std::optional<SegmentName> SegmentName::parse(std::string_view file) {
  constexpr std::string_view kPrefix = "events-", kSuffix = ".jsonl";
  if (!file.starts_with(kPrefix) || !file.ends_with(kSuffix)) return std::nullopt;
  file.remove_prefix(kPrefix.size());
  file.remove_suffix(std::min(kSuffix.size(), file.size()));
  const size_t first = file.find('-');
  const size_t second = file.rfind('-');
  if (first == std::string_view::npos || first == second || !is_utc(file.substr(second + 1))) return std::nullopt;
  const std::string_view digits = file.substr(first + 1, second - first - 1);
  SegmentName name{std::string(file.substr(0, first)), 0, std::string(file.substr(second + 1))};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), name.first_seq);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return name;
}

}  // namespace hullwatch
