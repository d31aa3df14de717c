// What a rule file asks of the engine and of plugins: required_engine_version, required_plugin_versions.

#include <array>
#include <charconv>
#include <optional>
#include <set>

#include "rules/rule_file_reader.h"

namespace hullwatch::rules {
namespace {

/// The one plugin whose fields and events hullwatch gives itself.
constexpr std::string_view kBuiltIn = "container";

struct Version {
  std::array<uint32_t, 3> parts{};
  [[nodiscard]] std::string text() const {
    return std::to_string(parts[0]) + "." + std::to_string(parts[1]) + "." + std::to_string(parts[2]);
  }
};

/// "x.y.z", with anything after it ignored: pre-release, build.
std::optional<Version> parse_version(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  Version version;
  for (size_t i = 0; i < 3; ++i) {
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, version.parts[i]);
    if (parsed.ec != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(parsed.ptr - text.data()));
    if (i < 2) {
      if (!text.starts_with('.')) return std::nullopt;
      text.remove_prefix(1);
    }
  }
  return version;
}

}  // namespace

void RuleFileReader::read_engine_version(ItemReader& item) {
  static constexpr std::array<std::string_view, 1> kKeys = {"required_engine_version"};
  item.warn_unknown_keys(kKeys);
  const auto text = item.required("required_engine_version");
  if (!text) return;
  const YamlNode& at = *item.node("required_engine_version");
  Version wanted;
  if (const auto number = parse_yaml_unsigned(*text)) {
    wanted.parts = {0, *number, 0};
  } else if (const auto version = parse_version(*text)) {
    wanted = *version;
  } else {
    return item.error(at, "'" + *text + "' is not an engine version", "a number, or x.y.z");
  }
  const Version ours{{kEngineVersion[0], kEngineVersion[1], kEngineVersion[2]}};
  if (wanted.parts[0] == ours.parts[0] && wanted.parts <= ours.parts) return;
  Diagnostic& diagnostic = diagnostics_.error(
      "LOAD_ERR_VALIDATE", "the rules need engine version " + wanted.text() + ", this engine is version " + ours.text());
  point_at(diagnostic, *item.place().file, at);
}

void RuleFileReader::read_plugin_versions(ItemReader& item) {
  static constexpr std::array<std::string_view, 1> kKeys = {"required_plugin_versions"};
  item.warn_unknown_keys(kKeys);
  const YamlPtr list = item.node("required_plugin_versions");
  if (!list->is_sequence()) return item.error(*list, "the value of 'required_plugin_versions' must be a sequence");
  for (const auto& node : list->items) {
    std::set<std::string> names;
    const auto check = [&](const YamlPtr& entry) {
      const ItemPlace place{item.place().file, entry, "required_plugin_versions"};
      ItemReader reader(place, diagnostics_);
      if (!entry->is_map()) return reader.error(*entry, "a plugin requirement must be a map of name and version");
      const auto name = reader.required("name");
      const auto version = reader.required("version");
      if (name && !names.insert(*name).second)
        reader.invalid(*entry, "plugin '" + *name + "' stands twice among the alternatives");
      if (version && !parse_version(*version)) reader.invalid(*entry, "'" + *version + "' is not a version: x.y.z");
    };
    check(node);
    if (const YamlNode* alternatives = node->find("alternatives"); alternatives != nullptr && !alternatives->is_sequence()) {
      item.error(*alternatives, "the value of 'alternatives' must be a sequence");
    } else if (alternatives != nullptr) {
      for (const auto& alternative : alternatives->items) check(alternative);
    }
    if (!item.failed() && !names.empty() && !names.contains(std::string(kBuiltIn)))
      item.warning(*node, "LOAD_WARNING_EXTENSION", "plugin '" + *names.begin() + "' is not part of hullwatch",
                   "rules of its event source are skipped, its fields are unknown");
  }
}

}  // namespace hullwatch::rules
