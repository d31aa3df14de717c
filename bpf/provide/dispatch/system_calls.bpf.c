// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/*
 * T4: ONE program at the return of every system call, for observations that have no other provider. It costs every call of
 *every process, so it is loaded only for them; what a call is for is one array load by its number, before anything else is
 *looked at.
 *
 *	void trace_sys_exit(struct pt_regs *regs, long ret)
 *
 * At the return the result is known and the registers still hold the arguments; what the call has changed is gone: the type
 * behind an fsmount descriptor, the namespaces before an unshare. io_uring has no system call of its own for what it does.
 */
#include "observe/mount.h"
#include "observe/namespace.h"
#include "capabilities.h"
#include "sockets.h"

/* Which observations it provides. */
const volatile bool dispatch_credentials = false;
const volatile bool dispatch_mounts = false;
const volatile bool dispatch_namespaces = false;
const volatile bool dispatch_sockets = false;
const volatile bool dispatch_capabilities = false;

#define OPEN_TREE_CLONE 1

/* In either ABI: which one the call came by is asked only of calls that mean something in one of them. */
HW_INLINE bool number_matters(__u64 number)
{
#if X32_BIT
	number &= ~(__u64)X32_BIT;
#endif
	BOUNDED(number);
	if (number >= CALLS)
		return false;
	if ((dispatch_sockets || dispatch_capabilities) && (uses_native[number] || uses_compat[number]))
		return true;
	return calls_native[number] >= CALL_SETID || calls_compat[number] >= CALL_SETID;
}

HW_INLINE __u64 returning_from(void *regs)
{
#if defined(__TARGET_ARCH_x86)
	return ((struct pt_regs___x86 *)regs)->orig_ax;
#else
	return (__u64)((struct pt_regs___a64 *)regs)->syscallno;
#endif
}

HW_INLINE void mount_returns(struct task_struct *task, __u32 op, __s64 result)
{
	if (op == HW_MOUNT_OPEN_TREE && !(call_argument(task, 2) & OPEN_TREE_CLONE))
		return;
	if (op == HW_MOUNT_FSCONFIG && (__s32)call_argument(task, 1) < FSCONFIG_CMD_CREATE)
		return;
	if (dispatch_capabilities && result >= 0)
		use_capability(CAP_SYS_ADMIN, 0, BPF_CORE_READ(task, nsproxy, mnt_ns, user_ns, ns.inum),
			       (__u32)BPF_CORE_READ(task, nsproxy, mnt_ns, user_ns, level), HW_BY_DISPATCH);
	if (!dispatch_mounts)
		return;
	mount_returned(task, op, result, HW_BY_DISPATCH);
}

/* Called, not copied: its frame is not to lie below that of check_credentials(). */
HW_PART void namespace_returns(struct task_struct *task, __u32 which, __s64 result)
{
	struct namespace_call call = {};

	fill_namespace_call(&call, task, which);
	__builtin_memset(&call.before, 0, sizeof(call.before)); /* what was read now is after */
	if ((which == CALL_UNSHARE && !call.ns_flags) || !admit_namespace(task, which))
		return;
	send_namespace(task, &call, result, 0, HW_BY_DISPATCH);
}

SEC("?tp_btf/sys_exit")
int BPF_PROG(dispatch_sys_exit, struct pt_regs *regs, long result)
{
	struct task_struct *task;
	__u32 call, use;

	if (!number_matters(returning_from(regs)))
		return 0;
	task = current_task();
	if (dispatch_sockets || dispatch_capabilities) {
		use = current_use(task);
		if (use) {
			if (dispatch_sockets && use < USE_CAPABILITY)
				socket_returns(task, use, result);
			else if (dispatch_capabilities && use >= USE_CAPABILITY)
				capability_returns(task, use, result);
			return 0;
		}
	}
	call = current_call(task);
	if (call < CALL_SETID)
		return 0;
	if (call >= CALL_MOUNT) {
		if (dispatch_mounts || dispatch_capabilities)
			mount_returns(task, call - CALL_MOUNT, result);
		return 0;
	}
	if (dispatch_credentials && result >= 0)
		check_credentials(way_of(call), HW_BY_DISPATCH);
	if (dispatch_namespaces && (call == CALL_UNSHARE || call == CALL_SETNS))
		namespace_returns(task, call, result);
	return 0;
}
