/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* What tasks remember: lookups in `tasks`, `containers`, `homes`. */
#ifndef HULLWATCH_STATE_H
#define HULLWATCH_STATE_H

#include "facts.h"

/* Does the process `task` belongs to outlive its first thread? That one stays until the last has ended, and so does its state.
 */
HW_INLINE bool has_lost_leader(struct task_struct *task)
{
	struct task_struct *leader = GET(task, group_leader);

	return leader && GET(leader, flags) & PF_EXITING && GET(REACH(task, signal), live.counter) > 0;
}

HW_PART struct task_state *state_by_id(struct task_struct *task, bool make)
{
	static const struct task_by_id empty;
	__u64 start = GET(task, start_boottime);
	__u32 tid = GET(task, pid);
	struct task_by_id *entry = bpf_map_lookup_elem(&tasks_by_id, &tid);

	if (entry && entry->start_ns == start)
		return &entry->state;
	if (!make)
		return NULL;
	if (GET(task, flags) & PF_EXITING && (tid != (__u32)GET(task, tgid) || !has_lost_leader(task)))
		return NULL; /* nobody would take it away */
	bpf_map_update_elem(&tasks_by_id, &tid, &empty, BPF_ANY);
	entry = bpf_map_lookup_elem(&tasks_by_id, &tid);
	if (!entry)
		return NULL;
	entry->start_ns = start;
	return &entry->state;
}

/* State of the very thread; `make` is a constant. */
HW_INLINE struct task_state *state_of(struct task_struct *task, bool make)
{
	if (HW_MODERN)
		return bpf_task_storage_get(&tasks, task, NULL, make ? BPF_LOCAL_STORAGE_GET_F_CREATE : 0);
	return state_by_id(task, make);
}

/* The thread is over. Its leader's state is the process's, and stays until the last thread is. Task storage does so itself. */
HW_INLINE void state_end(struct task_struct *task)
{
	__u32 tid = GET(task, pid), leader = GET(task, tgid);

	if (HW_MODERN)
		return;
	if (tid != leader)
		bpf_map_delete_elem(&tasks_by_id, &tid);
	if (GET(REACH(task, signal), live.counter) == 0)
		bpf_map_delete_elem(&tasks_by_id, &leader);
}

/* A thread that was not the leader has exec'ed: it has the leader's id now, and brings its own state. */
HW_INLINE void state_at_exec(struct task_struct *task, __u32 old_tid)
{
	struct task_by_id *entry;
	__u32 tid = GET(task, pid);

	if (HW_MODERN || old_tid == tid)
		return;
	entry = bpf_map_lookup_elem(&tasks_by_id, &old_tid);
	if (entry) {
		entry->start_ns = GET(task, start_boottime);
		bpf_map_update_elem(&tasks_by_id, &tid, entry, BPF_ANY);
		bpf_map_delete_elem(&tasks_by_id, &old_tid);
	}
}

/* State of this thread, NULL when it has none. Credentials (shadow) live here. */
HW_INLINE struct task_state *thread_state(struct task_struct *task)
{
	return state_of(task, false);
}

/* As thread_state(), made when missing. NULL is counted: memory pressure, or a program interrupted another inside the map. */
HW_INLINE struct task_state *thread_state_make(struct task_struct *task)
{
	struct task_state *state = state_of(task, true);

	if (!state)
		count_error(HW_PLACE_TASK_CREATE);
	return state;
}

/* State of the process (its leader's entry): home, creator, execs. */
HW_INLINE struct task_state *process_state(struct task_struct *task)
{
	struct task_struct *leader = GET(task, group_leader);

	return leader ? state_of(leader, false) : NULL;
}

HW_INLINE struct task_state *process_state_make(struct task_struct *task)
{
	struct task_struct *leader = GET(task, group_leader);
	struct task_state *state = NULL;

	if (leader)
		state = state_of(leader, true);
	if (!state)
		count_error(HW_PLACE_TASK_CREATE);
	return state;
}

/* Is current the watchdog, or its child? Asked only where a record would be held back. */
HW_INLINE bool is_canary(void)
{
	struct task_struct *task = current_task();

	return canary_tgid && (GET(task, tgid) == canary_tgid || BPF_CORE_READ(task, real_parent, tgid) == canary_tgid);
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
	struct task_struct *leader = GET(task, group_leader);
	struct task_state *state = NULL;

	key->start_ns = 0;
	key->tgid = GET(task, tgid);
	key->execs = 0;
	if (!leader)
		return NULL;
	key->start_ns = GET(leader, start_boottime);
	state = state_of(leader, false);
	if (state)
		key->execs = state->execs;
	return state;
}

