/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Paths by walking dentries and mounts from the leaf to the task's root.
 *
 * walk_path() is a global function: verified once for any arguments, not at each call, which keeps the programs small. It takes
 * scalars only (5.10 allows no pointers), and finds its slot by number.
 */
#ifndef HULLWATCH_WALK_H
#define HULLWATCH_WALK_H

#include "slot.h"

#define WALK_BYTES 4096			     /* of one path at most */
#define WALK_STEPS (HW_PATH_COMPONENTS + 16) /* components and mount points crossed */

/* Where walks of this slot end: the task's own root, so that a chroot or a container sees its paths as it does itself. */
HW_INLINE void slot_root(struct slot *slot, struct task_struct *task)
{
	struct fs_struct *fs = REACH(task, fs);
	struct path root = {};

	if (fs)
		bpf_probe_read_kernel(&root, sizeof(root), &fs->root);
	slot->root_dentry = (__u64)root.dentry;
	slot->root_mnt = (__u64)root.mnt;
}

/* What a walk reads of a dentry: neighbours in the kernel, so one read. */
struct step {
	const struct dentry *parent;
	__u64 hash_and_length;
	const unsigned char *name;
};

HW_INLINE void read_step(struct step *step, const struct dentry *dentry)
{
	if (bpf_core_field_offset(dentry->d_name.name) - bpf_core_field_offset(dentry->d_parent) ==
	    offsetof(struct step, name)) {
		bpf_probe_read_kernel(step, sizeof(*step), &dentry->d_parent);
		return;
	}
	step->parent = BPF_CORE_READ(dentry, d_parent);
	step->name = BPF_CORE_READ(dentry, d_name.name);
}

/* Appends one name, leaf first. False: no room. */
HW_INLINE bool walk_name(struct slot *slot, const unsigned char *name)
{
	__u64 at = slot_room(slot);
	long length;

	if (!at)
		return false;
	length = bpf_probe_read_kernel_str(slot->record + at, HW_STRING_MAX, name);
	if (length <= 0)
		return false;
	slot->used = (__u32)(at + (__u64)length);
	slot->components++;
	return true;
}

/*
 * Appends the path of (dentry, mnt) to slot `which`; count and flags are left in the slot, as every counter but `step` is: in a
 * register each value would be a state of its own and the verifier would walk all of them.
 */
__weak __noinline int walk_path(__u32 which, __u64 dentry_address, __u64 mnt_address)
{
	const struct dentry *dentry = (void *)dentry_address, *top;
	struct vfsmount *mnt = (void *)mnt_address;
	struct slot *slot = slot_at(which);
	struct step here = {};
	__u32 start;

	if (!slot || !dentry || !mnt)
		return 0;
	start = slot->used;
	top = BPF_CORE_READ(mnt, mnt_root);
	for (int step = 0; step < WALK_STEPS; step++) {
		if ((__u64)dentry == slot->root_dentry && (__u64)mnt == slot->root_mnt)
			return 0;
		if (dentry == top) {
			struct mount *m = container_of(mnt, struct mount, mnt);
			struct mount *above = BPF_CORE_READ(m, mnt_parent);

			if (above == m) { /* top of a mount namespace, or detached: not the root the task has */
				slot->path_flags |= HW_PATH_UNREACHABLE;
				return 0;
			}
			dentry = BPF_CORE_READ(m, mnt_mountpoint);
			mnt = __builtin_preserve_access_index(&above->mnt);
			top = BPF_CORE_READ(mnt, mnt_root);
			continue;
		}
		read_step(&here, dentry);
		if (here.parent == dentry) { /* its own root, but not its mount's: a memfd, a socket, a pipe */
			slot->path_flags |= HW_PATH_ANONYMOUS;
			if (slot->components == 0)
				walk_name(slot, here.name);
			return 0;
		}
		if (slot->components >= HW_PATH_COMPONENTS || slot->used - start > WALK_BYTES - HW_STRING_MAX ||
		    !walk_name(slot, here.name))
			break;
		dentry = here.parent;
	}
	slot->path_flags |= HW_PATH_TRUNCATED;
	return 0;
}

/* The path as a record carries it. Dentry and mount are addresses that were read (BPF_CORE_READ), not BTF pointers. */
HW_INLINE struct hw_path slot_path(struct slot *slot, __u32 which, __u32 fixed, __u64 dentry, __u64 mnt)
{
	struct hw_path path = {};
	__u32 start = slot->used;

	slot->components = 0;
	slot->path_flags = 0;
	walk_path(which, dentry, mnt);
	path.components.off = start - fixed;
	path.components.len = slot->used - start;
	path.count = slot->components;
	path.flags = slot->path_flags;
	return path;
}

#endif
