/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Mount calls: one record a call, built in its caller's own entry of a map, so that it survives until the outcome is known and
 * nothing else on the CPU can touch it. Strings are the caller's (HW_F_USER_STRINGS), except type and source of a filesystem
 * that is being configured: those are the kernel's copies.
 *
 * hw_mount's spans by call (dfd goes with its path: from_fd with source, to_fd with target):
 *	mount           source target fstype data, mount_flags
 *	umount2         target, mount_flags
 *	pivot_root      source = put_old, target = new_root
 *	open_tree       to_fd target, mount_flags (open_tree_attr too)
 *	fsopen          fstype, mount_flags
 *	fsconfig        from_fd command; fstype and source of the filesystem being made
 *	fsmount         from_fd, mount_flags = MOUNT_ATTR_*; fstype and source of the filesystem that was made
 *	move_mount      from_fd source to_fd target, mount_flags
 *	mount_setattr   to_fd target, mount_flags = attr_set, attr_clr
 *	fspick          to_fd target, mount_flags
 *
 * A provider with a hook inside the call, where its paths are resolved, adds them: resolve_mount().
 */
#ifndef HULLWATCH_OBSERVE_MOUNT_H
#define HULLWATCH_OBSERVE_MOUNT_H

#include "observe/mount_admission.h"
#include "observe/outcome.h"
#include "walk.h"

#define ANON_INODE_FS_MAGIC 0x09041934
#define FSCONFIG_CMD_CREATE 6 /* and what came later: the commands that check for privilege first */

#define MOUNT_STRINGS 4
#define MOUNT_PATH    2048 /* of one resolved path: a longer one is left out, flagged and counted */
#define MOUNT_TAIL    (MOUNT_STRINGS * HW_STRING_MAX + 2 * MOUNT_PATH)

struct mount_call {
	struct bpf_task_work work;
	__u64 owner;		      /* start_boottime of the thread */
	__u32 used;		      /* bytes of `tail` */
	__u32 unread;		      /* strings whose page was not present: bit n is string n */
	__u64 strings[MOUNT_STRINGS]; /* user addresses of source, target, fstype, data; 0: none */
	struct hw_mount record;
	__u8 tail[MOUNT_TAIL + MOUNT_PATH]; /* one more piece may hang over for the verifier; it is never sent */
};

/*
 * By thread, for the length of one call. Not preallocated: mounts are rare, 8 KiB each. Full (so many threads inside a mount
 * call at once): the record is lost and counted.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct mount_call);
} mount_calls __weak SEC(".maps");

/* Appends a string; kernel memory when `user` is false. Empty strings and those that cannot be read give an empty span. */
HW_INLINE struct hw_span mount_string(struct mount_call *call, __u64 from, bool user, bool *read)
{
	struct hw_span span = {};
	__u32 at = call->used;
	long length;

	*read = true;
	if (!from || at > MOUNT_TAIL - HW_STRING_MAX)
		return span;
	length = user ? bpf_probe_read_user_str(call->tail + at, HW_STRING_MAX, (void *)from)
		      : bpf_probe_read_kernel_str(call->tail + at, HW_STRING_MAX, (void *)from);
	*read = length >= 0;
	if (length <= 1 || length > HW_STRING_MAX)
		return span;
	span.off = at;
	span.len = length;
	call->used = at + (__u32)length;
	return span;
}

/* Reads what of the four user strings has not been read yet. */
HW_PART void read_mount_strings(struct mount_call *call)
{
	struct hw_mount *r = &call->record;
	bool read;

	if (call->unread & 1) {
		r->source = mount_string(call, call->strings[0], true, &read);
		call->unread &= read ? ~1U : ~0U;
	}
	if (call->unread & 2) {
		r->target = mount_string(call, call->strings[1], true, &read);
		call->unread &= read ? ~2U : ~0U;
	}
	if (call->unread & 4) {
		r->fstype = mount_string(call, call->strings[2], true, &read);
		call->unread &= read ? ~4U : ~0U;
	}
	if (call->unread & 8) {
		r->data = mount_string(call, call->strings[3], true, &read);
		call->unread &= read ? ~8U : ~0U;
	}
}

/* Is it what fsopen and fspick hand out? Their files are anonymous inodes of this name, which nobody else can give. */
HW_INLINE bool is_fs_context(struct file *file)
{
	static const char expected[] = "[fscontext]";
	char name[sizeof(expected)] = {};

	bpf_probe_read_kernel(name, sizeof(name), BPF_CORE_READ(file, f_path.dentry, d_name.name));
	for (__u32 i = 0; i < sizeof(expected); i++)
		if (name[i] != expected[i])
			return false;
	return BPF_CORE_READ(file, f_inode, i_sb, s_magic) == ANON_INODE_FS_MAGIC;
}

