/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * From a program to a ring. A program with a fixed record reads:
 *
 *	if (!emit_admit(task, HW_CAPABILITY, novel))   (critical kinds only)
 *		return 0;
 *	struct hw_capability *r = EMIT_RESERVE(HW_CAPABILITY, struct hw_capability);
 *	if (!r)
 *		return 0;
 *	fill_header(&r->h, HW_CAPABILITY, HW_BY_QUIET, sizeof(*r));
 *	fill_ancestors(r->ancestors);
 *	…
 *	emit_submit(HW_CAPABILITY, r);
 *
 * The reservation is zeroed. Nothing slow and no early return between reserve and submit: a reservation blocks all records
 * behind it. Records with a tail are built in a slot (slot.h) and go out by emit_output().
 *
 * Counting is exact: EMIT_RESERVE and emit_output add one to submitted or lost of the kind, emit_admit one to the home's
 * suppressed[]; nothing else ends a record's life.
 */
#ifndef HULLWATCH_EMIT_H
#define HULLWATCH_EMIT_H

#include "header.h"

#define NS_PER_S	1000000000ULL
#define EMIT_WAKE_NS	4000000ULL /* a CPU wakes the reader for one exec in so long, … */
#define EMIT_WAKE_BURST 16	   /* … and for so many at once after a quiet time */

/*
 * One request is several records, and useless if one of them is missing: a home may have more of them, but all together only
 * the first three quarters of the ring.
 */
#define REQUESTS_PER_TOKEN 8

#define KIND_IS_CRITICAL(kind) ((kind) >= HW_CREDENTIAL)

/* ---- counting ---- */

HW_INLINE void count_record(__u32 kind, bool sent)
{
	struct hw_count *count = bpf_map_lookup_elem(&counts, &kind);

	if (!count)
		return;
	/* xadd although per CPU: programs on LSM and fentry hooks can be preempted between load and store */
	if (sent)
		__sync_fetch_and_add(&count->submitted, 1);
	else
		__sync_fetch_and_add(&count->lost, 1);
}

/* By kind, and by home: whoever is told of a loss asks who made it. */
__weak __noinline int count_lost_of(__u64 home, __u32 kind)
{
	struct home_state *state = home_state(home);

	count_record(kind, false);
	if (!state)
		return 0;
	if (KIND_IS_CRITICAL(kind))
		__sync_fetch_and_add(&state->counts.critical_lost, 1);
	else
		__sync_fetch_and_add(&state->counts.bulk_lost, 1);
	return 0;
}

/* Of current's. Called, not copied: else clang joins this path with the one that counts what was sent, and behind it asks again
 * whether there is a record, of which the verifier of 6.1 no longer knows the answer. */
__weak __noinline int count_lost(__u32 kind)
{
	return count_lost_of(home_of(current_task()), kind);
}

/* It had been counted when its header was filled. */
__weak __noinline int count_unsent(__u64 home, __u32 kind)
{
	struct home_state *state = home_state(home);

	if (state && KIND_IS_CRITICAL(kind))
		__sync_fetch_and_add(&state->counts.critical_sent, -1);
	return count_lost_of(home, kind);
}

HW_INLINE void count_suppressed(struct home_state *home, __u64 kind)
{
	asm volatile("" : "+r"(kind)); /* so that the bound is on the very register that indexes */
	if (home && kind < HW_KIND_MAX)
		__sync_fetch_and_add(&home->counts.suppressed[kind], 1);
}

/* ---- waking ---- */

/*
 * Waking is an interrupt to oneself, in a virtual machine an exit from it: two thirds of the price of an exec record where it
 * was measured. Critical: each record wakes. Bulk: an exec wakes while its CPU has a token for it; forks and exits alone wake
 * nobody; whatever it is, every 32nd record of a CPU wakes once a quarter of the ring has filled. Execs in between are found
 * because the reader, once woken, looks again every EMIT_WAKE_NS until it saw nothing for two of them (RingReader::poll); forks
 * and exits with the next exec, or at the reader's timeout.
 */
