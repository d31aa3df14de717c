#pragma once
// The processes that were there before us: runs the task iterator once, which also gives each task its state in the kernel and
// counts it. Call it when the other programs are attached and set_container() was called for every container found. Any one
// thread.

#include <vector>

#include "hullwatch/wire.h"
#include "probe/bpf_object.h"
#include "util/result.h"

namespace hullwatch {

/// One record per process, in order of pid; one whose first thread has ended comes with the first that lives (its h.tid). Fails
/// when the iterator (program snapshot_tasks) is not loaded or cannot be read.
Result<std::vector<hw_task>> take_task_snapshot(BpfObject& object);

/// Runs the iterator once more: processes get the homes that were told by BpfObject::tell_home().
Status correct_homes(BpfObject& object);

}  // namespace hullwatch
