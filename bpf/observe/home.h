/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Homes: which container a process belongs to for good, and the exact counts of each.
 *
 * Until its first exec in another mount namespace than that of who placed it, a process runs the runtime's code (setup_mnt).
 *
 * A home is inherited at fork. Only a task whose own home is the host, or a trusted runtime's container, gives another home: by
 * placing a child (clone3 with CLONE_INTO_CGROUP) or by writing into cgroup.procs. What any other container does with cgroups
 * never changes a home.
 */
#ifndef HULLWATCH_OBSERVE_HOME_H
#define HULLWATCH_OBSERVE_HOME_H

#include "observe/budget.h"

/* The home of a process that forks or execs, inferred from its cgroup, if it has none: for good once cgroups are known. */
HW_INLINE void home_settle(struct task_struct *task, struct task_state *state)
{
	bool known = containers_known; /* before the look-up: they may become known meanwhile */

	if (home_is_sure(state))
		return;
	state->home = home_by_cgroup(task);
	state->flags |= TASK_KNOWN | TASK_HOME_UNSURE;
	if (known)
		state->flags &= ~TASK_HOME_UNSURE;
}

/* A fork, with what its parts look up once for all of them. */
struct forked {
	struct task_state *process; /* of the parent's process, and of the child; NULL: it has none */
	struct task_state *state;
	__u64 home; /* of the child */
	struct home_state *counts;
	bool thread; /* of the parent's process */
	bool placed; /* in another cgroup than its parent's */
};

/* State for a new task. On kernels without task storage a home gets no more than its share. */
HW_INLINE struct task_state *state_at_fork(struct task_struct *parent, struct task_struct *child)
{
	if (!HW_MODERN) {
		__u64 home = home_of(parent);
		struct home_state *counts_of_home = home ? home_state(home) : NULL;

		if (counts_of_home && counts_of_home->counts.live >= TASKS_OF_HOME) {
			count_error(HW_PLACE_TASK_CREATE);
			return NULL;
		}
	}
	return thread_state_make(child);
}

/*
 * Home and count of a new task. The iterator may have met it already, and taken its cgroup's word: counted in the home that the
 * state has then. Before cgroups were `known` forks are not counted: the iterator comes for those that live then.
 */
HW_INLINE void count_forked(const struct forked *fork, bool known)
{
	bool counted = known && count_in(fork->state, fork->home, fork->counts);
	__u64 before = home_exchange(fork->state, fork->home);

	if (known && !counted && fork->counts && before != fork->home && !fork->thread)
		move_count(before, fork->home, 1);
}

/* State of a new task, before it runs; its credentials are inherited later (credential.h). */
HW_INLINE void home_inherit(struct forked *fork, struct task_struct *parent, struct task_struct *child)
{
	struct task_state *state = fork->state, *process = fork->process;
	__u32 setup_mnt = process ? process->setup_mnt : 0;
	bool known = containers_known; /* before any of them is looked up */

	if (process)
		home_settle(parent, process);
	fork->home = home_by(parent, process);
	if (!fork->thread && fork->placed && home_places(fork->home)) {
		fork->home = home_by_cgroup(child);
		setup_mnt = mnt_ns_of(parent);
	}
	fork->counts = home_state_make(fork->home);
	if (!state)
		return;
	count_forked(fork, known);
	state->claims_seen = process ? process->claims_seen : 0;
	state->setup_mnt = setup_mnt;
	if (!home_is_sure(process))
		state->flags |= TASK_HOME_UNSURE;
	if (fork->thread && process) {
		state->creator = process->creator;
		state->execs = process->execs;
	} else {
		fill_key(&state->creator, parent);
		if (process)
			state->creator.execs = process->execs;
	}
}

HW_INLINE void home_count_fork(const struct forked *fork, __u64 now)
{
	struct home_state *state = fork->counts;
	struct task_state *process = fork->process;

	if (!state)
		return;
	burst_roll(fork->home, state, now);
	__sync_fetch_and_add(&state->counts.forks, 1);
	__sync_fetch_and_add(&state->counts.window_forks, 1);
	state->counts.last_fork_ns = now;
	if (process && process->fork_window_ns != state->counts.window_start_ns) {
		process->fork_window_ns = state->counts.window_start_ns;
		__sync_fetch_and_add(&state->counts.creators, 1);
		__sync_fetch_and_add(&state->counts.creators_total, 1);
	}
	burst_check(fork->home, state);
}

HW_INLINE struct home_state *home_count_exit(struct task_struct *task, struct task_state *process, __u64 home, __u64 now)
{
	struct home_state *state = home_state_make(home);
	struct task_state *thread = NULL;

	if (!state)
		return NULL;
	if (!snapshot_over)
		thread = state_of(task, true); /* made for the iterator to see that it comes too late */
	else if (GET(task, pid) == GET(task, tgid))
		thread = process;
	else
		thread = thread_state(task);
	burst_roll(home, state, now);
	__sync_fetch_and_add(&state->counts.exits, 1);
	__sync_fetch_and_add(&state->counts.window_exits, 1);
	if (thread && count_out(thread))
		__sync_fetch_and_add(&state->counts.live, -1);
	return state;
}

/* Of a process that its exec finds in a container: the runtime's while it shares the mounts of a parent that is the host's. */
HW_INLINE __u32 setup_mnt_at_exec(struct task_struct *task)
{
	struct task_struct *parent = GET(task, real_parent);
	__u32 mnt_ns = mnt_ns_of(task);

	return parent && !home_of(parent) && mnt_ns_of(parent) == mnt_ns ? mnt_ns : 0;
}

/*
 * At exec, where current is the leader: counts it in the process's state and in its home, which is returned. When another
 * thread called, the old leader's state went with it: the caller's copy is of its own birth, true but for a home given since.
 * Global: verified once, or the verifier would go through the rest of the program for each of its ways.
 */
__weak __noinline __u64 home_at_exec(__u32 from_thread)
{
	struct task_struct *task = current_task();
	struct task_state *state = thread_state_make(task);
	__u64 container = container_of_cgroup(current_cgroup(task)), id;
	struct home_state *home;

	if (state) {
		struct hw_key key = {};
		__u64 *moved;

		fill_key(&key, task);
		moved = from_thread ? bpf_map_lookup_elem(&rehomed, &key) : NULL;
		if (moved)
			state->home = *moved;
		home_settle(task, state);
		/* its cgroup may have been recognised as a container's only after it got there */
		if (!state->home && container) {
			home_move(task, state, container, live_tasks(task));
			if (!state->setup_mnt) /* how it was placed was not seen */
				state->setup_mnt = setup_mnt_at_exec(task);
		}
		/* a runtime re-execs itself where it came from; the container's own program starts in the container's mounts */
		if (state->setup_mnt && mnt_ns_of(task) != state->setup_mnt)
			state->setup_mnt = 0;
		state->execs++;
	}
	id = home_by(task, state);
	home = home_state_make(id);
	if (home)
		__sync_fetch_and_add(&home->counts.execs, 1);
	return id;
}

#endif
