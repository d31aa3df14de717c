/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Namespace changes by setns and unshare: what was asked, what came of it, and the namespaces before and after. */
#ifndef HULLWATCH_OBSERVE_NAMESPACE_H
#define HULLWATCH_OBSERVE_NAMESPACE_H

#include "observe/calls.h"
#include "emit.h"

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
	struct nsproxy *proxy = GET(task, nsproxy);

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
