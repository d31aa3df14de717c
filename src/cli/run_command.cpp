#include "cli/run_command.h"

#include <iostream>

#include "cli/configuration.h"
#include "cli/output.h"
#include "daemon.h"
#include "probe/privileges.h"

namespace hullwatch {
namespace {

std::optional<Config> configuration_of(const RunOptions& options) {
  auto config = load_configuration(options.config_file);
  if (!config) return std::nullopt;
  if (!options.rule_paths.empty()) config->rules.paths = options.rule_paths;
  if (!options.state_dir.empty()) config->state_dir = options.state_dir;
  if (!options.listen.empty()) config->listen = options.listen;
  if (!options.output.empty()) config->output.json = options.output == "json";
  if (options.log_all) config->log.content = LogConfig::Content::all;
  return config;
}

/// Null, with all errors said, when a rule file is not good.
std::shared_ptr<const RuleSet> rules_of(const Config& config, const std::vector<EventType>& unavailable = {},
                                        bool tell = true) {
  RuleSetOptions options = rule_options(config);
  options.unavailable_events = unavailable;
  LoadedRules loaded = RuleSet::load(config.rules.paths, options);
  if (tell) print_diagnostics(loaded.diagnostics);
  return loaded.rules;
}

bool may_watch() {
  for (const MissingPrivilege& missing : missing_privileges())
    if (missing.fatal) {
      print_error("missing " + missing.name + ": " + missing.costs + "; run hullwatch as root or grant it");
      return false;
    }
  return true;
}

}  // namespace

int run_command(const RunOptions& options) {
  const auto config = configuration_of(options);
  if (!config) return kExitConfiguration;
  auto rules = rules_of(*config);
  if (rules == nullptr) return kExitConfiguration;
  if (!may_watch()) return kExitPrivilege;
  if (auto types = HookProbe::kernel_has_types(); !types) {
    print_error(types.error().message);
    return kExitPrivilege;
  }
  DaemonOptions daemon_options{
      .config = *config,
      .rules = std::move(rules),
      .reload =
          [options, response = config->response](const std::vector<EventType>& unavailable, bool tell) {
            auto again = configuration_of(options);
            if (!again) return RuleReloader::Loaded{};
            again->response = response;  // as it runs: no warning may say otherwise
            return RuleReloader::Loaded{rules_of(*again, unavailable, tell),
                                        again->rules.watch ? again->rules.paths : std::vector<std::string>{}};
          },
      .duration_ns = options.duration_seconds * 1'000'000'000ULL};
  auto daemon = Daemon::start(std::move(daemon_options));
  if (!daemon) {
    print_error(daemon.error().message);
    return kExitFindings;
  }
  if (options.strict && ((*daemon)->degraded())) {
    print_error("degraded, and --strict was given; hullwatch doctor tells why");
    return kExitPartial;
  }
  if (auto ended = (*daemon)->run(); !ended) {
    print_error(ended.error().message);
    return kExitFindings;
  }
  return kExitOk;
}

}  // namespace hullwatch
