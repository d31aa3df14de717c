#pragma once
// The one table of configuration keys: name, type, range, meaning, where the value lives. Loader, `config print`, the commented
// default file and docs/configuration.md all come from it. Constant data; any thread.

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"

namespace hullwatch {

enum class ConfigType : uint8_t {
  choice,  // one of `choices`
  truth,   // true, false
  count,   // whole number
  bytes,   // whole number, or with a unit: 64MiB
  number,  // any number
  text,
  path,            // absolute
  endpoint,        // ADDRESS:PORT, or off
  texts,           // list of text
  existing_paths,  // list of paths that must be there
  patterns,        // list of RE2
  allow_list,
  selections,
  appended_outputs,
};
std::string_view config_type_name(ConfigType type);

/// Where a value lives in a Config.
using ConfigSlot =
    std::variant<bool*, uint64_t*, int64_t*, double*, std::string*, std::vector<std::string>*, Priority*, LogConfig::Content*,
                 std::vector<RuntimeSocketAllow>*, std::vector<RuleSelection>*, std::vector<AppendedOutput>*>;

struct ConfigKey {
  std::string_view path;  // "fork_bomb.window_ms"
  ConfigType type;
  ConfigSlot (*slot)(Config&);
  std::string_view doc;
  double min = 0, max = 0;                         // of numbers
  std::span<const std::string_view> choices = {};  // in the order of the slot's values

  [[nodiscard]] std::string_view section() const;  // "fork_bomb", empty at the top
  [[nodiscard]] std::string_view name() const;     // "window_ms"
};

std::span<const ConfigKey> config_keys();
/// Sections in their order, with what they are about.
struct ConfigSection {
  std::string_view name, doc;
};
std::span<const ConfigSection> config_sections();

/// The value as YAML writes it on one line.
std::string config_value(const ConfigKey& key, const Config& config);

}  // namespace hullwatch
