#pragma once
// `containers`: what runs on this node, found from its cgroup tree and the runtimes' files; no daemon and no socket needed.

#include <string>

#include "config/config.h"

namespace hullwatch {

int containers_command(const Config& config, const std::string& format);

}  // namespace hullwatch
