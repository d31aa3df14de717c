/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Facts of a task, read from the kernel's own structures by plain loads (BTF pointers) where possible: about 1 ns each, a
 * bpf_probe_read_kernel 15. Programs that hold no BTF pointer get one from bpf_get_current_task_btf() (5.11).
 */
#ifndef HULLWATCH_FACTS_H
#define HULLWATCH_FACTS_H

#include "maps.h"

HW_INLINE __u32 device_of(struct inode *inode)
{
	struct super_block *sb = GET(inode, i_sb);

	return sb ? GET(sb, s_dev) : 0;
}

/* The name, up to its NUL, which the kernel keeps in the last byte at least; what is behind it means nothing. A third of the
 * price of reading a string. */
HW_INLINE void put_comm(char *comm, struct task_struct *task)
{
	bpf_probe_read_kernel(comm, HW_COMM_LEN, &task->comm);
}

/* The process key without the exec count, which is in its state. */
HW_INLINE void fill_key(struct hw_key *key, struct task_struct *task)
{
	key->tgid = GET(task, tgid);
	key->start_ns =
	    GET(task, pid) == GET(task, tgid) ? GET(task, start_boottime) : BPF_CORE_READ(task, group_leader, start_boottime);
	key->execs = 0;
}

/* `cred` may be any pointer to a cred, a BTF one or one that was read. */
HW_PART void fill_cred(struct hw_cred *out, const struct cred *cred)
{
	struct user_namespace *user_ns;

	/* uid … securebits and the five sets are neighbours in the kernel, in the record, and in this order (since 4.3) */
	bpf_probe_read_kernel(&out->uid, 9 * sizeof(__u32), &cred->uid);
	bpf_probe_read_kernel(&out->cap_inheritable, 5 * sizeof(__u64), &cred->cap_inheritable);
	user_ns = BPF_CORE_READ(cred, user_ns);
	out->userns = BPF_CORE_READ(user_ns, ns.inum);
	out->userns_level = (__u32)BPF_CORE_READ(user_ns, level);
	out->userns_owner = BPF_CORE_READ(user_ns, owner.val);
}

/* A capability set of a cred that is a BTF pointer. Before 6.3 it is two words of 32 bits, which no plain load of 64 may span.
 */
#define CAP_SET(cred, set)                                                                                                     \
	(bpf_core_field_exists((cred)->set.val) ? (cred)->set.val                                                              \
						: (GET((const struct cred___words *)(cred), set.cap[0]) |                      \
						   (__u64)GET((const struct cred___words *)(cred), set.cap[1]) << 32))

/* As fill_cred(), for a cred that is a BTF pointer: plain loads, a tenth of the price. */
HW_INLINE void read_cred(struct hw_cred *out, const struct cred *cred)
{
	struct user_namespace *user_ns;

	if (!HW_MODERN) {
		fill_cred(out, cred);
		return;
	}
	out->uid = cred->uid.val;
	out->gid = cred->gid.val;
	out->suid = cred->suid.val;
	out->sgid = cred->sgid.val;
	out->euid = cred->euid.val;
	out->egid = cred->egid.val;
	out->fsuid = cred->fsuid.val;
	out->fsgid = cred->fsgid.val;
	out->securebits = cred->securebits;
	out->cap_inheritable = CAP_SET(cred, cap_inheritable);
	out->cap_permitted = CAP_SET(cred, cap_permitted);
	out->cap_effective = CAP_SET(cred, cap_effective);
	out->cap_bounding = CAP_SET(cred, cap_bset);
	out->cap_ambient = CAP_SET(cred, cap_ambient);
	user_ns = cred->user_ns;
	out->userns = user_ns->ns.inum;
	out->userns_level = (__u32)user_ns->level;
	out->userns_owner = user_ns->owner.val;
}

/* Pid namespace and pid of the task as it sees itself. */
HW_INLINE void fill_ns_pid(struct task_struct *task, __u32 *ns, __u32 *ns_pid)
{
	struct pid *pid = REACH(task, thread_pid);
	unsigned int level = pid ? GET(pid, level) : 0;
	struct upid upid = {};

	if (!level && !ns) {
		*ns_pid = pid ? GET(task, pid) : 0;
		return;
	}
	/* numbers[] has a variable length: its element is found by address, not by a relocated index */
	bpf_probe_read_kernel(&upid, sizeof(upid),
			      (void *)__builtin_preserve_access_index(&pid->numbers) + level * sizeof(struct upid));
	*ns_pid = (__u32)upid.nr;
	if (ns)
		*ns = BPF_CORE_READ(upid.ns, ns.inum);
}

/* 0 when the task is exiting. */
HW_INLINE __u32 mnt_ns_of(struct task_struct *task)
{
	struct nsproxy *proxy = REACH(task, nsproxy);

	return proxy ? GET(GET(proxy, mnt_ns), ns.inum) : 0;
}

/* Returns the task's pid in its own pid namespace. */
HW_PART __u32 fill_namespaces(struct hw_namespaces *out, struct task_struct *task)
{
	struct nsproxy *proxy = REACH(task, nsproxy);
	__u32 ns_pid = 0;

	fill_ns_pid(task, &out->pid, &ns_pid);
	out->user = GET(GET(REACH(task, real_cred), user_ns), ns.inum);
	if (!proxy) /* exiting */
		return ns_pid;
	out->mnt = GET(GET(proxy, mnt_ns), ns.inum);
	out->net = GET(GET(proxy, net_ns), ns.inum);
	out->uts = GET(GET(proxy, uts_ns), ns.inum);
	out->ipc = GET(GET(proxy, ipc_ns), ns.inum);
	out->cgroup = GET(GET(proxy, cgroup_ns), ns.inum);
	out->time = bpf_core_field_exists(proxy->time_ns) ? GET(GET(proxy, time_ns), ns.inum) : 0;
	return ns_pid;
}

