#include "cli/configuration.h"

#include <unistd.h>

#include "cli/output.h"
#include "config/load.h"

namespace hullwatch {

std::optional<Config> load_configuration(const std::string& file) {
  if (file.empty() && access(kDefaultConfigFile, F_OK) != 0) return Config{};
  LoadedConfig loaded = load_config(file.empty() ? kDefaultConfigFile : file);
  print_diagnostics(loaded.diagnostics);
  if (!loaded.ok()) return std::nullopt;
  return std::move(loaded.config);
}

RuleSetOptions rule_options(const Config& config) {
  const RulesConfig& rules = config.rules;
  RuleSetOptions options;
  options.minimum_priority = rules.minimum_priority;
  options.match_all = rules.match_all;
  options.selections = rules.select;
  options.append_output = rules.append_output;
  options.respond = config.response.enabled;
  return options;
}

}  // namespace hullwatch
