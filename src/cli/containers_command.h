#pragma once
// `containers`: what runs on this node, found from its cgroup tree and the runtimes' files; no daemon and no socket needed.

#include <string>

namespace hullwatch {

/// `config_file`: empty for the default one.
int containers_command(const std::string& config_file, const std::string& format);

}  // namespace hullwatch
