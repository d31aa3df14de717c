/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * A mount(2) from inside the kernel, where its strings are the kernel's copies and the target is a (mount, dentry) pair:
 * nothing the caller can change any more, and the same whatever ABI, symlink or /proc/self/fd name led there. For providers
 * that are called with them; calls seen by their registers are in observe/mount.h.
 */
#ifndef HULLWATCH_OBSERVE_RESOLVED_MOUNT_H
#define HULLWATCH_OBSERVE_RESOLVED_MOUNT_H

#include "walk.h"

/* As do_mount() hands them to path_mount() and to security_sb_mount(). */
struct resolved_mount {
	const char *source;
	const struct path *target;
	const char *fstype;
	__u64 flags;
	const char *data; /* options; a page, or what a filesystem of its own takes: read as text up to its first NUL */
};

/* `flags`: HW_F_ATTEMPT when `result` is not known. */
HW_PART void send_resolved_mount(const struct resolved_mount *mount, __s64 result, __u32 flags, __u32 provider)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct path *target = mount->target;
	struct hw_mount *r;
	struct slot *slot;
	__u32 which;

	if (!emit_admit(task, HW_MOUNT, false))
		return;
	slot = slot_take(HW_MOUNT, sizeof(*r), &which);
	if (!slot)
		return;
	r = (void *)slot->record;
	fill_header(&r->h, HW_MOUNT, provider, sizeof(*r));
	r->h.flags |= flags;
	fill_ancestors(r->ancestors);
	r->op = HW_MOUNT_MOUNT;
	r->from_fd = r->to_fd = -1;
	r->result = result;
	r->mount_flags = mount->flags;
	r->mnt_ns = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	r->userns = BPF_CORE_READ(task, real_cred, user_ns, ns.inum);
	r->source = slot_kernel_string(slot, sizeof(*r), mount->source, HW_STRING_MAX);
	r->fstype = slot_kernel_string(slot, sizeof(*r), mount->fstype, HW_STRING_MAX);
	r->data = slot_kernel_string(slot, sizeof(*r), mount->data, HW_STRING_MAX);
	slot_root(slot, task);
	r->resolved =
	    slot_path(slot, which, sizeof(*r), (__u64)BPF_CORE_READ(target, dentry), (__u64)BPF_CORE_READ(target, mnt));
	slot_send(slot, HW_MOUNT);
}

#endif