/* Type and source of the filesystem behind an fsopen or fspick descriptor: the kernel's own copies. Gone once it is mounted. */
HW_PART void fill_fs_context(struct mount_call *call, struct task_struct *task, __u32 fd)
{
	struct files_struct *files = BPF_CORE_READ((struct task_struct___files *)task, files);
	struct fdtable *table = BPF_CORE_READ(files, fdt);
	struct file **files_of = BPF_CORE_READ(table, fd);
	struct fs_context *context;
	struct file *file = NULL;
	bool read;

	if (fd >= BPF_CORE_READ(table, max_fds))
		return;
	bpf_probe_read_kernel(&file, sizeof(file), files_of + fd);
	if (!file || !is_fs_context(file))
		return;
	context = BPF_CORE_READ(file, private_data);
	call->record.fstype = mount_string(call, (__u64)BPF_CORE_READ(context, fs_type, name), false, &read);
	call->record.source = mount_string(call, (__u64)BPF_CORE_READ(context, source), false, &read);
}

struct mount_attr_head {
	__u64 attr_set, attr_clr;
};

/* The call's arguments, while its registers still hold them. */
HW_PART void fill_mount_call(struct mount_call *call, struct task_struct *task, __u32 op)
{
	__u64 a0 = call_argument(task, 0), a1 = call_argument(task, 1), a2 = call_argument(task, 2);
	__u64 a3 = call_argument(task, 3), a4 = call_argument(task, 4);
	struct hw_mount *r = &call->record;
	struct mount_attr_head attr = {};

	r->op = op;
	r->from_fd = r->to_fd = -1;
	switch (op) {
	case HW_MOUNT_MOUNT:
		call->strings[0] = a0;
		call->strings[1] = a1;
		call->strings[2] = a2;
		call->strings[3] = a4;
		r->mount_flags = a3;
		break;
	case HW_MOUNT_UMOUNT:
		call->strings[1] = a0;
		if (!compat_call(task) || syscall_number(task) != COMPAT_UMOUNT_WITHOUT_FLAGS)
			r->mount_flags = a1;
		break;
	case HW_MOUNT_PIVOT_ROOT:
		call->strings[0] = a1;
		call->strings[1] = a0;
		break;
	case HW_MOUNT_OPEN_TREE:
	case HW_MOUNT_FSPICK:
		r->to_fd = (__s32)a0;
		call->strings[1] = a1;
		r->mount_flags = (__u32)a2;
		break;
	case HW_MOUNT_FSOPEN:
		call->strings[2] = a0;
		r->mount_flags = (__u32)a1;
		break;
	case HW_MOUNT_FSCONFIG:
		r->from_fd = (__s32)a0;
		r->command = (__s32)a1;
		fill_fs_context(call, task, (__u32)a0);
		break;
	case HW_MOUNT_FSMOUNT:
		r->from_fd = (__s32)a0;
		r->mount_flags = (__u32)a2;
		fill_fs_context(call, task, (__u32)a0);
		break;
	case HW_MOUNT_MOVE_MOUNT:
		r->from_fd = (__s32)a0;
		call->strings[0] = a1;
		r->to_fd = (__s32)a2;
		call->strings[1] = a3;
		r->mount_flags = (__u32)a4;
		break;
	case HW_MOUNT_SETATTR:
		r->to_fd = (__s32)a0;
		call->strings[1] = a1;
		bpf_probe_read_user(&attr, sizeof(attr), (void *)a3);
		r->mount_flags = attr.attr_set;
		r->attr_clr = attr.attr_clr;
		break;
	}
	for (int i = 0; i < MOUNT_STRINGS; i++)
		if (call->strings[i])
			call->unread |= 1 << i;
	if (call->unread)
		r->h.flags |= HW_F_USER_STRINGS;
	read_mount_strings(call);
}

/* The entry of the call this thread is in. One that a former thread of the same tid left (it died inside the call) is not it.
 */
HW_INLINE struct mount_call *current_mount(struct task_struct *task)
{
	__u32 tid = GET(task, pid);
	struct mount_call *call = bpf_map_lookup_elem(&mount_calls, &tid);

	return call && call->owner == GET(task, start_boottime) ? call : NULL;
}

/* A fresh entry for this thread's call; NULL counts its record as lost. */
HW_PART struct mount_call *mount_entry(struct task_struct *task)
{
	static const struct mount_call empty;
	struct mount_call *call;
	__u32 tid = GET(task, pid);

	bpf_map_update_elem(&mount_calls, &tid, &empty, BPF_ANY);
	call = bpf_map_lookup_elem(&mount_calls, &tid);
	if (!call) {
		count_error(HW_PLACE_CALL_FULL);
		count_record(HW_MOUNT, false);
		return NULL;
	}
	call->owner = GET(task, start_boottime);
	return call;
}

