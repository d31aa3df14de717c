/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * What a system call is for, as far as credentials, capabilities, mounts and namespaces ask: one array load by number. The
 * tables are per architecture and, on x86, per ABI: numbers of 32-bit calls mean other things. x32 calls have the 64-bit
 * numbers with bit 30 set, except execve and execveat.
 */
#ifndef HULLWATCH_OBSERVE_CALLS_H
#define HULLWATCH_OBSERVE_CALLS_H

#include "facts.h"

enum call {
	CALL_OTHER = 0,
	CALL_NONE,   /* not in a system call: a page fault, an interrupt, a kernel thread */
	CALL_MEMORY, /* checks CAP_SYS_ADMIN only to account memory */
	CALL_FORK,   /* as CALL_MEMORY, and by privilege when namespaces are asked for */
	CALL_CLONE,  /* as CALL_FORK; argument 0 holds the flags */
	CALL_EXEC,
	CALL_RING,   /* io_uring_setup: checks CAP_IPC_LOCK only to account memory */
	CALL_WRITE,  /* to the descriptor in argument 0, from the buffer in argument 1 */
	CALL_GATHER, /* to the same, from anywhere: writev, pwritev, sendfile */
	CALL_SPLICE, /* to the descriptor in argument 2 */
	CALL_SETID,
	CALL_CAPSET,
	CALL_PRCTL,
	CALL_KEYCTL,
	CALL_UNSHARE,
	CALL_SETNS,
	CALL_MOUNT, /* CALL_MOUNT + hw_mount_op from here on */
	CALL_MAX = CALL_MOUNT + HW_MOUNT_OP_MAX,
};

#define CLONE_NEW_ANY 0x7e020080UL /* NEWTIME NEWNS NEWCGROUP NEWUTS NEWIPC NEWUSER NEWPID NEWNET */

#define CALL_OF_MOUNT(op) (CALL_MOUNT + (op))
#define CALLS		  512 /* a power of two above the largest number */

/* The same numbers on every architecture: all calls since 5.1. */
#define CALLS_SINCE_5_1                                                                                                        \
	[425] = CALL_RING, [428] = CALL_OF_MOUNT(HW_MOUNT_OPEN_TREE), [429] = CALL_OF_MOUNT(HW_MOUNT_MOVE_MOUNT),              \
	[430] = CALL_OF_MOUNT(HW_MOUNT_FSOPEN), [431] = CALL_OF_MOUNT(HW_MOUNT_FSCONFIG),                                      \
	[432] = CALL_OF_MOUNT(HW_MOUNT_FSMOUNT), [433] = CALL_OF_MOUNT(HW_MOUNT_FSPICK), [435] = CALL_FORK,                    \
	[442] = CALL_OF_MOUNT(HW_MOUNT_SETATTR), [467] = CALL_OF_MOUNT(HW_MOUNT_OPEN_TREE)

#if defined(__TARGET_ARCH_x86)
#define X32_BIT 0x40000000

