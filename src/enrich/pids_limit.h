#pragma once
// How many tasks a container may have, and how often it was refused more: the pids controller's files, on v2, hybrid (the
// controller is a v1 hierarchy beside the unified one) and v1. Any thread.

#include <cstdint>
#include <string>

#include "enrich/cgroup_tree.h"

namespace hullwatch {

struct PidsLimit {
  int64_t max = -1;              // smallest limit of the cgroup and those above it; -1: none, or not readable
  std::string limited_by;        // path of the cgroup that sets it, empty: none
  uint64_t limited_current = 0;  // tasks in that cgroup: what the limit is compared with
  uint64_t current = 0;          // tasks in the cgroup itself, sub-cgroups included
  uint64_t refused = 0;          // forks refused, as the cgroup's own pids.events counts them
  uint64_t limited_refused = 0;  // the same of `limited_by`: kernels since 6.11 count there
};

/// `cgroup_path` from the hierarchy's root ("/docker/<id>"). Fails where the pids controller does not show the cgroup.
Result<PidsLimit> read_pids_limit(const CgroupTree& tree, const std::string& cgroup_path);

}  // namespace hullwatch