/* The container of the cgroup the task is in. */
HW_INLINE __u64 home_by_cgroup(struct task_struct *task)
{
	return container_of_cgroup(cgroup_id(identity_cgroup(task)));
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
HW_INLINE struct home_state *home_state_find_or_make(__u64 home)
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

HW_PART struct home_state *home_state_make(__u64 home)
{
	return home_state_find_or_make(home);
}

/* NULL: nobody else can decide now, or (before 5.17) tracing programs have no lock, and two may: off by one, then. */
HW_INLINE struct decision *the_decision(void)
{
	__u32 zero = 0;

	return HW_MODERN && !snapshot_over ? bpf_map_lookup_elem(&decisions, &zero) : NULL;
}

/*
 * Counts the task among the living of `home`, whose `counts` these are; it becomes its state's if that has none for sure. While
 * the snapshot is taken, its fork, its end and the iterator may do so at once on three CPUs: the first one decides. False: it
 * is counted, or over.
 */
HW_INLINE bool count_in(struct task_state *state, __u64 home, struct home_state *counts)
{
	struct decision *decision = the_decision();
	bool mine;

	if (!counts)
		return false;
	if (HW_MODERN && decision)
		bpf_spin_lock(&decision->lock);
	mine = state->counted_in != run_id && state->counted_in != run_id + 1;
	if (mine) {
		state->counted_in = run_id;
		if (!home_is_sure(state)) {
			state->home = home;
			state->flags = (state->flags | TASK_KNOWN) & ~TASK_HOME_UNSURE;
		}
	}
	if (HW_MODERN && decision)
		bpf_spin_unlock(&decision->lock);
	if (mine)
		__sync_fetch_and_add(&counts->counts.live, 1);
	return mine;
}

/* The task is over: never again counted in. True when it was, and so has to be taken from its home's living. */
HW_INLINE bool count_out(struct task_state *state)
{
	struct decision *decision = the_decision();
	bool counted;

	if (HW_MODERN && decision)
		bpf_spin_lock(&decision->lock);
	counted = state->counted_in == run_id;
	state->counted_in = run_id + 1;
	if (HW_MODERN && decision)
		bpf_spin_unlock(&decision->lock);
	return counted;
}

/* Gives the state a home, for sure; returns the one it had. */
HW_INLINE __u64 home_exchange(struct task_state *state, __u64 home)
{
	__u64 before = state->home;

	state->home = home;
	state->flags = (state->flags | TASK_KNOWN) & ~TASK_HOME_UNSURE;
	return before;
}

/* Of `live` tasks that are counted. */
HW_INLINE void move_count(__u64 from, __u64 to, __s64 live)
{
	struct home_state *old = home_state(from), *now = home_state_find_or_make(to);

	if (old)
		__sync_fetch_and_add(&old->counts.live, -live);
	if (now)
		__sync_fetch_and_add(&now->counts.live, live);
}

/* Of the process `task` belongs to. */
HW_INLINE __s64 live_tasks(struct task_struct *task)
{
	return BPF_CORE_READ(task, signal, live.counter);
}

/*
 * Are the tasks of this process in the counts? Before the snapshot none is; a first thread that has ended is out of them, and
 * nothing follows of the others until the snapshot is over.
 */
HW_INLINE bool is_counted(const struct task_state *process)
{
	return process->counted_in == run_id || (snapshot_over && process->counted_in == run_id + 1);
}

/*
 * Gives the process `task` belongs to another home and moves its `live` tasks with it: live_tasks(). A thread between the
 * decrement of signal->live and its exit tracepoint at this moment is counted out of the new home without having been counted
 * in: off by one, and only then. No lock: a socket filter comes here, too, and may take none.
 */
HW_INLINE void home_move(struct task_struct *task, struct task_state *state, __u64 home, __s64 live)
{
	/* no call: the chain that leads here has used up its 512 bytes of frames (below 6.13) */
	__u64 before = home_exchange(state, home);

	if (before != home && is_counted(state))
		move_count(before, home, live);
	/* a thread with a copy of the home that was; or the leader is over, and so is not among the living */
	if (live > 1 || GET(task, pid) != GET(task, tgid) || GET(task, flags) & PF_EXITING) {
		struct hw_key key = {};

		fill_key(&key, task);
		bpf_map_update_elem(&rehomed, &key, &home, BPF_ANY);
	}
}

/*
 * A container whose cgroup's name says nothing is recognised by user space, after its first process was placed: that process is
 * still taken for the host's. Each such recognition raises late_claims, and whoever has home 0 looks at its cgroup once more:
 * one lookup a process and claim, a comparison otherwise.
 */
HW_PART __u64 home_look_again(struct task_struct *task, struct task_state *state)
{
	__u64 home;

	state->claims_seen = late_claims; /* before the lookup: a claim meanwhile is looked at next time */
	home = home_by_cgroup(task);
	if (home)
		home_move(task, state, home, live_tasks(task) + (GET(task, flags) & PF_EXITING ? 1 : 0));
	return home;
}

/* The home in `state`, which is sure, of the process `task` belongs to. */
HW_INLINE __u64 home_in(struct task_struct *task, struct task_state *state)
{
	if (state->home || state->claims_seen == late_claims)
		return state->home;
	return home_look_again(task, state);
}

/* The home of the process `task` belongs to, whose state this is; it may be NULL. */
HW_INLINE __u64 home_by(struct task_struct *task, struct task_state *state)
{
	return home_is_sure(state) ? home_in(task, state) : home_by_cgroup(task);
}

/* The home of the process `task` belongs to. */
HW_INLINE __u64 home_of(struct task_struct *task)
{
	return home_by(task, process_state(task));
}

/* May processes of this home place others? The host's may, and containers that are trusted to. */
HW_INLINE bool home_places(__u64 home)
{
	return !home || bpf_map_lookup_elem(&trusted_homes, &home);
}

#endif
