/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * What was there before us. Read once at start, after the other programs are attached and user space has filled `containers`:
 * gives each task its state, counts it, and writes one hw_task per process. A task that forked meanwhile has its state from
 * process_fork.
 *
 * A process whose first thread has ended while others live is told of by the first of those that is met: the leader has no
 * memory, namespaces or cgroup of its own any more, but it is there, and holds the process's state.
 */
#include "observe/credential.h"
#include "observe/process.h"

#define KTHREADD 2 /* never in another namespace than the first */

/* Home, and the mark that makes `live` exact. True when the home is only what the cgroup says. */
HW_INLINE bool adopt(struct task_struct *task, struct task_state *state)
{
	bool inferred = !home_is_sure(state);
	__u64 home;

	if (state->counted_in != run_id)
		state->claims_seen = late_claims - 1; /* an earlier daemon's claims had other numbers */
	home = home_of(task);
	if (count_in(state, home, home_state_make(home)) && state->flags & TASK_SHADOW)
		/* of an earlier daemon: credentials may have changed, lawfully, while nobody looked */
		state->flags |= TASK_SHADOW_UNCERTAIN;
	return inferred;
}

/*
 * A process whose leader is over, met by one of its threads: its home, and the mark that nobody counts the leader any more.
 * False when it has been told of.
 */
HW_INLINE bool adopt_leaderless(struct task_struct *task, bool *inferred)
{
	struct task_state *process = process_state_make(task);

	if (!process || process->shown_in == run_id)
		return false;
	process->shown_in = run_id;
	*inferred = !home_is_sure(process);
	if (process->counted_in != run_id && process->counted_in != run_id + 1) {
		process->counted_in = run_id + 1;
		process->claims_seen = late_claims - 1;
	}
	home_settle(task, process);
	return true;
}

/* What is the leader's, over or not: the process's name, and its pid as it sees it. */
HW_INLINE void fill_leader(struct hw_task *r, struct task_struct *task)
{
	struct task_struct *leader = GET(task, group_leader);

	if (!leader)
		return;
	bpf_probe_read_kernel_str(r->h.comm, sizeof(r->h.comm), &leader->comm);
	fill_ns_pid(leader, NULL, &r->ns_pid);
}

/* The second run: what user space found out of namespaces and parents. */
HW_INLINE void correct(struct task_struct *task)
{
	struct task_state *state = process_state(task);
	struct hw_key key = {};
	__u64 *home;

	if (!state || (GET(task, pid) != GET(task, tgid) && !has_lost_leader(task)))
		return;
	fill_key(&key, task);
	home = bpf_map_lookup_elem(&homes_told, &key);
	if (home && *home != state->home)
		home_move(task, state, *home, live_tasks(task));
}

SEC("iter/task")
int snapshot_tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	bool leads, tells, inferred = true;
	struct task_state *state;
	struct hw_task *r;
	struct slot *slot;
	__u32 which;

	if (!task) /* once, at the end */
		snapshot_over = true;
	if (!task || GET(task, flags) & PF_EXITING || GET(task, exit_state))
		return 0;
	if (snapshot_corrects) {
		correct(task);
		return 0;
	}
	if (GET(task, pid) == KTHREADD)
		first_net_ns = BPF_CORE_READ(task, nsproxy, net_ns, ns.inum);
	leads = tells = GET(task, pid) == GET(task, tgid);
	if (!leads && has_lost_leader(task))
		tells = adopt_leaderless(task, &inferred);
	state = thread_state_make(task);
	if (state) {
		bool unsure = adopt(task, state);

		if (leads) {
			inferred = unsure;
			state->shown_in = run_id;
		}
		if (!(state->flags & TASK_SHADOW))
			adopt_credentials(task);
	}
	if (!tells)
		return 0;
	slot = slot_take(HW_TASK, sizeof(*r), &which);
	if (!slot)
		return 0;
	r = (void *)slot->record;
	fill_header_of(&r->h, task, HW_TASK, HW_BY_ITERATOR, sizeof(*r));
	r->h.syscall = -1; /* another task's registers say nothing certain */
	r->h.flags &= ~HW_F_COMPAT;
	fill_cred(&r->cred, REACH(task, real_cred));
	fill_process_key(&r->parent, GET(task, real_parent));
	fill_namespaces(&r->ns, task);
	fill_leader(r, task);
	r->sid = session_of(task);
	r->pgid = group_of(task);
	r->tty = terminal_of(task);
	r->no_new_privs = no_new_privs(task);
	r->seccomp = seccomp_mode(task);
	r->sessionid = audit_session(task);
	r->exe_flags = exe_flags_of(exe_inode(task));
	r->home_inferred = inferred;
	bpf_seq_write(ctx->meta->seq, slot->record, sizeof(*r));
	slot_drop(slot);
	return 0;
}
