#include "rules/transformers.h"

#include <algorithm>
#include <cstdint>

namespace hullwatch::rules {
namespace {

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

}  // namespace

std::string to_lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string to_upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return out;
}

std::string_view base_name(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::optional<std::string> decode_base64(std::string_view text) {
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() * 3 / 4);
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = base64_value(c);
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count & 0xff);
    }
  }
  return out;
}

std::vector<std::string_view> parse_options(const std::vector<std::string_view>& arguments, std::string_view options,
                                            std::optional<char> selector) {
  const auto known = [&](char c) { return c != ':' && options.find(c) != std::string_view::npos; };
  const auto takes_value = [&](char c) {
    const size_t at = options.find(c);
    return at + 1 < options.size() && options[at + 1] == ':';
  };
  std::vector<std::string_view> found;
  std::optional<std::string_view> selected;
  const auto emit = [&](char option, std::string_view name, std::optional<std::string_view> value) {
    if (!selector) {
      found.push_back(name);
      if (value) found.push_back(*value);
    } else if (*selector == option) {
      selected = value.value_or(name);
    }
  };
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--" || argument.size() < 2 || argument[0] != '-') break;  // the options end here
    if (argument[1] == '-') continue;
    for (size_t at = 1; at < argument.size(); ++at) {
      const char option = argument[at];
      if (!known(option)) {
        if (!selector) found.emplace_back("?");
        continue;
      }
      const std::string_view name = argument.substr(at, 1);
      if (!takes_value(option)) {
        emit(option, name, std::nullopt);
        continue;
      }
      if (at + 1 < argument.size()) {
        emit(option, name, argument.substr(at + 1));
      } else if (i + 1 < arguments.size()) {
        emit(option, name, arguments[++i]);
      } else {
        emit(option, "", std::nullopt);  // its value is missing
      }
      break;
    }
  }
  if (selected) return {*selected};
  return found;
}

}  // namespace hullwatch::rules
