/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * What every record says of the process that acted: hw_header and the ancestors of critical records.
 *
 * Nearly always current acts, and for it both are global functions: verified once in a program, not in each state of each
 * caller. That matters more than their length: since 6.3 every load of a pointer from a task makes the verifier search all of
 * the kernel's type names up to four times (0.2 ms each), which was three quarters of the start-up time.
 */
#ifndef HULLWATCH_HEADER_H
#define HULLWATCH_HEADER_H

#include "facts.h"
#include "state.h"

HW_INLINE void fill_exe_identity(struct hw_header *h, struct task_struct *task)
{
	struct mm_struct *mm = REACH(task, mm);
	struct file *exe;
	struct inode *inode;

	if (!mm)
		return; /* a kernel thread, or already exiting: user space knows the exe from the exec */
	exe = GET(mm, exe_file);
	if (!exe)
		return;
	inode = GET(exe, f_inode);
	if (!inode)
		return;
	h->exe_ino = GET(inode, i_ino);
	h->exe_dev = device_of(inode);
}

/* Key, creator and home of the process: from its state, else inferred. Returns the home. */
HW_INLINE __u64 put_identity(struct hw_header *h, struct task_struct *task, struct task_struct *leader,
			     struct task_state *state)
{
	h->process.tgid = GET(task, tgid);
	if (leader)
		h->process.start_ns = GET(leader, start_boottime);
	if (home_is_sure(state)) {
		h->home = home_in(task, state);
	} else {
		h->flags |= HW_F_HOME_INFERRED;
		h->home = container_of_cgroup(h->cgroup);
	}
	if (leader && (!state || state->flags & TASK_UNTOLD)) {
		__u32 ns_pid = 0;

		fill_ns_pid(leader, NULL, &ns_pid);
		h->ns_pid = ns_pid;
	}
	if (state) {
		h->process.execs = state->execs;
		h->creator = state->creator;
		if (state->flags & TASK_UNTOLD)
			state->flags &= ~TASK_UNTOLD;
		if (state->setup_mnt && h->home)
			h->flags |= HW_F_RUNTIME_SETUP;
	} else {
		count_error(HW_PLACE_TASK_STATE);
	}
	return h->home;
}

/* All but who it is. */
HW_INLINE void put_facts(struct hw_header *h, struct task_struct *task, __u32 kind, __u32 provider, __u32 size, __u64 now)
{
	const struct cred *cred = REACH(task, real_cred);

	h->size = size;
	h->kind = kind;
	h->provider = provider;
	h->time_ns = now;
	h->syscall = syscall_number(task);
	if (compat_call(task))
		h->flags |= HW_F_COMPAT;
	if (GET(task, flags) & PF_IO_WORKER)
		h->flags |= HW_F_IO_WORKER;
	h->tid = GET(task, pid);
	h->uid = GET(cred, uid.val);
	h->euid = GET(cred, euid.val);
	h->gid = GET(cred, gid.val);
	h->loginuid = loginuid(task);
	put_comm(h->comm, task);
	fill_exe_identity(h, task);
}

HW_INLINE void put_header(struct hw_header *h, struct task_struct *task, __u32 kind, __u32 provider, __u32 size)
{
	struct task_struct *leader = GET(task, group_leader);
	struct home_state *home;

	put_facts(h, task, kind, provider, size, bpf_ktime_get_boot_ns());
	h->cgroup = cgroup_id(identity_cgroup(task));
	home = home_state(put_identity(h, task, leader, leader ? state_of(leader, false) : NULL));
	if (home && home->counts.bursting)
		h->flags |= HW_F_IN_BURST;
	if (home && kind >= HW_CREDENTIAL && kind < HW_TASK)
		__sync_fetch_and_add(&home->counts.critical_sent, 1);
}

/*
 * Fills a zeroed header for current. `size` is that of the whole record; a record with a tail sets it again when it is
 * complete.
 */
__weak __noinline int fill_header(struct hw_header *h, __u32 kind, __u32 provider, __u32 size)
{
	if (h)
		put_header(h, current_task(), kind, provider, size);
	return 0;
}

/*
 * As fill_header(), of a bulk record, by a program that has looked up the state of the process already (NULL: it has none), and
 * what is counted of its home (NULL: to be looked up). Sets no size.
 */
__weak __noinline int fill_bulk_header(struct hw_header *h, struct task_state *state, struct home_state *home, __u32 kind,
				       __u64 now)
{
	struct task_struct *task = current_task();

	if (!h)
		return 0;
	put_facts(h, task, kind, HW_BY_ALWAYS, 0, now);
	h->cgroup = current_cgroup(task);
	put_identity(h, task, GET(task, group_leader), state);
	if (!home)
		home = home_state(h->home);
	if (home && home->counts.bursting)
		h->flags |= HW_F_IN_BURST;
	return 0;
}

/* As fill_header(), of another task: a BTF pointer. */
HW_PART void fill_header_of(struct hw_header *h, struct task_struct *task, __u32 kind, __u32 provider, __u32 size)
{
	put_header(h, task, kind, provider, size);
}

HW_INLINE bool fill_ancestor(struct hw_ancestor *out, struct task_struct *task)
{
	if (!task || GET(task, pid) == 0)
		return false;
	fill_program(&out->key, task);
	put_comm(out->comm, task);
	return true;
}

HW_INLINE void put_ancestors(struct hw_ancestor *out, struct task_struct *task)
{
	struct task_struct *parent = GET(task, real_parent);

	if (!fill_ancestor(&out[0], parent))
		return;
	parent = GET(parent, real_parent);
	if (!fill_ancestor(&out[1], parent))
		return;
	parent = GET(parent, real_parent);
	fill_ancestor(&out[2], parent);
}

/* A type of its own: a global function may touch as much of its argument as the type is long. */
struct ancestors {
	struct hw_ancestor nearest[HW_ANCESTORS];
};

__weak __noinline int fill_ancestors_of_current(struct ancestors *out)
{
	if (out)
		put_ancestors(out->nearest, current_task());
	return 0;
}

/*
 * Current's three nearest ancestors by real_parent, which is what is alive; creators that are gone, or were skipped by
 * CLONE_PARENT, are found by user space through header.creator. `out` is zeroed.
 */
HW_INLINE void fill_ancestors(struct hw_ancestor *out)
{
	fill_ancestors_of_current((struct ancestors *)out);
}

/* As fill_ancestors(), of another task. */
HW_PART void fill_ancestors_of(struct hw_ancestor *out, struct task_struct *task)
{
	put_ancestors(out, task);
}

#endif
