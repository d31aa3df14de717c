// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/*
 * Mount calls with their outcome, at the return of the functions that carry them out:
 *
 *	path_mount     mount(2) in every ABI: the kernel's copies of its strings, and the target resolved
 *	path_umount    umount(2), umount2(2) in every ABI
 *	the 64-bit entry of each other call (what is inside them moved between kernels): arguments from the call's registers
 *
 *	int path_mount(const char *dev_name, struct path *path, const char *type_page, unsigned long flags, void *data_page)
 *	int path_umount(struct path *path, int flags)
 *	long __x64_sys_NAME(const struct pt_regs *regs)
 *
 * Not seen: calls that fail before they reach these (a target that does not exist); 32-bit calls of the last group.
 * Not sent, as on T3: fsconfig that only sets an option, open_tree that clones nothing. They mount nothing and are frequent.
 */
#include "observe/mount.h"
#include "observe/resolved_mount.h"

#if defined(__TARGET_ARCH_x86)
#define ENTRY "__x64_sys_"
#else
#define ENTRY "__arm64_sys_"
#endif

#define OPEN_TREE_CLONE 1

SEC("?fexit/path_mount")
int BPF_PROG(fexit_path_mount, const char *source, struct path *target, const char *fstype, unsigned long flags, void *data,
	     int result)
{
	struct resolved_mount mount = {.source = source, .target = target, .fstype = fstype, .flags = flags, .data = data};

	send_resolved_mount(&mount, result, 0, HW_BY_FENTRY);
	return 0;
}

HW_INLINE void called(__u32 op, __s64 result)
{
	if (begin_mount(bpf_get_current_task_btf(), op, HW_BY_FENTRY))
		finish_mount(result, 0);
}

SEC("?fexit/path_umount")
int BPF_PROG(fexit_path_umount, struct path *target, int flags, int result)
{
	/* the target's path is released by now: the record has it as the caller gave it */
	called(HW_MOUNT_UMOUNT, result);
	return 0;
}

#define MOUNT_CALL(name, op)                                                                                                   \
	SEC("?fexit/" ENTRY #name)                                                                                             \
	int BPF_PROG(fexit_##name, void *regs, long result)                                                                    \
	{                                                                                                                      \
		called(op, result);                                                                                            \
		return 0;                                                                                                      \
	}

MOUNT_CALL(pivot_root, HW_MOUNT_PIVOT_ROOT)
MOUNT_CALL(fsopen, HW_MOUNT_FSOPEN)
MOUNT_CALL(fspick, HW_MOUNT_FSPICK)
MOUNT_CALL(move_mount, HW_MOUNT_MOVE_MOUNT)
MOUNT_CALL(mount_setattr, HW_MOUNT_SETATTR)

SEC("?fexit/" ENTRY "open_tree")
int BPF_PROG(fexit_open_tree, void *regs, long result)
{
	if (call_argument(bpf_get_current_task_btf(), 2) & OPEN_TREE_CLONE)
		called(HW_MOUNT_OPEN_TREE, result);
	return 0;
}

SEC("?fexit/" ENTRY "fsconfig")
int BPF_PROG(fexit_fsconfig, void *regs, long result)
{
	if (call_argument(bpf_get_current_task_btf(), 1) >= FSCONFIG_CMD_CREATE)
		called(HW_MOUNT_FSCONFIG, result);
	return 0;
}

/* Type and source of what is mounted are gone from the descriptor by the time the call returns: begun on entry. */
SEC("?fentry/" ENTRY "fsmount")
int BPF_PROG(fentry_fsmount, void *regs)
{
	begin_mount(bpf_get_current_task_btf(), HW_MOUNT_FSMOUNT, HW_BY_FENTRY);
	return 0;
}

SEC("?fexit/" ENTRY "fsmount")
int BPF_PROG(fexit_fsmount, void *regs, long result)
{
	finish_mount(result, 0);
	return 0;
}