HW_INLINE bool no_new_privs(struct task_struct *task)
{
	return GET(task, atomic_flags) & (1UL << PFA_NO_NEW_PRIVS_BIT);
}

HW_INLINE __u32 loginuid(struct task_struct *task)
{
	return bpf_core_field_exists(task->loginuid) ? GET(task, loginuid.val) : (__u32)-1; /* CONFIG_AUDIT */
}

/* What the task has open as `fd`, NULL when nothing. Reads only: for calls that are rare. */
HW_PART struct file *file_by_number(struct task_struct *task, __u32 fd)
{
	struct fdtable *table = BPF_CORE_READ((struct task_struct___files *)task, files, fdt);
	struct file *file = NULL;

	if (fd < BPF_CORE_READ(table, max_fds))
		bpf_probe_read_kernel(&file, sizeof(file), BPF_CORE_READ(table, fd) + fd);
	return file;
}

/* Cgroup that counts for identity: see the knob cgroup_v1. No BTF pointer: plain loads cost the verifier dear (header.h). */
HW_INLINE struct cgroup *identity_cgroup(struct task_struct *task)
{
	struct css_set *set = BPF_CORE_READ(task, cgroups);
	struct cgroup_subsys_state *css = NULL;
	__u64 index;

	if (!cgroup_v1)
		return BPF_CORE_READ(set, dfl_cgrp);
	index = cgroup_v1 == 1 ? bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id)
			       : bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
	bpf_probe_read_kernel(&css, sizeof(css), (void *)__builtin_preserve_access_index(&set->subsys) + index * sizeof(css));
	return BPF_CORE_READ(css, cgroup);
}

HW_INLINE __u64 cgroup_id(struct cgroup *cgroup)
{
	return BPF_CORE_READ(cgroup, kn, id);
}

/* The id of identity_cgroup() of current, for the programs on hot tracepoints: every kernel's programs there may ask. */
HW_INLINE __u64 current_cgroup(struct task_struct *task)
{
	return cgroup_v1 ? cgroup_id(identity_cgroup(task)) : bpf_get_current_cgroup_id();
}

/* Does the child start in another cgroup than its parent is in? */
HW_INLINE bool is_placed(struct task_struct *parent, struct task_struct *child)
{
	return REACH(child, cgroups) != REACH(parent, cgroups);
}

/* ---- the system call the task is in ---- */

/*
 * Registers it entered the kernel with: at the top of its stack. NULL for kernel threads, and on kernels older than HW_MODERN
 * where the stack has no fixed size.
 */
HW_INLINE void *entry_registers(struct task_struct *task)
{
	if (GET(task, flags) & PF_KTHREAD)
		return NULL;
	if (HW_MODERN)
		return (void *)bpf_task_pt_regs(task);
#if defined(__TARGET_ARCH_x86)
	return GET(task, stack) + X86_THREAD_SIZE - bpf_core_type_size(struct pt_regs___x86);
#else
	return NULL;
#endif
}

#if defined(__TARGET_ARCH_x86)
#define TS_COMPAT 0x0002

HW_INLINE bool compat_call(struct task_struct *task)
{
	return GET(task, thread_info.status) & TS_COMPAT;
}

/* Its number, -1 when the task is not in one. */
HW_INLINE __s32 syscall_number(struct task_struct *task)
{
	struct pt_regs___x86 *regs = entry_registers(task);

	return regs ? (__s32)GET(regs, orig_ax) : -1;
}

/* Argument 0 … 5 as user space passed it; 0 when unknown. Compat calls pass theirs in other registers: ask compat_call() first.
 */
HW_INLINE __u64 syscall_argument(struct task_struct *task, int n)
{
	struct pt_regs___x86 *regs = entry_registers(task);

	if (!regs)
		return 0;
	switch (n) {
	case 0:
		return GET(regs, di);
	case 1:
		return GET(regs, si);
	case 2:
		return GET(regs, dx);
	case 3:
		return GET(regs, r10);
	case 4:
		return GET(regs, r8);
	default:
		return GET(regs, r9);
	}
}
#elif defined(__TARGET_ARCH_arm64)
#define TIF_32BIT 22

HW_INLINE bool compat_call(struct task_struct *task)
{
	return GET(task, thread_info.flags) & (1UL << TIF_32BIT);
}

HW_INLINE __s32 syscall_number(struct task_struct *task)
{
	struct pt_regs___a64 *regs = entry_registers(task);

	return regs ? GET(regs, syscallno) : -1;
}

HW_INLINE __u64 syscall_argument(struct task_struct *task, int n)
{
	struct pt_regs___a64 *regs = entry_registers(task);
	__u64 value = 0;

	if (!regs)
		return 0;
	if (n == 0)
		return GET(regs, orig_x0);
	bpf_probe_read_kernel(&value, sizeof(value), &regs->regs[n]);
	return value;
}
#else
#error "no register layout for this architecture"
#endif

#endif
