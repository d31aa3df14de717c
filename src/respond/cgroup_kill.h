#pragma once
// Ends all processes of a container: by cgroup.kill (5.14), else by SIGKILL to each until none is left. Any thread.

#include <chrono>
#include <string>

#include "enrich/cgroup_tree.h"
#include "respond/response.h"
#include "respond/target_cgroup.h"

namespace hullwatch {

/// `cgroup`: the container's, in the hierarchy that tells containers apart.
ResponseEffect kill_cgroup(const TargetCgroup& cgroup, const CgroupTree& tree, const std::string& cgroup_path,
                           const std::string& proc_root, std::chrono::milliseconds patience, bool dry_run);

}  // namespace hullwatch
