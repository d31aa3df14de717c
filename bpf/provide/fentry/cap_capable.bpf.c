// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/*
 * fexit/cap_capable: what tp_btf/cap_capable is from 6.17 on, for the kernels before it: use of a capability, granted or
 *denied, and check-on-use of credentials. Mount and namespace calls have hooks of their own here.
 *
 *	int cap_capable(const struct cred *cred, struct user_namespace *targ_ns, int cap, unsigned int opts)
 *
 * Hot: accounting of memory leaves after a few instructions.
 */
#include "observe/capability.h"
#include "observe/credential.h"

SEC("?fexit/cap_capable")
int BPF_PROG(fexit_cap_capable, const struct cred *cred, struct user_namespace *target, int capability, unsigned int options,
	     int result)
{
	struct task_struct *task = current_task();
	__u32 call = current_call(task);

	if (accounting(task, call, target, capability, result))
		return 0;
	/* somebody else's credentials: an opener's, a tracee's, overlayfs acting as its mounter */
	if (cred != REACH(task, real_cred) || call == CALL_NONE)
		return 0;
	check_credentials(HW_WAY_UNKNOWN, HW_BY_FENTRY);
	if (call == CALL_CAPSET && capability == CAP_SETPCAP)
		return 0; /* asked at each capset, whatever it changes */
	use_capability((__u32)capability, result, GET(target, ns.inum), (__u32)GET(target, level), HW_BY_FENTRY);
	return 0;
}
