/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * What was there before us. Read once at start, after the other programs are attached and user space has filled `containers`:
 * gives each task its state, counts it, and writes one hw_task per process. A task that forked meanwhile has its state from
 * process_fork.
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

/* The second run: what user space found out of namespaces and parents. */
HW_INLINE void correct(struct task_struct *task)
{
	struct task_state *state = thread_state(task);
	struct hw_key key = {};
	__u64 *home;

	if (!state || GET(task, pid) != GET(task, tgid))
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
	struct task_state *state;
	struct hw_task *r;
	struct slot *slot;
	bool inferred = true;
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
	state = thread_state_make(task);
	if (state)
		inferred = adopt(task, state);
	if (state && !(state->flags & TASK_SHADOW))
		adopt_credentials(task);
	if (GET(task, pid) != GET(task, tgid))
		return 0;
	slot = slot_take(HW_TASK, sizeof(*r), &which);
	if (!slot)
		return 0;
	r = (void *)slot->record;
	fill_header_of(&r->h, task, HW_TASK, HW_BY_ITERATOR, sizeof(*r));
	r->h.syscall = -1; /* another task's registers say nothing certain */
	r->h.flags &= ~HW_F_COMPAT;
	fill_cred(&r->cred, GET(task, real_cred));
	fill_process_key(&r->parent, GET(task, real_parent));
	fill_namespaces(&r->ns, task);
	fill_ns_pid(task, NULL, &r->ns_pid);
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
