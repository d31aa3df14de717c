/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Capabilities that a system call must have used to end as it did. */
#ifndef HULLWATCH_DISPATCH_CAPABILITIES_H
#define HULLWATCH_DISPATCH_CAPABILITIES_H

#include "observe/capability.h"
#include "observe/credential.h"
#include "uses.h"

#define CAP_DAC_READ_SEARCH 2
#define CAP_SYS_MODULE	    16
#define CAP_SYS_RAWIO	    17
#define CAP_SYS_BOOT	    22
#define CAP_SYS_TIME	    25
#define CAP_SYSLOG	    34
#define CAP_BPF		    39
#define NO_CAPABILITY	    64

#define INITIAL_USER_NAMESPACE 0xeffffffdU
#define BPF_CALL_PROG_LOAD     5
#define SYSLOG_READ_ALL	       3
#define SYSLOG_SIZE_BUFFER     10
#define ADJTIME		       0x8000
#define ADJTIME_READS	       0x2000

#define EPERM  1
#define EACCES 13
#define ENOSYS 38

/* struct timex begins with what is to be set; read where the caller may change it meanwhile. */
HW_INLINE bool sets_time(__u64 timex)
{
	__u32 modes = 0;

	bpf_probe_read_user(&modes, sizeof(modes), (void *)timex);
	return modes && !((modes & ADJTIME) && (modes & ADJTIME_READS));
}

/*
 * The capability over the whole system that the kernel asked for in this call and granted, else NO_CAPABILITY. Modules, kexec
 * and reboot ask first, so any end shows it but those that a refusal, seccomp's included, looks like; of others only success
 * does.
 */
HW_PART __u32 capability_used(struct task_struct *task, __u32 use, __s64 result)
{
	bool asked_first = use == USE_MODULE || use == USE_BOOT;

	if (asked_first ? result == -EPERM || result == -EACCES || result == -ENOSYS : result < 0)
		return NO_CAPABILITY;
	switch (use) {
	case USE_MODULE:
		return CAP_SYS_MODULE;
	case USE_BOOT:
		return CAP_SYS_BOOT;
	case USE_PORTS: /* iopl(level), ioperm(from, count, on): giving up needs nothing */
		if (!call_argument(task, IS_IOPL(syscall_number(task), compat_call(task)) ? 0 : 2))
			return NO_CAPABILITY;
		return CAP_SYS_RAWIO;
	case USE_SET_TIME:
		return CAP_SYS_TIME;
	case USE_SET_CLOCK: /* of the clocks only the system's own: 0 */
		return (__u32)call_argument(task, 0) ? NO_CAPABILITY : CAP_SYS_TIME;
	case USE_ADJUST_TIME:
		return sets_time(call_argument(task, 0)) ? CAP_SYS_TIME : NO_CAPABILITY;
	case USE_ADJUST_CLOCK:
		if ((__u32)call_argument(task, 0) || !sets_time(call_argument(task, 1)))
			return NO_CAPABILITY;
		return CAP_SYS_TIME;
	case USE_BPF: /* asked of each program, whatever its type */
		return (__u32)call_argument(task, 0) == BPF_CALL_PROG_LOAD ? CAP_BPF : NO_CAPABILITY;
	case USE_SYSLOG:
		if ((__u32)call_argument(task, 0) == SYSLOG_READ_ALL || (__u32)call_argument(task, 0) == SYSLOG_SIZE_BUFFER)
			return NO_CAPABILITY;
		return CAP_SYSLOG;
	case USE_HANDLE:
		return CAP_DAC_READ_SEARCH;
	case USE_SWAP:
		return CAP_SYS_ADMIN;
	default:
		return NO_CAPABILITY;
	}
}

/* Asked, and not refused: so it was granted if it is held, in the one user namespace that counts for these. */
HW_INLINE void capability_returns(struct task_struct *task, __u32 use, __s64 result)
{
	const struct cred *cred = REACH(task, real_cred);
	struct user_namespace *user_ns = GET(cred, user_ns);
	__u32 capability = capability_used(task, use, result);

	if (capability < NO_CAPABILITY && GET(user_ns, level) == 0 && CAP_SET(cred, cap_effective) & 1ULL << capability)
		use_capability(capability, 0, INITIAL_USER_NAMESPACE, 0, HW_BY_DISPATCH);
}

#endif
