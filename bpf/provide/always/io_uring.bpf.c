// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/*
 * io_uring_create: once for each ring. What is asked through a ring passes the same LSM hooks and socket tracepoints as a
 *system call; that a container has one at all is worth knowing, since whoever watches system calls is blind to it.
 *
 *	trace_io_uring_create(int fd, void *ctx, u32 sq_entries, u32 cq_entries, u32 flags): in the process that asked
 *
 * One record for each container. The host's databases and servers use rings all day.
 */
#include "emit.h"

SEC("?tp_btf/io_uring_create")
int BPF_PROG(io_uring_create, int fd, void *ring, __u32 sq_entries, __u32 cq_entries, __u32 flags)
{
	struct task_struct *task = current_task();
	__u64 home = home_of(task);
	struct home_state *state = home ? home_state_make(home) : NULL;
	struct hw_io_uring *r;

	if (!state || state->rings)
		return 0;
	if (!emit_admit(task, HW_IO_URING, true))
		return 0;
	r = EMIT_RESERVE(HW_IO_URING, struct hw_io_uring);
	if (!r)
		return 0;
	state->rings = 1; /* on two CPUs at once perhaps twice; never when the record was lost */
	fill_header(&r->h, HW_IO_URING, HW_BY_ALWAYS, sizeof(*r));
	fill_ancestors(r->ancestors);
	r->sq_entries = sq_entries;
	r->cq_entries = cq_entries;
	r->setup_flags = flags;
	emit_submit(HW_IO_URING, r);
	return 0;
}
