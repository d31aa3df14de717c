/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Records of variable length: built in a per-CPU slot, sent at their true length.
 *
 *	__u32 which;
 *	struct slot *slot = slot_take(HW_MOUNT, sizeof(struct hw_mount), &which);
 *	if (!slot)
 *		return 0;
 *	struct hw_mount *r = (void *)slot->record;      (the fixed struct is zeroed)
 *	fill_header(&r->h, HW_MOUNT, HW_BY_QUIET, 0);
 *	r->fstype = slot_kernel_string(slot, sizeof(*r), text, HW_STRING_MAX);
 *	r->resolved = slot_path(slot, which, sizeof(*r), path.dentry, path.mnt);   (walk.h)
 *	slot_send(slot, HW_MOUNT);
 *
 * Every path from slot_take() must end in slot_send() or slot_drop().
 *
 * Below 7.0 tracepoint programs run with preemption off: a slot is theirs. Since then, and at LSM and fentry hooks always, they
 * only stay on their CPU (relief.h): one that preempts another finds slot 0 taken and gets slot 1. Between looking and taking
 * there are a few instructions in which two can take the same one; then the owner no longer matches when the first comes to
 * send, and its record is counted as lost. (An atomic exchange needs 5.12; bpf_preempt_disable() needs 6.10, and the static
 * linker of libbpf < 1.5 allows an extern function in one unit only.)
 */
#ifndef HULLWATCH_SLOT_H
#define HULLWATCH_SLOT_H

#include "emit.h"

HW_INLINE struct slot *slot_at(__u32 which)
{
	return bpf_map_lookup_elem(&slots, &which);
}

/* Never 0: the idle task's pid_tgid is. */
HW_INLINE __u64 slot_owner(void)
{
	return bpf_get_current_pid_tgid() | 1ULL << 63;
}

/* Takes a free slot and zeroes `fixed` (a constant) bytes of its record. NULL is counted as an error, not as a lost record. */
HW_INLINE struct slot *slot_borrow(__u32 fixed, __u32 *which)
{
	struct slot *slot = slot_at(0);

	*which = 0;
	if (slot && slot->owner) {
		*which = 1;
		slot = slot_at(1);
	}
	if (!slot || slot->owner) {
		count_error(HW_PLACE_SLOT);
		return NULL;
	}
	slot->owner = slot_owner();
	slot->used = fixed;
	slot->overflow = 0;
	slot->root_dentry = 0;
	slot->root_mnt = 0;
	__builtin_memset(slot->record, 0, fixed);
	return slot;
}

/* A slot to build a record in. NULL: the record is counted as lost. */
HW_INLINE struct slot *slot_take(__u32 kind, __u32 fixed, __u32 *which)
{
	struct slot *slot = slot_borrow(fixed, which);

	if (!slot)
		count_record(kind, false);
	return slot;
}

/* Gives it back without a record: what was built was borrowed from, or turned out to be nothing to report. */
HW_INLINE void slot_drop(struct slot *slot)
{
	slot->owner = 0;
}

/* Completes header.size and sends. `kind` is a constant. */
HW_INLINE void slot_send(struct slot *slot, __u32 kind)
{
	struct hw_header *h = (void *)slot->record;
	__u64 size = (slot->used + 7ULL) & ~7ULL;

	if (slot->owner != slot_owner()) {
		count_error(HW_PLACE_SLOT);
		count_record(kind, false);
		return;
	}
	if (slot->overflow)
		count_error(HW_PLACE_TAIL_CUT);
	BOUNDED(size);
	if (size > SLOT_FIXED + SLOT_TAIL)
		size = SLOT_FIXED + SLOT_TAIL;
	h->size = size;
	emit_output(kind, slot->record, size);
	slot->owner = 0;
}

/* Room for one more piece: its offset in the record, bounded for the verifier; sets overflow and returns 0 when there is none.
 */
HW_INLINE __u64 slot_room(struct slot *slot)
{
	__u64 used = slot->used;

	BOUNDED(used);
	if (used < sizeof(struct hw_header) || used >= SLOT_FIXED + SLOT_TAIL - SLOT_CHUNK) {
		slot->overflow = 1;
		return 0;
	}
	return used;
}

HW_INLINE struct hw_span slot_grown(struct slot *slot, __u32 fixed, __u64 at, long length)
{
	struct hw_span span = {};

	if (length <= 0)
		return span;
	span.off = at - fixed;
	span.len = length;
	slot->used = (__u32)at + (__u32)length;
	return span;
}

/* Appends a kernel string with its NUL, cut at `max` (a constant ≤ SLOT_CHUNK). */
HW_INLINE struct hw_span slot_kernel_string(struct slot *slot, __u32 fixed, const void *from, __u32 max)
{
	__u64 at = slot_room(slot);

	if (!at)
		return (struct hw_span){};
	return slot_grown(slot, fixed, at, bpf_probe_read_kernel_str(slot->record + at, max, from));
}

/* As slot_kernel_string() from user memory; the caller sets HW_F_USER_STRINGS. */
HW_INLINE struct hw_span slot_user_string(struct slot *slot, __u32 fixed, const void *from, __u32 max)
{
	__u64 at = slot_room(slot);

	if (!at)
		return (struct hw_span){};
	return slot_grown(slot, fixed, at, bpf_probe_read_user_str(slot->record + at, max, from));
}

/* Appends `length` bytes of user memory, cut at SLOT_CHUNK. */
HW_INLINE struct hw_span slot_user_bytes(struct slot *slot, __u32 fixed, const void *from, __u64 length)
{
	__u64 at = slot_room(slot);

	if (!at || !length)
		return (struct hw_span){};
	BOUNDED(length);
	if (length > SLOT_CHUNK)
		length = SLOT_CHUNK;
	if (bpf_probe_read_user(slot->record + at, length, from)) {
		count_error(HW_PLACE_USER_READ);
		return (struct hw_span){};
	}
	return slot_grown(slot, fixed, at, (long)length);
}

#endif
