/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * A mount call from inside the kernel, where its strings are the kernel's copies and its paths (mount, dentry) pairs: nothing
 * the caller can change any more, and the same whatever ABI, symlink or /proc/self/fd name led there. For hooks that are handed
 * all there is to tell; calls seen by their registers are in observe/mount.h.
 */
#ifndef HULLWATCH_OBSERVE_RESOLVED_MOUNT_H
#define HULLWATCH_OBSERVE_RESOLVED_MOUNT_H

#include "novelty.h"
#include "walk.h"

/* As do_mount() hands them to path_mount() and to security_sb_mount(); other calls have no strings, two of them a second path.
 */
struct resolved_mount {
	__u32 op; /* hw_mount_op */
	const char *source;
	__u64 dentry, mnt;	     /* of the target */
	__u64 from_dentry, from_mnt; /* 0: there is none */
	const char *fstype;
	__u64 flags;
	const char *data; /* options; a page, or what a filesystem of its own takes: read as text up to its first NUL */
};

HW_INLINE void mount_target(struct resolved_mount *mount, const struct path *path)
{
	struct path target = {};

	bpf_probe_read_kernel(&target, sizeof(target), path);
	mount->dentry = (__u64)target.dentry;
	mount->mnt = (__u64)target.mnt;
}
HW_INLINE void mount_source(struct resolved_mount *mount, const struct path *path)
{
	mount->from_dentry = (__u64)BPF_CORE_READ(path, dentry);
	mount->from_mnt = (__u64)BPF_CORE_READ(path, mnt);
}

HW_INLINE __u64 novelty_place(__u64 hash, __u64 dentry)
{
	struct inode *inode = BPF_CORE_READ((struct dentry *)dentry, d_inode);

	return novelty_mix(novelty_mix(hash, BPF_CORE_READ(inode, i_sb, s_dev)), BPF_CORE_READ(inode, i_ino));
}

/* As mount_is_novel(), of what the kernel made of the strings. */
HW_PART bool resolved_is_novel(const struct resolved_mount *mount, __u64 home)
{
	__u64 sort = novelty_mix(novelty_mix(novelty_begin(), mount->op), (__u32)mount->flags), what;

	if (mount->op == HW_MOUNT_MOUNT) {
		sort = novelty_text(sort, (__u64)mount->fstype, false, 2);
		what = novelty_text(sort, (__u64)mount->source, false, NOVELTY_WORDS);
	} else {
		what = novelty_place(sort, mount->dentry);
		if (mount->from_dentry)
			what = novelty_place(what, mount->from_dentry);
	}
	return admit_novel(home, HW_MOUNT, sort, what);
}

/* `flags`: HW_F_ATTEMPT when `result` is not known. */
HW_PART void send_resolved_mount(const struct resolved_mount *mount, __s64 result, __u32 flags, __u32 provider)
{
	struct task_struct *task = current_task();
	struct hw_mount *r;
	struct slot *slot;
	__u32 which;
	__u64 home;

	home = home_of(task);
	if (!emit_admit_home(task, home, HW_MOUNT, false) && !resolved_is_novel(mount, home))
		return;
	slot = slot_take(HW_MOUNT, sizeof(*r), &which);
	if (!slot)
		return;
	r = (void *)slot->record;
	fill_header(&r->h, HW_MOUNT, provider, sizeof(*r));
	r->h.flags |= flags;
	fill_ancestors(r->ancestors);
	r->op = mount->op;
	r->from_fd = r->to_fd = -1;
	r->result = result;
	r->mount_flags = mount->flags;
	r->mnt_ns = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	r->userns = BPF_CORE_READ(task, real_cred, user_ns, ns.inum);
	if (mount->op == HW_MOUNT_MOUNT) {
		r->source = slot_kernel_string(slot, sizeof(*r), mount->source, HW_STRING_MAX);
		r->fstype = slot_kernel_string(slot, sizeof(*r), mount->fstype, HW_STRING_MAX);
		r->data = slot_kernel_string(slot, sizeof(*r), mount->data, HW_STRING_MAX);
	}
	slot_root(slot, task);
	r->resolved = slot_path(slot, which, sizeof(*r), mount->dentry, mount->mnt);
	if (mount->from_dentry)
		r->source_resolved = slot_path(slot, which, sizeof(*r), mount->from_dentry, mount->from_mnt);
	slot_send(slot, HW_MOUNT);
}

#endif
