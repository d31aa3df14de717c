#pragma once
// Makes the opened object fit the running kernel where neither CO-RE nor libbpf 1.1 can: between open and load. Any one thread.

struct bpf_object;

namespace hullwatch {

/// Edits the types the object carries, and decides which of its maps are made:
///   - a kernel function has a name for each unit that calls it, NAME___UNIT: it becomes NAME;
///   - a kernel function that the kernel has with another prototype is made unknown, as later versions of libbpf take a weak
///   one;
///   - on older kernels global functions that take pointers become static, state of tasks lives in a hash, and of two
///     programs NAME and NAME_old the second is for them, the first for the others;
///   - NAME_relief is loaded where programs are preempted only.
void fit_to_kernel(bpf_object* object);

/// Does this kernel preempt programs at tracepoints (7.0; bpf/relief.h)?
bool preempts_programs();

}  // namespace hullwatch
