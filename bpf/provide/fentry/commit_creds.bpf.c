// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/*
 * fexit/commit_creds: every commit of credentials, whatever changed in them and whoever called: set*id, capset, prctl, keyctl,
 * unshare and setns into a user namespace, and kernel code that an exploit made call it. The new real_cred is in place.
 *
 *	int commit_creds(struct cred *new)
 *
 * Left to others: exec (sched_process_exec compares, when the new exe is known), clone into a new user namespace (fork
 *compares), and credentials overwritten in memory, which nobody commits (check-on-use at fork and exec).
 */
#include "observe/credential.h"

SEC("?fexit/commit_creds")
int BPF_PROG(fexit_commit_creds, struct cred *new, int result)
{
	struct task_struct *task = current_task();
	__u32 call = current_call(task);

	/* the kernel sets up a helper program of its own (modprobe, core pipe): no process gained anything */
	if (GET(task, flags) & PF_KTHREAD) {
		adopt_credentials(task);
		return 0;
	}
	if (call != CALL_EXEC)
		check_credentials(way_of(call), HW_BY_FENTRY);
	return 0;
}
