/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Life of processes, on the scheduler's tracepoints: there on every kernel, once per process, nothing on the system-call path.
 *
 * sched_process_fork: the child exists and does not run yet, so its state is ready before its first event.
 * sched_process_exec: the new program is in place and no other thread lives: argv and exe cannot be changed under us.
 * sched_process_exit: once per thread; the process is over with the last one, which need not be its leader.
 */
#include "observe/cgroup.h"
#include "observe/process.h"
#include "relief.h"

HW_INLINE int forks(struct task_struct *parent, struct task_struct *child)
{
	struct forked fork = {};
	struct home_state *home;
	struct hw_fork *r;
	bool reduced;
	__u64 now;

	if (!takes_turn(parent, TURN_FORK, GET(child, start_boottime)))
		return 0;
	fork.process = process_state_make(parent);
	fork.state = state_at_fork(parent, child);
	fork.thread = GET(child, pid) != GET(child, tgid);
	fork.placed = is_placed(parent, child);
	home_inherit(&fork, parent, child);
	now = bpf_ktime_get_boot_ns();
	home_count_fork(&fork, now);
	if (fork.thread)
		return 0;
	if (fork.home && fork.placed)
		send_placed_child(parent, child, fork.home);
	home = fork.counts;
	reduced = home && is_reduced(home);
	if (reduced && is_held_back(home, fork.home, HW_FORK, fork_room(parent, child), &home->fork_sample_ns, now)) {
		if (fork.state)
			fork.state->flags |= TASK_UNTOLD;
		return 0;
	}
	if (home)
		budget_charge(home, now, sizeof(*r));
	r = EMIT_RESERVE(HW_FORK, struct hw_fork);
	if (!r)
		return 0;
	fill_bulk_header(&r->h, fork.process, fork.placed ? NULL : home, HW_FORK, now);
	r->h.size = sizeof(*r);
	if (reduced)
		r->h.flags |= HW_F_REDUCED;
	fill_fork(r, parent, child, &fork);
	emit_submit(HW_FORK, r);
	return 0;
}

/* trace_sched_process_fork(struct task_struct *parent, struct task_struct *child): in the parent, who is current */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *parent, struct task_struct *child)
{
	return forks(parent, child);
}
SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork_relief, struct task_struct *parent, struct task_struct *child)
{
	return forks(parent, child);
}

HW_INLINE int execs(struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct home_state *home;
	struct hw_exec *r;
	struct slot *slot;
	__u32 which, flags;
	bool reduced;
	__u64 id;

	/* each exec has a new address space, made while the one before is there */
	if (!takes_turn(task, TURN_EXEC, (__u64)REACH(task, mm)))
		return 0;
	flags = exe_flags_at_exec();
	state_at_exec(task, (__u32)old_pid);
	id = home_at_exec(old_pid != GET(task, pid));
	home = home_state(id);
	reduced = home && is_reduced(home);
	if (reduced && is_held_back(home, id, HW_EXEC, exec_room(id, flags, is_secure(bprm)), &home->exec_sample_ns,
				    bpf_ktime_get_boot_ns()))
		return 0;
	slot = slot_take(HW_EXEC, sizeof(*r), &which);
	if (!slot)
		return 0;
	r = (void *)slot->record;
	fill_bulk_header(&r->h, thread_state(task), home, HW_EXEC, bpf_ktime_get_boot_ns()); /* it is its own leader now */
	if (reduced) {
		r->h.flags |= HW_F_REDUCED;
		fill_ancestors(r->ancestors);
	}
	if (GET(bprm, interp) != GET(bprm, filename))
		flags |= HW_EXE_SCRIPT;
	fill_exec_process(r, flags);
	r->secureexec = is_secure(bprm);
	fill_exec_tail(slot, which, task, bprm);
	if (home)
		budget_charge(home, r->h.time_ns, slot->used);
	slot_send(slot, HW_EXEC);
	return 0;
}

/* trace_sched_process_exec(struct task_struct *p, pid_t old_pid, struct linux_binprm *bprm): p is current, now leader of its
 * group */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	return execs(task, old_pid, bprm);
}
SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec_relief, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	return execs(task, old_pid, bprm);
}

HW_INLINE void process_over(struct task_struct *task, struct task_state *process, struct home_state *home, __u64 id, __u64 now)
{
	bool reduced = home && is_reduced(home);
	struct hw_exit *r;

	if (reduced && is_held_back(home, id, HW_EXIT, exit_room(process), &home->exit_sample_ns, now))
		return;
	if (home)
		budget_charge(home, now, sizeof(*r));
	r = EMIT_RESERVE(HW_EXIT, struct hw_exit);
	if (!r)
		return;
	fill_bulk_header(&r->h, process, home, HW_EXIT, now);
	r->h.size = sizeof(*r);
	if (reduced)
		r->h.flags |= HW_F_REDUCED;
	fill_exit(r, task);
	emit_submit(HW_EXIT, r);
}

HW_INLINE int exits(struct task_struct *task)
{
	struct task_state *process;
	struct home_state *home;
	__u64 now, id;

	if (!takes_turn(task, TURN_EXIT, 1))
		return 0;
	process = process_state(task);
	now = bpf_ktime_get_boot_ns();
	id = home_by(task, process);
	home = home_count_exit(task, process, id, now);
	if (GET(REACH(task, signal), live.counter) == 0)
		process_over(task, process, home, id, now);
	state_end(task);
	return 0;
}

/* trace_sched_process_exit(struct task_struct *p[, bool group_dead since 6.17]): p is current, still has its mm */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
	return exits(task);
}
SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit_relief, struct task_struct *task)
{
	return exits(task);
}