HW_INLINE __u64 wake_flags(__u32 kind)
{
	struct wake_state *wake;
	__u32 zero = 0;
	__u64 now;

	if (KIND_IS_CRITICAL(kind))
		return BPF_RB_FORCE_WAKEUP;
	wake = bpf_map_lookup_elem(&wakes, &zero);
	if (!wake)
		return BPF_RB_FORCE_WAKEUP;
	if ((++wake->records & 31) == 0 &&
	    bpf_ringbuf_query(&bulk, BPF_RB_AVAIL_DATA) >= bpf_ringbuf_query(&bulk, BPF_RB_RING_SIZE) / 4)
		return BPF_RB_FORCE_WAKEUP;
	if (kind != HW_EXEC)
		return BPF_RB_NO_WAKEUP;
	now = bpf_ktime_get_boot_ns();
	if (wake->paid_until_ns < now)
		wake->paid_until_ns = now;
	if (wake->paid_until_ns + EMIT_WAKE_NS > now + EMIT_WAKE_BURST * EMIT_WAKE_NS)
		return BPF_RB_NO_WAKEUP;
	wake->paid_until_ns += EMIT_WAKE_NS;
	return BPF_RB_FORCE_WAKEUP;
}

/* ---- sending ---- */

/* `kind` and `size` are constants, so the branch on the ring is gone after compiling. */
HW_INLINE void *emit_reserve(__u32 kind, __u64 size)
{
	void *record = KIND_IS_CRITICAL(kind) ? bpf_ringbuf_reserve(&critical, size, 0) : bpf_ringbuf_reserve(&bulk, size, 0);

	if (!record) {
		count_lost(kind);
		return NULL;
	}
	count_record(kind, true);
	__builtin_memset(record, 0, size);
	return record;
}

#define EMIT_RESERVE(kind, type) ((type *)emit_reserve(kind, sizeof(type)))

HW_INLINE void emit_submit(__u32 kind, void *record)
{
	bpf_ringbuf_submit(record, wake_flags(kind));
}

HW_INLINE void emit_output(__u32 kind, void *record, __u64 size)
{
	__u64 flags = wake_flags(kind);
	long err = KIND_IS_CRITICAL(kind) ? bpf_ringbuf_output(&critical, record, size, flags)
					  : bpf_ringbuf_output(&bulk, record, size, flags);

	if (err)
		count_unsent(((const struct hw_header *)record)->home, kind);
	else
		count_record(kind, true);
}

/* ---- fairness of the critical ring ---- */

/* Of current; `home` may be another's: a request is recorded while its server is current. */
__weak __noinline int emit_flood(__u64 home, __u32 kind, __u32 over, __u64 suppressed)
{
	struct hw_flood *r = EMIT_RESERVE(HW_FLOOD, struct hw_flood);

	if (!r)
		return 0;
	fill_header(&r->h, HW_FLOOD, HW_BY_ALWAYS, sizeof(*r));
	fill_ancestors(r->ancestors);
	r->h.home = home;
	r->flooded = kind;
	r->over = over;
	r->suppressed = suppressed;
	emit_submit(HW_FLOOD, r);
	return 0;
}

HW_INLINE bool critical_ring_has_room(void)
{
	return bpf_ringbuf_query(&critical, BPF_RB_AVAIL_DATA) < bpf_ringbuf_query(&critical, BPF_RB_RING_SIZE) / 4 * 3;
}

/*
 * May the home of `task` send a critical record of `kind` now? Within its token bucket: yes. Beyond it only what is `novel`
 * (the caller's judgement: the first of its kind), and only into the first three quarters of the ring; all else is counted in
 * homes[home].suppressed[kind]. A flood record goes out when a bucket runs empty and when it is half full again (looked at with
 * the next record of the kind; user space, which reads `buckets` too, does not wait for it).
 *
 * Two CPUs may both take the last token: the bucket is a rate, not an exact count; `suppressed` is exact.
 *
 * Global functions, here and above, are verified once, not in each state of each caller: a third of the start-up time
 * otherwise.
 */