static const __u8 calls_native[CALLS] = {
    [1] = CALL_WRITE,
    [18] = CALL_WRITE,
    [20] = CALL_GATHER,
    [40] = CALL_GATHER,
    [296] = CALL_GATHER,
    [328] = CALL_GATHER, /* write pwrite64 writev sendfile pwritev pwritev2 */
    [275] = CALL_SPLICE,
    [9] = CALL_MEMORY,
    [10] = CALL_MEMORY,
    [12] = CALL_MEMORY,
    [25] = CALL_MEMORY, /* mmap mprotect brk mremap */
    [29] = CALL_MEMORY,
    [30] = CALL_MEMORY,
    [216] = CALL_MEMORY,
    [329] = CALL_MEMORY, /* shmget shmat remap_file_pages pkey_mprotect */
    [56] = CALL_CLONE,
    [57] = CALL_MEMORY,
    [58] = CALL_MEMORY, /* clone fork vfork */
    [59] = CALL_EXEC,
    [322] = CALL_EXEC,
    [105] = CALL_SETID,
    [106] = CALL_SETID,
    [113] = CALL_SETID,
    [114] = CALL_SETID, /* setuid setgid setreuid setregid */
    [116] = CALL_SETID,
    [117] = CALL_SETID,
    [119] = CALL_SETID,
    [122] = CALL_SETID, /* setgroups setresuid setresgid setfsuid */
    [123] = CALL_SETID,
    [126] = CALL_CAPSET,
    [157] = CALL_PRCTL,
    [250] = CALL_KEYCTL, /* setfsgid */
    [272] = CALL_UNSHARE,
    [308] = CALL_SETNS,
    [155] = CALL_OF_MOUNT(HW_MOUNT_PIVOT_ROOT),
    [165] = CALL_OF_MOUNT(HW_MOUNT_MOUNT),
    [166] = CALL_OF_MOUNT(HW_MOUNT_UMOUNT),
    CALLS_SINCE_5_1,
};
static const __u8 calls_compat[CALLS] = {
    [4] = CALL_WRITE,
    [181] = CALL_WRITE,
    [146] = CALL_GATHER,
    [187] = CALL_GATHER,
    [239] = CALL_GATHER,
    [334] = CALL_GATHER,
    [379] = CALL_GATHER, /* write pwrite64 writev sendfile sendfile64 pwritev pwritev2 */
    [313] = CALL_SPLICE,
    [45] = CALL_MEMORY,
    [90] = CALL_MEMORY,
    [125] = CALL_MEMORY,
    [163] = CALL_MEMORY, /* brk mmap mprotect mremap */
    [192] = CALL_MEMORY,
    [257] = CALL_MEMORY,
    [380] = CALL_MEMORY, /* mmap2 remap_file_pages pkey_mprotect */
    [395] = CALL_MEMORY,
    [397] = CALL_MEMORY,
    [2] = CALL_MEMORY,
    [190] = CALL_MEMORY, /* shmget shmat fork vfork */
    [120] = CALL_CLONE,
    [11] = CALL_EXEC,
    [358] = CALL_EXEC,
    [23] = CALL_SETID,
    [46] = CALL_SETID,
    [70] = CALL_SETID,
    [71] = CALL_SETID,
    [81] = CALL_SETID, /* the 16-bit ones */
    [138] = CALL_SETID,
    [139] = CALL_SETID,
    [164] = CALL_SETID,
    [170] = CALL_SETID,
    [203] = CALL_SETID,
    [204] = CALL_SETID,
    [206] = CALL_SETID,
    [208] = CALL_SETID,
    [210] = CALL_SETID, /* the 32-bit ones */
    [213] = CALL_SETID,
    [214] = CALL_SETID,
    [215] = CALL_SETID,
    [216] = CALL_SETID,
    [185] = CALL_CAPSET,
    [172] = CALL_PRCTL,
    [288] = CALL_KEYCTL,
    [310] = CALL_UNSHARE,
    [346] = CALL_SETNS,
    [217] = CALL_OF_MOUNT(HW_MOUNT_PIVOT_ROOT),
    [21] = CALL_OF_MOUNT(HW_MOUNT_MOUNT),
    [22] = CALL_OF_MOUNT(HW_MOUNT_UMOUNT),
    [52] = CALL_OF_MOUNT(HW_MOUNT_UMOUNT), /* umount, umount2 */
    CALLS_SINCE_5_1,
};
#define COMPAT_UMOUNT_WITHOUT_FLAGS 22

HW_INLINE __u64 compat_argument(struct task_struct *task, int n)
{
	struct pt_regs___x86 *regs = entry_registers(task);

	if (!regs)
		return 0;
	switch (n) {
	case 0:
		return (__u32)GET(regs, bx);
	case 1:
		return (__u32)GET(regs, cx);
	case 2:
		return (__u32)GET(regs, dx);
	case 3:
		return (__u32)GET(regs, si);
	case 4:
		return (__u32)GET(regs, di);
	default:
		return (__u32)GET(regs, bp);
	}
}

/* Where the kernel has put the system call's result, once it is over. */
HW_INLINE __s64 call_result(struct task_struct *task)
{
	struct pt_regs___x86 *regs = entry_registers(task);

	if (!regs)
		return 0;
	return compat_call(task) ? (__s32)GET(regs, ax) : (__s64)GET(regs, ax);
}
#elif defined(__TARGET_ARCH_arm64)
#define X32_BIT			    0

