// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/*
 * Check-on-use of credentials, on T1 by LSM hooks and on T2 at the entry of the functions that call them. What nobody was seen
 * to commit (an overwrite in memory, another cred put into the task) is found when it is used:
 *
 *	bprm_creds_for_exec  before the exec's own change, so that the two are not taken for one (sched_prepare_exec is 6.10)
 *	file_open            hot: compares what files ask for (observe/credential.h)
 *	socket_connect, task_kill
 *
 *	int security_bprm_creds_for_exec(struct linux_binprm *bprm)
 *	int security_file_open(struct file *file)
 *	int security_socket_connect(struct socket *sock, struct sockaddr *address, int addrlen)
 *	int security_task_kill(struct task_struct *p, struct kernel_siginfo *info, int sig, const struct cred *cred)
 *
 * Left to others: fork (sched_process_fork compares, always/shadows.bpf.c) and use of a capability (cap_capable).
 */
#include "observe/credential.h"

HW_INLINE void to_exec(__u32 provider)
{
	check_credentials(WAY_OF_EXEC_TO_COME, provider);
}

/* T1. They load but never fire where "bpf" is not an active LSM. Never a verdict. */
SEC("?lsm/bprm_creds_for_exec")
int BPF_PROG(lsm_use_exec, struct linux_binprm *bprm)
{
	lsm_fired = true;
	to_exec(HW_BY_LSM);
	return 0;
}

SEC("?lsm/file_open")
int BPF_PROG(lsm_use_open, struct file *file)
{
	use_credentials_to_open(current_task(), HW_BY_LSM);
	return 0;
}

SEC("?lsm/socket_connect")
int BPF_PROG(lsm_use_connect, struct socket *socket)
{
	use_credentials(current_task(), HW_BY_LSM);
	return 0;
}

SEC("?lsm/task_kill")
int BPF_PROG(lsm_use_kill, struct task_struct *target)
{
	use_credentials(current_task(), HW_BY_LSM);
	return 0;
}

/* T2 */
SEC("?fentry/security_bprm_creds_for_exec")
int BPF_PROG(fentry_use_exec, struct linux_binprm *bprm)
{
	to_exec(HW_BY_FENTRY);
	return 0;
}

SEC("?fentry/security_file_open")
int BPF_PROG(fentry_use_open, struct file *file)
{
	use_credentials_to_open(current_task(), HW_BY_FENTRY);
	return 0;
}

SEC("?fentry/security_socket_connect")
int BPF_PROG(fentry_use_connect, struct socket *socket)
{
	use_credentials(current_task(), HW_BY_FENTRY);
	return 0;
}

SEC("?fentry/security_task_kill")
int BPF_PROG(fentry_use_kill, struct task_struct *target)
{
	use_credentials(current_task(), HW_BY_FENTRY);
	return 0;
}
