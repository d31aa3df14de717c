// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/*
 * Every commit of changed uids or gids, by the proc connector: commit_creds() sends a message to those who listen, in the
 * context of the task that commits and with its new real_cred in place. This program is the socket filter of our own listening
 * socket (src/probe/proc_connector.h), so it runs exactly then, for no other socket, and throws the message away: nothing is
 * queued, so nothing is to be drained and nothing overflows.
 *
 * Not sent by the kernel: changes of capabilities, securebits, groups or user namespace alone. Lost under memory pressure: the
 * message cannot be allocated; the change is then found at its first use.
 */
#include "observe/credential.h"

SEC("socket")
int quiet_proc_connector(struct __sk_buff *skb)
{
	struct task_struct *task = current_task();
	__u32 call = current_call(task);

	if (call != CALL_EXEC)
		check_credentials(way_of(call), HW_BY_QUIET);
	return 0;
}
