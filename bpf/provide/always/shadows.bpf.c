// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/*
 * What every rung of the ladder shares of credentials: shadows live and die with their tasks.
 *
 *	sched_process_fork   the parent's are checked, the child inherits; a new user namespace shows here
 *	sched_prepare_exec   (6.10) check-on-use before the exec's own change, so that the two are not taken for one
 *	sched_process_exec   what exec made of them: setuid and setgid files, file capabilities, or their loss
 *
 * Of programs on one hook the one linked first runs first, and files are linked by name: process.bpf.c comes before this file,
 *so the child's home and the exec count are already right in the records made here.
 *
 * Below 6.10 a change nobody committed and the exec after it are one record, with way EXEC.
 */
#include "observe/credential.h"

SEC("tp_btf/sched_process_fork")
int BPF_PROG(credential_fork, struct task_struct *parent, struct task_struct *child)
{
	if (inherits_shadow(parent, child))
		return 0;
	check_credentials(HW_WAY_UNKNOWN, HW_BY_ALWAYS); /* the parent is current */
	inherit_credentials(parent, child, HW_BY_ALWAYS);
	return 0;
}

SEC("tp_btf/sched_prepare_exec")
int BPF_PROG(credential_prepare_exec, struct task_struct *task, struct linux_binprm *bprm)
{
	check_credentials(WAY_OF_EXEC_TO_COME, HW_BY_ALWAYS);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(credential_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	check_credentials(HW_WAY_EXEC, HW_BY_ALWAYS);
	return 0;
}
