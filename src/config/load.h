#pragma once
// YAML -> Config, strictly: an unknown or repeated key, a wrong type, a value out of range, a path that is not there is an
// error with its place, and all of them are reported at once. The file's bytes are hostile. Any thread.

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "util/diagnostic.h"

namespace hullwatch {

struct LoadedConfig {
  Config config;  // defaults where a key is absent; not to be used when there are errors
  std::vector<Diagnostic> diagnostics;
  [[nodiscard]] bool ok() const { return diagnostics.empty(); }
};

LoadedConfig load_config(const std::string& path);
/// The same from memory; `name` stands in the diagnostics.
LoadedConfig load_config_text(std::string_view text, const std::string& name);

}  // namespace hullwatch
