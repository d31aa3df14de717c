#pragma once
// Reads the keys of one item of a rule file, reporting each that is missing, empty or of the wrong kind. Load time, one thread.

#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "rules/definitions.h"

namespace hullwatch::rules {

class ItemReader {
 public:
  ItemReader(const ItemPlace& place, Diagnostics& diagnostics) : place_(place), diagnostics_(diagnostics) {}

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool has(std::string_view key) const { return place_.node->find(key) != nullptr; }
  [[nodiscard]] const ItemPlace& place() const { return place_; }

  /// A scalar that must be there and not be empty. Empty when it is not so.
  std::optional<std::string> required(std::string_view key);
  std::optional<std::string> optional(std::string_view key);
  std::optional<bool> optional_bool(std::string_view key);
  std::optional<TrackedText> required_text(std::string_view key);
  std::optional<std::vector<std::string>> strings(std::string_view key, bool must_exist);
  /// The shared node of a key, for what keeps positions.
  [[nodiscard]] YamlPtr node(std::string_view key) const;

  /// The code of error(): LOAD_ERR_YAML_VALIDATE, or, for what stands in our own keys, LOAD_ERR_EXTENSION.
  void in_extension(bool begun) { extension_ = begun; }
  void error(const YamlNode& at, std::string message, std::string hint = {});
  /// The same for what is well formed but wrong in its meaning: LOAD_ERR_VALIDATE.
  void invalid(const YamlNode& at, std::string message, std::string hint = {});
  void warning(const YamlNode& at, std::string code, std::string message, std::string hint = {});
  void warn_unknown_keys(std::span<const std::string_view> known);

 private:
  void report(std::string code, const YamlNode& at, std::string message, std::string hint);
  const YamlNode* scalar(std::string_view key, bool must_exist);
  const ItemPlace& place_;
  Diagnostics& diagnostics_;
  bool failed_ = false, extension_ = false;
};

std::optional<bool> parse_yaml_bool(std::string_view text);
std::optional<Priority> parse_priority(std::string_view text);

}  // namespace hullwatch::rules
