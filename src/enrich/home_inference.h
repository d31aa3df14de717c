#pragma once
// Where processes belong that nobody saw start: their cgroup tells, and their namespaces must agree. A process can be moved to
// another cgroup at any time, but the pid namespace it lives in is its own for good, and a mount namespace is not often left:
// so where both speak and differ, the namespaces are believed, and the conflict is told. Pure: any thread.

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "hullwatch/wire.h"

namespace hullwatch {

struct HomeConflict {
  hw_task task;
  uint64_t by_cgroup = 0, by_namespaces = 0;  // homes, 0: the host
  bool by_parent = false;                     // the namespaces say nothing, but its parent is by_namespaces'
};

/// `tasks` as the snapshot wrote them. `inits`: pid of a container's first process, as its runtime remembers it -> its home. Of
/// tasks whose home is inferred (not adopted) only; by the order of the snapshot.
std::vector<HomeConflict> find_home_conflicts(std::span<const hw_task> tasks,
                                              const std::unordered_map<uint32_t, uint64_t>& inits);

}  // namespace hullwatch
