// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/*
 * Mount calls at their security hooks, with their paths resolved, before the outcome. The second choice, where path_mount()
 * cannot be hooked (bpf/provide/fentry/mount.bpf.c): a call that fails before the hook, for lack of privilege say, is not seen,
 * nor are fsopen, fsconfig, fsmount, open_tree and mount_setattr, which have no hook.
 *
 *	int security_sb_mount(const char *dev_name, const struct path *path, const char *type, unsigned long flags, void *data)
 *	int security_sb_umount(struct vfsmount *mnt, int flags)
 *	int security_move_mount(const struct path *from_path, const struct path *to_path)
 *	int security_sb_pivotroot(const struct path *old_path, const struct path *new_path)
 *
 * sb_remount adds nothing: mount(2) with MS_REMOUNT comes by sb_mount.
 * '?': loaded only where the table of providers chose it; LSM programs load but never fire where "bpf" is not an active LSM.
 */
#include "observe/resolved_mount.h"

HW_INLINE void attempted(const struct resolved_mount *mount)
{
	send_resolved_mount(mount, 0, HW_F_ATTEMPT, HW_BY_LSM);
}

SEC("?lsm/sb_mount")
int BPF_PROG(lsm_sb_mount, const char *source, const struct path *target, const char *fstype, unsigned long flags, void *data)
{
	struct resolved_mount mount = {.op = HW_MOUNT_MOUNT, .source = source, .fstype = fstype, .flags = flags, .data = data};

	mount_target(&mount, target);
	attempted(&mount);
	return 0; /* never a verdict */
}

SEC("?lsm/sb_umount")
int BPF_PROG(lsm_sb_umount, struct vfsmount *mnt, int flags)
{
	struct resolved_mount mount = {.op = HW_MOUNT_UMOUNT, .flags = (__u32)flags};

	mount.dentry = (__u64)BPF_CORE_READ(mnt, mnt_root);
	/* as an address: later verifiers hand no BTF pointer to walk_path() */
	bpf_probe_read_kernel(&mount.mnt, sizeof(mount.mnt), &mnt);
	attempted(&mount);
	return 0;
}

SEC("?lsm/move_mount")
int BPF_PROG(lsm_move_mount, const struct path *from, const struct path *to)
{
	struct resolved_mount mount = {.op = HW_MOUNT_MOVE_MOUNT};

	mount_target(&mount, to);
	mount_source(&mount, from);
	attempted(&mount);
	return 0;
}

SEC("?lsm/sb_pivotroot")
int BPF_PROG(lsm_sb_pivotroot, const struct path *put_old, const struct path *new_root)
{
	struct resolved_mount mount = {.op = HW_MOUNT_PIVOT_ROOT};

	mount_target(&mount, new_root);
	mount_source(&mount, put_old);
	attempted(&mount);
	return 0;
}
