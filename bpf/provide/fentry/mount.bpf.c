// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/*
 * Mount calls with their outcome, at the return of the functions that carry them out:
 *
 *	path_mount     mount(2) in every ABI: the kernel's copies of its strings, and the target resolved
 *	path_umount    umount(2), umount2(2) in every ABI; the target resolved on entry, while the path is held
 *	the entry of each other call, 64-bit and 32-bit (what is inside them moved between kernels): arguments from the call's
 *	registers; on the way the security hooks of move_mount and pivot_root, where both paths are resolved
 *
 *	int path_mount(const char *dev_name, struct path *path, const char *type_page, unsigned long flags, void *data_page)
 *	int path_umount(struct path *path, int flags)
 *	long __x64_sys_NAME(const struct pt_regs *regs), __ia32_sys_NAME
 *	int security_move_mount(const struct path *from_path, const struct path *to_path)
 *	int security_sb_pivotroot(const struct path *old_path, const struct path *new_path)
 *
 * Not seen: calls that fail before they reach these (a target that does not exist).
 * Not sent, as on T3: fsconfig that only sets an option, open_tree that clones nothing. They mount nothing and are frequent.
 */
#include "observe/mount.h"
#include "observe/resolved_mount.h"

#define OPEN_TREE_CLONE 1

SEC("?fexit/path_mount")
int BPF_PROG(fexit_path_mount, const char *source, struct path *target, const char *fstype, unsigned long flags, void *data,
	     int result)
{
	struct resolved_mount mount = {.op = HW_MOUNT_MOUNT, .source = source, .fstype = fstype, .flags = flags, .data = data};

	mount_target(&mount, target);
	send_resolved_mount(&mount, result, 0, HW_BY_FENTRY);
	return 0;
}

HW_INLINE void called(__u32 op, __s64 result)
{
	mount_returned(current_task(), op, result, HW_BY_FENTRY);
}

SEC("?fentry/path_umount")
int BPF_PROG(fentry_path_umount, struct path *target)
{
	struct task_struct *task = current_task();
	struct mount_call *call = begin_mount(task, HW_MOUNT_UMOUNT, HW_BY_FENTRY);

	if (call)
		resolve_mount(call, task, target, &call->record.resolved);
	return 0;
}

SEC("?fexit/path_umount")
int BPF_PROG(fexit_path_umount, struct path *target, int flags, int result)
{
	called(HW_MOUNT_UMOUNT, result);
	return 0;
}

SEC("?fentry/security_move_mount")
int BPF_PROG(fentry_move_mount, const struct path *from, const struct path *to)
{
	struct task_struct *task = current_task();
	struct mount_call *call = begin_mount(task, HW_MOUNT_MOVE_MOUNT, HW_BY_FENTRY);

	if (call) {
		resolve_mount(call, task, to, &call->record.resolved);
		resolve_mount(call, task, from, &call->record.source_resolved);
	}
	return 0;
}

SEC("?fentry/security_sb_pivotroot")
int BPF_PROG(fentry_pivot_root, const struct path *put_old, const struct path *new_root)
{
	struct task_struct *task = current_task();
	struct mount_call *call = begin_mount(task, HW_MOUNT_PIVOT_ROOT, HW_BY_FENTRY);

	if (call) {
		resolve_mount(call, task, new_root, &call->record.resolved);
		resolve_mount(call, task, put_old, &call->record.source_resolved);
	}
	return 0;
}

HW_INLINE void opened_tree(__s64 result)
{
	if (call_argument(current_task(), 2) & OPEN_TREE_CLONE)
		called(HW_MOUNT_OPEN_TREE, result);
}

HW_INLINE void configured(__s64 result)
{
	if (call_argument(current_task(), 1) >= FSCONFIG_CMD_CREATE)
		called(HW_MOUNT_FSCONFIG, result);
}

/* One program for each call and ABI: at the return of entry##name it does `what`, which may use `result`. */
#define ON_RETURN(entry, abi, name, what)                                                                                      \
	SEC("?fexit/" entry #name)                                                                                             \
	int BPF_PROG(fexit_##abi##name, void *regs, long result)                                                               \
	{                                                                                                                      \
		what;                                                                                                          \
		return 0;                                                                                                      \
	}

/* Type and source of what is mounted are gone from the descriptor by the time the call returns: begun on entry. */
#define ON_FSMOUNT(entry, abi)                                                                                                 \
	SEC("?fentry/" entry "fsmount")                                                                                        \
	int BPF_PROG(fentry_##abi##fsmount, void *regs)                                                                        \
	{                                                                                                                      \
		begin_mount(current_task(), HW_MOUNT_FSMOUNT, HW_BY_FENTRY);                                                   \
		return 0;                                                                                                      \
	}                                                                                                                      \
	ON_RETURN(entry, abi, fsmount, called(HW_MOUNT_FSMOUNT, result))

#define MOUNT_CALLS(entry, abi)                                                                                                \
	ON_RETURN(entry, abi, pivot_root, called(HW_MOUNT_PIVOT_ROOT, result))                                                 \
	ON_RETURN(entry, abi, fsopen, called(HW_MOUNT_FSOPEN, result))                                                         \
	ON_RETURN(entry, abi, fspick, called(HW_MOUNT_FSPICK, result))                                                         \
	ON_RETURN(entry, abi, move_mount, called(HW_MOUNT_MOVE_MOUNT, result))                                                 \
	ON_RETURN(entry, abi, mount_setattr, called(HW_MOUNT_SETATTR, result))                                                 \
	ON_RETURN(entry, abi, open_tree, opened_tree(result))                                                                  \
	ON_RETURN(entry, abi, open_tree_attr, opened_tree(result))                                                             \
	ON_RETURN(entry, abi, fsconfig, configured(result))                                                                    \
	ON_FSMOUNT(entry, abi)

#if defined(__TARGET_ARCH_x86)
MOUNT_CALLS("__x64_sys_", )
MOUNT_CALLS("__ia32_sys_", ia32_)
#else
MOUNT_CALLS("__arm64_sys_", ) /* both ABIs enter there */
#endif
