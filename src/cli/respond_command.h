#pragma once
// `respond thaw`: lets a container that a rule froze go on, without the daemon's help; the daemon records it in its log.

#include <string>

namespace hullwatch {

struct RespondOptions {
  std::string container;  // name, id, or the first 12 or more characters of the id
  std::string config_file;
  std::string state_dir;  // empty: the configuration's
  std::string format = "text";
  bool dry_run = false;
};

int respond_thaw_command(const RespondOptions& options);

}  // namespace hullwatch