__weak __noinline int admit(__u64 home, __u32 kind, bool novel)
{
	struct bucket_key key = {.home = home, .kind = kind};
	__u64 now = bpf_ktime_get_boot_ns();
	__u64 token = NS_PER_S / (critical_rate ? critical_rate : 1);
	__u64 depth = token * critical_burst;
	struct bucket *bucket;

	if (kind == HW_REQUEST) {
		if (!critical_ring_has_room()) {
			count_suppressed(home_state_make(home), kind);
			return false;
		}
		token /= REQUESTS_PER_TOKEN;
	}
	bucket = bpf_map_lookup_elem(&buckets, &key);
	if (!bucket) {
		static const struct bucket full; /* not on the stack: its chain of callers is the deepest of all */

		bpf_map_update_elem(&buckets, &key, &full, BPF_ANY);
		bucket = bpf_map_lookup_elem(&buckets, &key);
		if (bucket)
			bucket->paid_until_ns = now + token;
		else
			count_error(HW_PLACE_BUCKET);
		return true;
	}
	if (bucket->paid_until_ns < now)
		bucket->paid_until_ns = now;
	if (bucket->flooded && bucket->paid_until_ns <= now + depth / 2) {
		bucket->flooded = 0;
		bpf_map_delete_elem(&novelties, &key);
		emit_flood(home, kind, 1, bucket->suppressed);
	}
	if (bucket->paid_until_ns + token <= now + depth) {
		__sync_fetch_and_add(&bucket->paid_until_ns, token);
		return true;
	}
	if (!bucket->flooded) {
		bucket->flooded = 1;
		emit_flood(home, kind, 0, bucket->suppressed);
	}
	if ((novel || is_canary()) && critical_ring_has_room())
		return true;
	__sync_fetch_and_add(&bucket->suppressed, 1);
	count_suppressed(home_state_make(key.home), kind);
	return false;
}

HW_PART bool is_shown(const struct novelty *shown, __u64 what)
{
	for (int i = 0; i < NOVELTIES; i++)
		if (shown->seen[i] == what)
			return true;
	return false;
}

/* Room for something of a sort that was shown before: a quarter of what the bucket itself gives. */
HW_INLINE bool pays_novelty(struct novelty *shown)
{
	__u64 now = bpf_ktime_get_boot_ns();
	__u64 token = 4 * NS_PER_S / (critical_rate ? critical_rate : 1);
	__u64 depth = token * critical_burst / 4;

	if (shown->paid_until_ns < now)
		shown->paid_until_ns = now;
	if (shown->paid_until_ns + token > now + depth)
		return false;
	shown->paid_until_ns += token;
	return true;
}

/*
 * A second chance for a record that admit() has just counted instead of admitting: yes when it is the first of its `sort`, or
 * of what it is in all (`what`), since the bucket ran empty; both are hashes (novelty.h). Asked only then, so that hashing
 * costs nothing as long as nobody floods. Both conditions are bounded, so that no variety of names buys the ring.
 */
__weak __noinline int admit_novel(__u64 home, __u32 kind, __u64 sort, __u64 what)
{
	static const struct novelty nothing;
	struct bucket_key key = {.home = home, .kind = kind};
	struct novelty *shown = bpf_map_lookup_elem(&novelties, &key);
	__u64 bit = 1ULL << (sort >> 58), index = kind;
	struct home_state *state;
	struct bucket *bucket;

	if (!critical_ring_has_room())
		return 0;
	if (!shown) {
		bpf_map_update_elem(&novelties, &key, &nothing, BPF_ANY);
		shown = bpf_map_lookup_elem(&novelties, &key);
	}
	if (!shown)
		return 0;
	if (shown->sorts & bit && (is_shown(shown, what) || !pays_novelty(shown)))
		return 0;
	shown->sorts |= bit;
	shown->seen[shown->next++ & (NOVELTIES - 1)] = what;
	bucket = bpf_map_lookup_elem(&buckets, &key);
	if (bucket)
		__sync_fetch_and_add(&bucket->suppressed, -1);
	state = home_state(home);
	asm volatile("" : "+r"(index)); /* as in count_suppressed() */
	if (state && index < HW_KIND_MAX)
		__sync_fetch_and_add(&state->counts.suppressed[index], -1);
	return 1;
}

HW_INLINE bool emit_admit_home(struct task_struct *task, __u64 home, __u32 kind, bool novel)
{
	return admit(home, kind, novel);
}

HW_INLINE bool emit_admit(struct task_struct *task, __u32 kind, bool novel)
{
	return admit(home_of(task), kind, novel);
}

#endif
