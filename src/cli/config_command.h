#pragma once
// `config check FILE` and `config print`.

#include <string>

namespace hullwatch {

int config_check_command(const std::string& path, const std::string& format);
/// The effective configuration, text being YAML: `path` when given, else the default file where there is one, else the
/// defaults.
int config_print_command(const std::string& path, const std::string& format);

}  // namespace hullwatch
