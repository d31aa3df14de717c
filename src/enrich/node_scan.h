#pragma once
// The containers on this node, looked for at once: what `hullwatch containers` and `posture` show without a daemon. Any thread.

#include <vector>

#include "enrich/cgroup_tree.h"
#include "enrich/container.h"
#include "enrich/metadata_resolver.h"

namespace hullwatch {

/// By cgroup path. Each is `ready` or `unavailable`, never `pending`. Fails when the cgroup tree cannot be read.
Result<std::vector<Container>> look_at_node(const MetadataPaths& paths, const CgroupTree& tree);

}  // namespace hullwatch
