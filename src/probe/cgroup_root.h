#pragma once
// The root of the cgroup v2 hierarchy, to which a program for all of the machine is attached. Any thread.

#include "util/fd.h"
#include "util/result.h"

namespace hullwatch {

/// Opened where it is mounted. Fails, in plain words, where it is not, or where every mount shows a part of it only (a cgroup
/// namespace): whoever is outside of that part would not be seen.
Result<Fd> open_cgroup_root();

}  // namespace hullwatch
