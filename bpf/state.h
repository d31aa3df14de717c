/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* What tasks remember: lookups in `tasks`, `containers`, `homes`. */
#ifndef HULLWATCH_STATE_H
#define HULLWATCH_STATE_H

#include "facts.h"

/* State of this thread, NULL when it has none. Credentials (shadow) live here. */
HW_INLINE struct task_state *thread_state(struct task_struct *task)
{
	return bpf_task_storage_get(&tasks, task, NULL, 0);
}

/* As thread_state(), made when missing. NULL is counted: memory pressure, or a program interrupted another inside the map. */
HW_INLINE struct task_state *thread_state_make(struct task_struct *task)
{
	struct task_state *state = bpf_task_storage_get(&tasks, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!state)
		count_error(HW_PLACE_TASK_CREATE);
	return state;
}

/* State of the process (its leader's entry): home, creator, execs. */
HW_INLINE struct task_state *process_state(struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;

	return leader ? bpf_task_storage_get(&tasks, leader, NULL, 0) : NULL;
}

HW_INLINE struct task_state *process_state_make(struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;
	struct task_state *state = NULL;

	if (leader)
		state = bpf_task_storage_get(&tasks, leader, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!state)
		count_error(HW_PLACE_TASK_CREATE);
	return state;
}

/* The container a cgroup belongs to, 0: the host. */
HW_INLINE __u64 container_of_cgroup(__u64 cgroup)
{
	__u64 *container = bpf_map_lookup_elem(&containers, &cgroup);

	return container ? *container : 0;
}

/* Key of the process, exec count included; returns its state, NULL when it has none. */
HW_INLINE struct task_state *fill_program(struct hw_key *key, struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;
	struct task_state *state = NULL;

	key->start_ns = 0;
	key->tgid = task->tgid;
	key->execs = 0;
	if (!leader)
		return NULL;
	key->start_ns = leader->start_boottime;
	state = bpf_task_storage_get(&tasks, leader, NULL, 0);
	if (state)
		key->execs = state->execs;
	return state;
}

/*
 * The container of the cgroup the task is in. Of tasks without state only, so its loads may be slow: plain ones cost the
 * verifier dear (header.h), and home_of() is everywhere.
 */
HW_INLINE __u64 home_by_cgroup(struct task_struct *task)
{
	return container_of_cgroup(cgroup_v1 ? cgroup_id(identity_cgroup(task))
					     : BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id));
}

/* Is the home in `state` (which may be NULL) to be believed? Else it is inferred from the cgroup the task is in. */
HW_INLINE bool home_is_sure(const struct task_state *state)
{
	return state && (state->flags & (TASK_KNOWN | TASK_HOME_UNSURE)) == TASK_KNOWN;
}

HW_INLINE struct home_state *home_state(__u64 home)
{
	return bpf_map_lookup_elem(&homes, &home);
}

/* As home_state(), made when missing. */
HW_PART struct home_state *home_state_make(__u64 home)
{
	static const struct home_state fresh;
	struct home_state *state = bpf_map_lookup_elem(&homes, &home);

	if (state)
		return state;
	bpf_map_update_elem(&homes, &home, &fresh, BPF_NOEXIST);
	state = bpf_map_lookup_elem(&homes, &home);
	if (!state)
		count_error(HW_PLACE_HOME_FULL);
	return state;
}

/* The home of the process `task` belongs to. */
HW_INLINE __u64 home_of(struct task_struct *task)
{
	struct task_state *state = process_state(task);

	return home_is_sure(state) ? state->home : home_by_cgroup(task);
}

#endif
