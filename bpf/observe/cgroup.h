/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Cgroups: which of them are containers, and who entered them. */
#ifndef HULLWATCH_OBSERVE_CGROUP_H
#define HULLWATCH_OBSERVE_CGROUP_H

#include "observe/home.h"
#include "walk.h"

#define CGROUP_NAME_SCANNED 160

/* Is it of the hierarchy that names containers? The tracepoints fire once per hierarchy. */
HW_INLINE bool cgroup_counts(struct cgroup *cgroup)
{
	struct cgroup_subsys_state *css = NULL;
	__u64 index;

	if (!cgroup_v1)
		return BPF_CORE_READ(cgroup, root, hierarchy_id) == 0;
	index = cgroup_v1 == 1 ? bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id)
			       : bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
	bpf_probe_read_kernel(&css, sizeof(css),
			      (void *)__builtin_preserve_access_index(&cgroup->subsys) + index * sizeof(css));
	return css && BPF_CORE_READ(css, cgroup) == cgroup;
}

HW_INLINE __u64 cgroup_parent_id(struct cgroup *cgroup)
{
	return cgroup_id(BPF_CORE_READ(cgroup, self.parent, cgroup));
}

/* podman's and CRI-O's monitors: named after the container, but on the host's side of it. */
HW_INLINE bool names_monitor(const __u8 *name)
{
	return (name[0] == 'l' && name[1] == 'i' && name[6] == '-' && name[7] == 'c' && name[8] == 'o' && name[9] == 'n' &&
		name[10] == 'm') ||
	       (name[0] == 'c' && name[1] == 'r' && name[4] == '-' && name[5] == 'c' && name[6] == 'o' && name[7] == 'n' &&
		name[8] == 'm');
}

static const __u8 is_hex[256] = {
    ['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1, ['5'] = 1, ['6'] = 1, ['7'] = 1,
    ['8'] = 1, ['9'] = 1, ['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1, ['e'] = 1, ['f'] = 1,
};

/*
 * Does the name at the start of an hw_cgroup's tail look like a container's? A run of 64 hex digits (docker, containerd, CRI-O,
 * podman, with or without "docker-….scope" around it), but no pod's ".slice" and no monitor. A first guess, so that the first
 * task of a container has its home; user space looks at what the runtime wrote and corrects it.
 *
 * The length of the run is in the slot and volatile, lest clang keeps it in a register, where the verifier would follow each
 * value. And no branch but to the end: before 6.8 the verifier would follow each combination of them through several rounds.
 */
__weak __noinline int names_container(__u32 which)
{
	struct slot *slot = slot_at(which);
	volatile __u32 *run;
	const __u8 *name;

	if (!slot)
		return 0;
	name = &slot->record[sizeof(struct hw_cgroup)];
	run = &slot->components;
	*run = 0;
	if (names_monitor(name))
		return 0;
	for (int i = 0; i < CGROUP_NAME_SCANNED; i++) {
		__u8 c = name[i];

		if (!c)
			return 0;
		*run = (*run + 1) * is_hex[c];
		if (*run == 64) /* what may follow is ".scope", ".slice", or nothing */
			return !(name[i + 1] == '.' && name[i + 2] == 's' && name[i + 3] == 'l');
	}
	return 0;
}

/* Appends the cgroup's path, leaf first, to slot `which`, as walk_path() does. The root has no name. */
__weak __noinline int walk_cgroup(__u32 which, __u64 cgroup_address)
{
	struct cgroup *cgroup = (void *)cgroup_address, *above;
	struct slot *slot = slot_at(which);

	if (!slot)
		return 0;
	for (int step = 0; step < HW_CGROUP_COMPONENTS; step++) {
		__u64 at = slot_room(slot);
		long length;

		above = BPF_CORE_READ(cgroup, self.parent, cgroup);
		if (!above)
			return 0;
		if (!at)
			break;
		length = bpf_probe_read_kernel_str(slot->record + at, HW_STRING_MAX, BPF_CORE_READ(cgroup, kn, name));
		if (length <= 0)
			break;
		slot->used = (__u32)(at + (__u64)length);
		slot->components++;
		cgroup = above;
	}
	if (BPF_CORE_READ(cgroup, self.parent))
		slot->path_flags |= HW_PATH_TRUNCATED;
	return 0;
}

HW_INLINE struct hw_path slot_cgroup_path(struct slot *slot, __u32 which, __u32 fixed, struct cgroup *cgroup)
{
	struct hw_path path = {};
	__u64 address = 0;
	__u32 start = slot->used;

	/* a BTF pointer may not be handed to a global function: launder it */
	bpf_probe_read_kernel(&address, sizeof(address), &cgroup);
	slot->components = 0;
	slot->path_flags = 0;
	walk_cgroup(which, address);
	path.components.off = start - fixed;
	path.components.len = slot->used - start;
	path.count = slot->components;
	path.flags = slot->path_flags;
	return path;
}

/*
 * Which container does a new cgroup belong to? Its parent's, if that is in one: the outermost counts, whatever a container
 * makes inside. Else itself, if it is named like one and was made by who may place processes: `maker` is the maker's home, and
 * a look-alike made by any other container is remembered as none. 0: none. Its path is in the slot already, leaf first.
 */
HW_INLINE __u64 container_of_new(struct hw_cgroup *r, __u32 which, __u64 maker)
{
	__u64 container = container_of_cgroup(r->parent_id);
	bool named = !container && names_container(which);

	if (named && home_places(maker)) {
		container = r->id;
		home_state_make(container);
	}
	if ((container || named) && bpf_map_update_elem(&containers, &r->id, &container, BPF_ANY)) {
		count_error(HW_PLACE_CONTAINER_FULL);
		container = 0;
	}
	return container;
}

HW_INLINE void fill_cgroup(struct hw_cgroup *r, struct cgroup *cgroup, __u32 op)
{
	r->op = op;
	r->level = (__u32)BPF_CORE_READ(cgroup, level);
	r->id = cgroup_id(cgroup);
	r->parent_id = cgroup_parent_id(cgroup);
}

/*
 * A container's process has just made a child in a cgroup that is not its container's (clone3 with CLONE_INTO_CGROUP, which
 * fires no cgroup tracepoint): told as the move it is. The child's home is its parent's all the same.
 */
HW_PART void send_placed_child(struct task_struct *parent, struct task_struct *child, __u64 home)
{
	struct cgroup *cgroup = identity_cgroup(child);
	__u64 container = container_of_cgroup(cgroup_id(cgroup));
	struct hw_cgroup *r;

	if (container == home || !emit_admit_home(parent, home, HW_CGROUP, true))
		return;
	r = EMIT_RESERVE(HW_CGROUP, struct hw_cgroup);
	if (!r)
		return;
	fill_header(&r->h, HW_CGROUP, HW_BY_ALWAYS, sizeof(*r));
	fill_ancestors(r->ancestors);
	fill_cgroup(r, cgroup, HW_CGROUP_ATTACH);
	r->outermost = container;
	fill_key(&r->moved, child);
	r->moved_home_before = home;
	r->moved_home_after = home;
	r->moved_tid = GET(child, pid);
	r->threadgroup = 1;
	emit_submit(HW_CGROUP, r);
}

/* Did the whole process move? v1's `tasks` and v2's cgroup.threads move single threads, which changes nobody's home. */
HW_INLINE bool whole_process(struct task_struct *task, bool threadgroup)
{
	return threadgroup || (GET(task, pid) == GET(task, tgid) && GET(REACH(task, signal), live.counter) == 1);
}

#endif
