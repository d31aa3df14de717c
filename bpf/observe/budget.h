/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Fairness of the bulk ring. What each home sends is charged, in bytes, to a token bucket in its own state, which the programs
 * hold anyway: two loads and a store a record. The bucket bites only while the ring fills, which on a node that keeps up is
 * never: a home beyond its bucket then has the lower half of the ring, what is new of it five or six eighths; the rest is for
 * those within theirs. What is held back is counted by home and kind, and told by one flood record when it begins and one when
 * the bucket is half full again (noticed at the home's next fork, exec or exit).
 */
#ifndef HULLWATCH_OBSERVE_BUDGET_H
#define HULLWATCH_OBSERVE_BUDGET_H

#include "observe/burst.h"

/* How far the ring may be filled, in eighths, for a record of a home beyond its bucket to be sent. */
enum bulk_room {
	ROOM_USUAL = 4,
	ROOM_MARKED = 5, /* gains privilege, is a memfd, has a terminal, … : never held back by a burst */
	ROOM_NEW = 6,	 /* the first of its kind; the end of what was told of */
};

/* Is anything of this home to be counted instead of sent? Else nothing more is asked. */
HW_INLINE bool is_reduced(const struct home_state *home)
{
	return home->counts.bursting || home->bulk_over || home->bulk_shedding;
}

/* Of a home beyond its bucket, or that was. Global: verified once, not for each kind. */
__weak __noinline int budget_withholds(__u64 id, __u32 kind, __u32 room)
{
	struct home_state *home = home_state(id);
	__u64 now = bpf_ktime_get_boot_ns();

	if (!home)
		return 0;
	if (home->bulk_paid_until_ns <= now + bulk_depth_ns) {
		home->bulk_over = 0;
		if (home->bulk_shedding && home->bulk_paid_until_ns <= now + bulk_depth_ns / 2) {
			home->bulk_shedding = 0;
			emit_flood(id, home->bulk_first, 1, home->bulk_shed);
		}
		return 0;
	}
	if (bpf_ringbuf_query(&bulk, BPF_RB_AVAIL_DATA) < bpf_ringbuf_query(&bulk, BPF_RB_RING_SIZE) / 8 * room || is_canary())
		return 0;
	if (!home->bulk_shedding) {
		home->bulk_shedding = 1;
		home->bulk_first = kind;
		emit_flood(id, kind, 0, home->bulk_shed);
	}
	__sync_fetch_and_add(&home->bulk_shed, 1);
	count_suppressed(home, kind);
	return 1;
}

/* Is this record one to count instead of to send? Of a home that is_reduced(); `last` is when its kind was last sent. */
HW_INLINE bool is_held_back(struct home_state *home, __u64 id, __u32 kind, __u32 room, __u64 *last, __u64 now)
{
	if (room == ROOM_USUAL && burst_quenches(home, kind, last, now))
		return true;
	return (home->bulk_over || home->bulk_shedding) && budget_withholds(id, kind, room);
}

/* For a record of `size` bytes. Not atomic: two CPUs may charge for one. The debt is bounded, so that it is paid soon. */
HW_INLINE void budget_charge(struct home_state *home, __u64 now, __u64 size)
{
	__u64 paid = home->bulk_paid_until_ns;

	if (paid < now)
		paid = now;
	if (paid <= now + bulk_depth_ns)
		paid += size * bulk_byte_ns;
	if (paid > now + bulk_depth_ns)
		home->bulk_over = 1;
	home->bulk_paid_until_ns = paid;
}

#endif
