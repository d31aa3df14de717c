/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* What every record says of the process that acted: hw_header and the ancestors of critical records. */
#ifndef HULLWATCH_HEADER_H
#define HULLWATCH_HEADER_H

#include "facts.h"
#include "state.h"

HW_INLINE void fill_exe_identity(struct hw_header *h, struct task_struct *task)
{
	struct mm_struct *mm = task->mm;
	struct file *exe;
	struct inode *inode;

	if (!mm)
		return; /* a kernel thread, or already exiting: user space knows the exe from the exec */
	exe = mm->exe_file;
	if (!exe)
		return;
	inode = exe->f_inode;
	if (!inode)
		return;
	h->exe_ino = inode->i_ino;
	h->exe_dev = device_of(inode);
}

/* Key, creator and home of the process: from its state, else inferred. Returns the home. */
HW_INLINE __u64 fill_identity(struct hw_header *h, struct task_struct *task)
{
	struct task_state *state = process_state(task);

	fill_key(&h->process, task);
	h->cgroup = cgroup_id(identity_cgroup(task));
	if (state) {
		h->process.execs = state->execs;
		h->creator = state->creator;
		if (state->setup_mnt)
			h->flags |= HW_F_RUNTIME_SETUP;
	} else {
		count_error(HW_PLACE_TASK_STATE);
	}
	if (home_is_sure(state)) {
		h->home = state->home;
	} else {
		h->flags |= HW_F_HOME_INFERRED;
		h->home = container_of_cgroup(h->cgroup);
	}
	return h->home;
}

/*
 * Fills a zeroed header for `task`, a BTF pointer to the thread that acts (nearly always current). `size` is that of the whole
 * record; a record with a tail sets it again when it is complete.
 */
HW_PART void fill_header(struct hw_header *h, struct task_struct *task, __u32 kind, __u32 provider, __u32 size)
{
	const struct cred *cred = task->real_cred;
	struct home_state *home;

	h->size = size;
	h->kind = kind;
	h->provider = provider;
	h->time_ns = bpf_ktime_get_boot_ns();
	h->syscall = syscall_number(task);
	if (compat_call(task))
		h->flags |= HW_F_COMPAT;
	if (task->flags & PF_IO_WORKER)
		h->flags |= HW_F_IO_WORKER;
	home = home_state(fill_identity(h, task));
	if (home && home->counts.bursting)
		h->flags |= HW_F_IN_BURST;
	fill_exe_identity(h, task);
	h->tid = task->pid;
	h->uid = cred->uid.val;
	h->euid = cred->euid.val;
	h->gid = cred->gid.val;
	h->loginuid = loginuid(task);
	bpf_probe_read_kernel_str(h->comm, sizeof(h->comm), &task->comm);
}

HW_INLINE bool fill_ancestor(struct hw_ancestor *out, struct task_struct *task)
{
	struct task_state *state;

	if (!task || task->pid == 0)
		return false;
	fill_key(&out->key, task);
	state = process_state(task);
	if (state)
		out->key.execs = state->execs;
	bpf_probe_read_kernel_str(out->comm, sizeof(out->comm), &task->comm);
	return true;
}

/*
 * The three nearest ancestors by real_parent, which is what is alive; creators that are gone, or were skipped by CLONE_PARENT,
 * are found by user space through header.creator. `out` is zeroed.
 */
HW_PART void fill_ancestors(struct hw_ancestor *out, struct task_struct *task)
{
	struct task_struct *parent = task->real_parent;

	if (!fill_ancestor(&out[0], parent))
		return;
	parent = parent->real_parent;
	if (!fill_ancestor(&out[1], parent))
		return;
	parent = parent->real_parent;
	fill_ancestor(&out[2], parent);
}

#endif
