#pragma once
// `run`: the configuration a command line amounts to, and the daemon that runs with it.

#include <cstdint>
#include <string>
#include <vector>

namespace hullwatch {

/// What was given on the command line; empty: the configuration file's, else the default.
struct RunOptions {
  std::string config_file;
  std::vector<std::string> rule_paths;
  std::string state_dir, listen, output;
  bool log_all = false;
  bool strict = false;
  uint32_t duration_seconds = 0;  // 0: until a signal
};

int run_command(const RunOptions& options);

}  // namespace hullwatch
