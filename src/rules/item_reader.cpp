#include "rules/item_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "rules/transformers.h"
#include "util/diagnostic.h"

namespace hullwatch::rules {

std::optional<bool> parse_yaml_bool(std::string_view text) {
  // YAML 1.1: lower, Upper and UPPER, not other mixtures.
  const std::string lower = to_lower(text);
  std::string capital = lower;
  if (!capital.empty()) capital[0] = to_upper(capital)[0];
  if (text != lower && text != to_upper(text) && text != capital) return std::nullopt;
  for (const std::string_view yes : {"y", "yes", "true", "on"})
    if (lower == yes) return true;
  for (const std::string_view no : {"n", "no", "false", "off"})
    if (lower == no) return false;
  return std::nullopt;
}

std::optional<Priority> parse_priority(std::string_view text) {
  static constexpr std::array<std::string_view, 8> kNames = {"emergency", "alert",  "critical",      "error",
                                                             "warning",   "notice", "informational", "debug"};
  const std::string lower = to_lower(text);
  if (lower == "info") return Priority::informational;
  const auto found = std::ranges::find(kNames, lower);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Priority>(found - kNames.begin());
}

void ItemReader::error(const YamlNode& at, std::string message, std::string hint) {
  report(extension_ ? "LOAD_ERR_EXTENSION" : "LOAD_ERR_YAML_VALIDATE", at, std::move(message), std::move(hint));
}

void ItemReader::invalid(const YamlNode& at, std::string message, std::string hint) {
  report("LOAD_ERR_VALIDATE", at, std::move(message), std::move(hint));
}

void ItemReader::report(std::string code, const YamlNode& at, std::string message, std::string hint) {
  failed_ = true;
  Diagnostic& diagnostic = diagnostics_.error(std::move(code), std::move(message));
  diagnostic.item = place_.label;
  diagnostic.hint = std::move(hint);
  point_at(diagnostic, *place_.file, at);
}

void ItemReader::warning(const YamlNode& at, std::string code, std::string message, std::string hint) {
  Diagnostic& diagnostic = diagnostics_.warning(std::move(code), std::move(message));
  diagnostic.item = place_.label;
  diagnostic.hint = std::move(hint);
  point_at(diagnostic, *place_.file, at);
}

YamlPtr ItemReader::node(std::string_view key) const {
  for (const auto& [name, value] : place_.node->entries)
    if (name->is_scalar() && name->value == key) return value;
  return nullptr;
}

const YamlNode* ItemReader::scalar(std::string_view key, bool must_exist) {
  const YamlNode* node = place_.node->find(key);
  const std::string name = "'" + std::string(key) + "'";
  if (node == nullptr) {
    if (must_exist) error(*place_.node, "key " + name + " is missing");
    return nullptr;
  }
  if (node->is_null() || (node->is_scalar() && node->value.empty())) {
    error(*node, "the value of " + name + " is empty");
    return nullptr;
  }
  if (!node->is_scalar()) {
    error(*node, "the value of " + name + " must be a scalar");
    return nullptr;
  }
  return node;
}

std::optional<std::string> ItemReader::required(std::string_view key) {
  const YamlNode* node = scalar(key, true);
  return node == nullptr ? std::nullopt : std::optional(node->value);
}

std::optional<std::string> ItemReader::optional(std::string_view key) {
  const YamlNode* node = scalar(key, false);
  return node == nullptr ? std::nullopt : std::optional(node->value);
}

std::optional<bool> ItemReader::optional_bool(std::string_view key) {
  const YamlNode* node = scalar(key, false);
  if (node == nullptr) return std::nullopt;
  const auto value = parse_yaml_bool(node->value);
  if (!value) error(*node, "the value of '" + std::string(key) + "' must be true or false");
  return value;
}

std::optional<TrackedText> ItemReader::required_text(std::string_view key) {
  if (scalar(key, true) == nullptr) return std::nullopt;
  return TrackedText(*place_.file, node(key));
}

std::optional<std::vector<std::string>> ItemReader::strings(std::string_view key, bool must_exist) {
  const YamlNode* node = place_.node->find(key);
  const std::string name = "'" + std::string(key) + "'";
  if (node == nullptr) {
    if (must_exist) error(*place_.node, "key " + name + " is missing");
    return std::nullopt;
  }
  if (!node->is_sequence()) {
    error(*node, "the value of " + name + " must be a sequence");
    return std::nullopt;
  }
  std::vector<std::string> out;
  for (const auto& item : node->items) {
    if (!item->is_scalar()) {
      error(*item, "each value of " + name + " must be a scalar");
    } else {
      out.push_back(item->value);
    }
  }
  return out;
}

void ItemReader::warn_unknown_keys(std::span<const std::string_view> known) {
  for (const auto& [key, value] : place_.node->entries) {
    if (key->is_sequence() || key->is_map()) {
      invalid(*key, "a key must be a scalar");
      continue;
    }
    if (key->is_scalar() && std::ranges::find(known, key->value) != known.end()) continue;
    warning(*key, "LOAD_UNKNOWN_KEY", "unknown key '" + key->value + "' is ignored",
            did_you_mean(key->value, {known.begin(), known.end()}));
  }
}

}  // namespace hullwatch::rules
