/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Namespace changes by setns and unshare: what was asked, what came of it, and the namespaces before and after. */
#ifndef HULLWATCH_OBSERVE_NAMESPACE_H
#define HULLWATCH_OBSERVE_NAMESPACE_H

#include "observe/calls.h"
#include "emit.h"
#include "novelty.h"

/* What is asked, while the call's registers still hold it. */
struct namespace_call {
	__u32 op; /* hw_namespace_op */
	__s32 fd;
	__u64 ns_flags;
	struct hw_namespaces before;
};

/*
 * As fill_namespaces(), but the pid namespace is the one for children: that is what setns and unshare change, a process keeps
 * its own for good.
 */
HW_INLINE void fill_changed_namespaces(struct hw_namespaces *out, struct task_struct *task)
{
	struct nsproxy *proxy = REACH(task, nsproxy);

	fill_namespaces(out, task);
	if (proxy)
		out->pid = BPF_CORE_READ(proxy, pid_ns_for_children, ns.inum);
}

HW_INLINE void fill_namespace_call(struct namespace_call *call, struct task_struct *task, __u32 which)
{
	if (which == CALL_SETNS) {
		call->op = HW_NS_SETNS;
		call->fd = (__s32)call_argument(task, 0);
		call->ns_flags = call_argument(task, 1) & CLONE_NEW_ANY;
	} else {
		call->op = HW_NS_UNSHARE;
		call->fd = -1;
		call->ns_flags = call_argument(task, 0) & CLONE_NEW_ANY;
	}
	fill_changed_namespaces(&call->before, task);
}

/* Inode of an open file, 0 when there is none: what names a namespace. */
HW_PART __u64 inode_of_descriptor(struct task_struct *task, __u32 fd)
{
	return BPF_CORE_READ(file_by_number(task, fd), f_inode, i_ino);
}

/* Namespaces made at boot, the host's own, have fixed numbers (from 0xeffffff0) or the first ones given out (from 0xf0000000).
 */
HW_INLINE bool is_of_boot(__u64 inode)
{
	return inode >= 0xeffffff0 && inode < 0xf0000100;
}

/* What namespaces are asked for, and by setns whose. */
HW_PART bool namespace_is_novel(struct task_struct *task, __u32 which)
{
	__u64 first = call_argument(task, 0), sort = novelty_mix(novelty_begin(), which), inode = 0;

	if (which == CALL_SETNS) {
		inode = inode_of_descriptor(task, (__u32)first);
		sort = novelty_mix(sort, (call_argument(task, 1) & CLONE_NEW_ANY) | is_of_boot(inode));
	} else {
		sort = novelty_mix(sort, first & CLONE_NEW_ANY);
	}
	return admit_novel(home_of(task), HW_NAMESPACE, sort, novelty_mix(sort, inode));
}

HW_INLINE bool admit_namespace(struct task_struct *task, __u32 which)
{
	return emit_admit(task, HW_NAMESPACE, false) || namespace_is_novel(task, which);
}

/* `flags`: HW_F_ATTEMPT when `result` is not known. Already admitted. */
HW_PART void send_namespace(struct task_struct *task, const struct namespace_call *call, __s64 result, __u32 flags,
			    __u32 provider)
{
	struct hw_namespace *r = EMIT_RESERVE(HW_NAMESPACE, struct hw_namespace);

	if (!r)
		return;
	fill_header(&r->h, HW_NAMESPACE, provider, sizeof(*r));
	r->h.flags |= flags;
	fill_ancestors(r->ancestors);
	r->op = call->op;
	r->fd = call->fd;
	r->ns_flags = call->ns_flags;
	r->result = result;
	r->before = call->before;
	fill_changed_namespaces(&r->after, task);
	emit_submit(HW_NAMESPACE, r);
}

#endif
