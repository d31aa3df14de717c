/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Cgroup life cycle, which is container life cycle.
 *
 * cgroup_mkdir: before any task can be in it, so the first exec of a container already knows its container.
 * cgroup_rmdir: no task is left in it.
 * cgroup_attach_task: once for a whole process (threadgroup 1) or for a thread; current is who wrote. clone3(CLONE_INTO_CGROUP)
 * does not fire it: process_fork sees the child's cgroup.
 */
#include "observe/cgroup.h"

/* trace_cgroup_mkdir(struct cgroup *cgrp, const char *path) */
SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(cgroup_mkdir, struct cgroup *cgroup)
{
	struct task_struct *task = current_task();
	struct hw_cgroup *r;
	struct slot *slot;
	__u64 maker;
	__u32 which;

	if (!cgroup_counts(cgroup))
		return 0;
	slot = slot_take(HW_CGROUP, sizeof(*r), &which);
	if (!slot)
		return 0;
	r = (void *)slot->record;
	fill_cgroup(r, cgroup, HW_CGROUP_MKDIR);
	r->path = slot_cgroup_path(slot, which, sizeof(*r), cgroup);
	maker = home_of(task);
	r->outermost = container_of_new(r, which, maker);
	/* always sent: a container that begins, and one that makes a cgroup outside its own */
	if (!emit_admit_home(task, maker, HW_CGROUP, r->outermost == r->id || r->outermost != maker)) {
		slot_drop(slot);
		return 0;
	}
	fill_header(&r->h, HW_CGROUP, HW_BY_ALWAYS, 0);
	fill_ancestors(r->ancestors);
	slot_send(slot, HW_CGROUP);
	return 0;
}

/* trace_cgroup_rmdir(struct cgroup *cgrp, const char *path) */
SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(cgroup_rmdir, struct cgroup *cgroup)
{
	struct task_struct *task = current_task();
	__u64 id, container;
	struct hw_cgroup *r;

	if (!cgroup_counts(cgroup))
		return 0;
	id = cgroup_id(cgroup);
	container = container_of_cgroup(id);
	bpf_map_delete_elem(&containers, &id);
	if (!emit_admit(task, HW_CGROUP, container == id))
		return 0;
	r = EMIT_RESERVE(HW_CGROUP, struct hw_cgroup);
	if (!r)
		return 0;
	fill_header(&r->h, HW_CGROUP, HW_BY_ALWAYS, sizeof(*r));
	fill_ancestors(r->ancestors);
	fill_cgroup(r, cgroup, HW_CGROUP_RMDIR);
	r->outermost = container;
	emit_submit(HW_CGROUP, r);
	return 0;
}

/* trace_cgroup_attach_task(struct cgroup *dst_cgrp, const char *path, struct task_struct *task, bool threadgroup) */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(cgroup_attach, struct cgroup *cgroup, const char *path, struct task_struct *moved, bool threadgroup)
{
	struct task_struct *writer = current_task();
	struct task_state *state;
	__u64 container, before, after, writer_home;
	struct hw_cgroup *r;

	if (!cgroup_counts(cgroup))
		return 0;
	container = container_of_cgroup(cgroup_id(cgroup));
	writer_home = home_of(writer);
	state = process_state(moved);
	/* not home_of(): it might look at the cgroup again, which is the new one by now */
	before = home_is_sure(state) ? state->home : home_by_cgroup(moved);
	after = before;
	if (home_places(writer_home) && whole_process(moved, threadgroup)) {
		state = process_state_make(moved);
		after = container;
		/* a cgroup of the host may turn out a container's (late_claims): who placed it is remembered there, too */
		if (state && (state->home != after || !after))
			state->setup_mnt = mnt_ns_of(writer);
		if (state && state->home != after)
			home_move(moved, state, after, live_tasks(moved));
	}
	/* always sent: a home that changes, and a container's task going where the container is not */
	if (!emit_admit(writer, HW_CGROUP, before != after || (writer_home && container != writer_home)))
		return 0;
	r = EMIT_RESERVE(HW_CGROUP, struct hw_cgroup);
	if (!r)
		return 0;
	fill_header(&r->h, HW_CGROUP, HW_BY_ALWAYS, sizeof(*r));
	fill_ancestors(r->ancestors);
	fill_cgroup(r, cgroup, HW_CGROUP_ATTACH);
	r->outermost = container;
	fill_key(&r->moved, moved);
	r->moved_home_before = before;
	r->moved_home_after = after;
	r->moved_tid = GET(moved, pid);
	r->threadgroup = threadgroup;
	emit_submit(HW_CGROUP, r);
	return 0;
}