/* Header and arguments of the call that `task`, who is current, is in. */
HW_PART void fill_mount(struct mount_call *call, struct task_struct *task, __u32 op, __u32 provider)
{
	fill_header(&call->record.h, HW_MOUNT, provider, sizeof(call->record));
	fill_ancestors(call->record.ancestors);
	call->record.mnt_ns = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	call->record.userns = BPF_CORE_READ(task, real_cred, user_ns, ns.inum);
	fill_mount_call(call, task, op);
}

HW_INLINE void forget_mount(struct task_struct *task)
{
	__u32 tid = GET(task, pid);

	bpf_map_delete_elem(&mount_calls, &tid);
}

/* What refused_mount says of a call; of this daemon, since task_state outlives it. */
HW_INLINE __u32 refused_mark(__u32 op)
{
	return run_id << 8 | (op + 1);
}

/*
 * The entry of the call this thread is in, made and filled if no hook before has. NULL: none could be made, or the call is
 * beyond its home's bucket: counted, and marked, so that its next hook does not ask again. An entry is 8 KiB: only what will be
 * sent has one.
 */
HW_PART struct mount_call *begin_mount(struct task_struct *task, __u32 op, __u32 provider)
{
	struct task_state *state = thread_state_make(task);
	struct mount_call *call;

	if (state && state->refused_mount == refused_mark(op))
		return NULL;
	call = current_mount(task);
	if (call && call->record.op == op)
		return call;
	if (admit_mount(task, op)) {
		if (state)
			state->refused_mount = 0;
		call = mount_entry(task); /* in the place of one of another call, whose end was missed */
		if (call)
			fill_mount(call, task, op, provider);
		return call;
	}
	if (call)
		forget_mount(task);
	if (state)
		state->refused_mount = refused_mark(op);
	return NULL;
}

/* Appends a path of the call, resolved from the task's root; `out` is in its record. */
HW_PART void resolve_mount(struct mount_call *call, struct task_struct *task, const struct path *path, struct hw_path *out)
{
	struct hw_path resolved;
	__u32 at = call->used, which;
	struct slot *slot;
	__u64 length;

	if (at > MOUNT_TAIL - MOUNT_PATH)
		return;
	slot = slot_borrow(sizeof(struct hw_mount), &which);
	if (!slot)
		return;
	slot_root(slot, task);
	resolved = slot_path(slot, which, sizeof(struct hw_mount), (__u64)BPF_CORE_READ(path, dentry),
			     (__u64)BPF_CORE_READ(path, mnt));
	length = resolved.components.len;
	if (length > MOUNT_PATH) {
		count_error(HW_PLACE_TAIL_CUT);
		resolved = (struct hw_path){.flags = HW_PATH_TRUNCATED};
		length = 0;
	}
	BOUNDED(length);
	if (length > MOUNT_PATH)
		length = MOUNT_PATH;
	bpf_probe_read_kernel(call->tail + at, (__u32)length, slot->record + sizeof(struct hw_mount));
	slot_drop(slot);
	resolved.components.off = at;
	call->used = at + (__u32)length;
	*out = resolved;
}

/* Sends and forgets current's. `flags`: HW_F_ATTEMPT when `result` is not known. Global: verified once, not for each outcome.
 */
__weak __noinline int finish_mount(__s64 result, __u32 flags)
{
	struct task_struct *task = current_task();
	struct mount_call *call = current_mount(task);
	struct hw_mount *r;
	__u64 size;

	if (!call)
		return 0;
	r = &call->record;
	/* the kernel has touched the pages by now: strings that were not there before can be read */
	if (!(flags & HW_F_ATTEMPT))
		read_mount_strings(call);
	size = sizeof(*r) + ((call->used + 7) & ~7U);
	asm volatile("" : "+r"(size)); /* so that the bound below is on the very register that is passed on */
	if (size > sizeof(*r) + MOUNT_TAIL)
		size = sizeof(*r) + MOUNT_TAIL;
	r->result = result;
	r->h.flags |= flags;
	r->h.size = (__u32)size;
	emit_output(HW_MOUNT, r, size);
	forget_mount(task);
	return 0;
}

/* The call is over: what its own hooks on the way have begun, or its arguments as the registers still have them. */
HW_INLINE void mount_returned(struct task_struct *task, __u32 op, __s64 result, __u32 provider)
{
	struct task_state *state = thread_state(task);

	if (!state || state->refused_mount != refused_mark(op)) {
		if (begin_mount(task, op, provider))
			finish_mount(result, 0);
		state = thread_state(task);
	}
	if (state)
		state->refused_mount = 0;
}

#endif