static const __u8 calls_native[CALLS] = {
    [64] = CALL_WRITE,
    [68] = CALL_WRITE,
    [66] = CALL_GATHER,
    [70] = CALL_GATHER,
    [71] = CALL_GATHER,
    [287] = CALL_GATHER, /* write pwrite64 writev pwritev sendfile pwritev2 */
    [76] = CALL_SPLICE,
    [222] = CALL_MEMORY,
    [226] = CALL_MEMORY,
    [214] = CALL_MEMORY,
    [216] = CALL_MEMORY, /* mmap mprotect brk mremap */
    [194] = CALL_MEMORY,
    [196] = CALL_MEMORY,
    [234] = CALL_MEMORY,
    [288] = CALL_MEMORY, /* shmget shmat remap_file_pages pkey_mprotect */
    [220] = CALL_CLONE,
    [221] = CALL_EXEC,
    [281] = CALL_EXEC,
    [143] = CALL_SETID,
    [144] = CALL_SETID,
    [145] = CALL_SETID,
    [146] = CALL_SETID, /* setregid setgid setreuid setuid */
    [147] = CALL_SETID,
    [149] = CALL_SETID,
    [151] = CALL_SETID,
    [152] = CALL_SETID, /* setresuid setresgid setfsuid setfsgid */
    [159] = CALL_SETID,
    [91] = CALL_CAPSET,
    [167] = CALL_PRCTL,
    [219] = CALL_KEYCTL, /* setgroups */
    [97] = CALL_UNSHARE,
    [268] = CALL_SETNS,
    [39] = CALL_OF_MOUNT(HW_MOUNT_UMOUNT),
    [40] = CALL_OF_MOUNT(HW_MOUNT_MOUNT),
    [41] = CALL_OF_MOUNT(HW_MOUNT_PIVOT_ROOT),
    CALLS_SINCE_5_1,
};
/* 32-bit arm: the numbers of i386 where it matters here, but for those above 280, and exec, prctl and the like */
static const __u8 calls_compat[CALLS] = {
    [4] = CALL_WRITE,
    [181] = CALL_WRITE,
    [146] = CALL_GATHER,
    [187] = CALL_GATHER,
    [239] = CALL_GATHER,
    [362] = CALL_GATHER,
    [393] = CALL_GATHER, /* write pwrite64 writev sendfile sendfile64 pwritev pwritev2 */
    [340] = CALL_SPLICE,
    [45] = CALL_MEMORY,
    [125] = CALL_MEMORY,
    [163] = CALL_MEMORY,
    [192] = CALL_MEMORY,
    [2] = CALL_MEMORY,
    [190] = CALL_MEMORY,
    [120] = CALL_CLONE,
    [11] = CALL_EXEC,
    [387] = CALL_EXEC,
    [23] = CALL_SETID,
    [46] = CALL_SETID,
    [70] = CALL_SETID,
    [71] = CALL_SETID,
    [81] = CALL_SETID,
    [138] = CALL_SETID,
    [139] = CALL_SETID,
    [164] = CALL_SETID,
    [170] = CALL_SETID,
    [203] = CALL_SETID,
    [204] = CALL_SETID,
    [206] = CALL_SETID,
    [208] = CALL_SETID,
    [210] = CALL_SETID,
    [213] = CALL_SETID,
    [214] = CALL_SETID,
    [215] = CALL_SETID,
    [216] = CALL_SETID,
    [185] = CALL_CAPSET,
    [172] = CALL_PRCTL,
    [311] = CALL_KEYCTL,
    [337] = CALL_UNSHARE,
    [375] = CALL_SETNS,
    [218] = CALL_OF_MOUNT(HW_MOUNT_PIVOT_ROOT),
    [21] = CALL_OF_MOUNT(HW_MOUNT_MOUNT),
    [52] = CALL_OF_MOUNT(HW_MOUNT_UMOUNT),
    CALLS_SINCE_5_1,
};
#define COMPAT_UMOUNT_WITHOUT_FLAGS (-1)

HW_INLINE __u64 compat_argument(struct task_struct *task, int n)
{
	return (__u32)syscall_argument(task, n);
}

HW_INLINE __s64 call_result(struct task_struct *task)
{
	struct pt_regs___a64 *regs = entry_registers(task);
	__u64 value = 0;

	if (!regs)
		return 0;
	bpf_probe_read_kernel(&value, sizeof(value), &regs->regs[0]);
	return compat_call(task) ? (__s32)value : (__s64)value;
}
#endif

/* What the task's current system call is for. Constant time, no memory but the table and the registers. */
HW_INLINE __u32 current_call(struct task_struct *task)
{
	__s32 number = syscall_number(task);

	if (number < 0)
		return CALL_NONE;
	if (compat_call(task))
		return calls_compat[number & (CALLS - 1)];
#if X32_BIT
	if (number & X32_BIT) {
		number &= ~X32_BIT;
		if (number == 520 || number == 545)
			return CALL_EXEC;
	}
#endif
	return number < CALLS ? calls_native[number & (CALLS - 1)] : CALL_OTHER;
}

/* Argument n of the current system call in either ABI. */
HW_INLINE __u64 call_argument(struct task_struct *task, int n)
{
	return compat_call(task) ? compat_argument(task, n) : syscall_argument(task, n);
}

#endif
