/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * What of a new program's memory is judged without being recorded: arguments beyond the record, and whether the environment
 * holds variables of the dynamic loader. Read at sched_process_exec: the kernel has just written it and no thread of the
 * program has run. Values of variables are looked past, never kept.
 *
 * The functions are global: verified once, not at each call. They take scalars (5.10 allows no pointers) and read into the
 * chunk behind the slot's record, which no piece of the record reaches.
 */
#ifndef HULLWATCH_OBSERVE_EXEC_MEMORY_H
#define HULLWATCH_OBSERVE_EXEC_MEMORY_H

#include "slot.h"

#define SCRATCH_AT  (SLOT_FIXED + SLOT_TAIL)
#define HASH_CHUNKS 16 /* 64 KiB */
#define HASH_FACTOR 0xff51afd7ed558ccdULL
#define ENV_WINDOW  1024 /* bytes read at once */
#define ENV_STEPS   16	 /* words and variables looked at in one call: the verifier goes through each */
#define ENV_CALLS   11	 /* of one window */
#define ENV_WINDOWS 96	 /* 95 KiB of usual variables */
#define ONES	    0x0101010101010101ULL
#define HIGHS	    0x8080808080808080ULL

HW_INLINE __u64 scratch_word(struct slot *slot, __u64 at)
{
	BOUNDED(at);
	if (at > SLOT_CHUNK - sizeof(__u64))
		return 0;
	return *(__u64 *)(slot->record + SCRATCH_AT + at);
}

HW_INLINE void scratch_clear(struct slot *slot, __u64 at)
{
	BOUNDED(at);
	if (at <= SLOT_CHUNK - sizeof(__u64))
		*(__u64 *)(slot->record + SCRATCH_AT + at) = 0;
}

/* Adds the whole words of `length` bytes at `from` to the slot's hash. Returns how many bytes that were; 0: not readable. */
__weak __noinline int hash_chunk(__u32 which, __u64 from, __u64 length)
{
	struct slot *slot = slot_at(which);
	__u64 hash;

	if (!slot)
		return 0;
	BOUNDED(length);
	if (length > SLOT_CHUNK)
		length = SLOT_CHUNK;
	length &= ~7ULL;
	if (bpf_probe_read_user(slot->record + SCRATCH_AT, length, (void *)from))
		return 0;
	hash = slot->hash;
	for (__u64 at = 0; at < SLOT_CHUNK; at += sizeof(__u64)) {
		if (at >= length)
			break;
		hash = (hash ^ *(__u64 *)(slot->record + SCRATCH_AT + at)) * HASH_FACTOR;
		hash ^= hash >> 32;
	}
	slot->hash = hash;
	return (int)length;
}

/* Returns how many bytes the slot's hash is of. */
HW_INLINE __u32 hash_arguments(struct slot *slot, __u32 which, __u64 start, __u64 total)
{
	__u32 hashed = 0;

	slot->hash = total;
	for (int i = 0; i < HASH_CHUNKS; i++) {
		int chunk;

		if (hashed >= total)
			break;
		chunk = hash_chunk(which, start + hashed, total - hashed);
		if (chunk <= 0)
			break;
		hashed += (__u32)chunk;
	}
	return hashed;
}

/* The flag of the variable that begins at `at`. */
HW_INLINE __u32 variable_at(struct slot *slot, __u64 at)
{
	__u64 first = scratch_word(slot, at), second;

	if (first == 0x4f4c4552505f444cULL) /* LD_PRELO */
		return (scratch_word(slot, at + 8) & 0xffffff) == 0x3d4441 ? HW_ENV_LD_PRELOAD : 0;
	if (first == 0x54494455415f444cULL) /* LD_AUDIT */
		return (scratch_word(slot, at + 8) & 0xff) == '=' ? HW_ENV_LD_AUDIT : 0;
	if (first == 0x415242494c5f444cULL) /* LD_LIBRA */
		return scratch_word(slot, at + 8) == 0x3d485441505f5952ULL ? HW_ENV_LD_LIBRARY_PATH : 0;
	if (first != 0x55545f4342494c47ULL) /* GLIBC_TU */
		return 0;
	second = scratch_word(slot, at + 8);
	return (second & 0xffffffffffffffULL) == 0x3d53454c42414eULL ? HW_ENV_GLIBC_TUNABLES : 0; /* NABLES= */
}

/*
 * Takes some steps through the `length` bytes of a window, of `left` that are to come. True: it is through.
 *
 * The place is kept in the slot, not in a register, where the verifier would follow each value of it.
 */
__weak __noinline int scan_further(__u32 which, __u64 length, __u64 left)
{
	struct slot *slot = slot_at(which);

	if (!slot)
		return true;
	for (int step = 0; step < ENV_STEPS; step++) {
		__u64 at = slot->cursor, word, zeros;

		if (at >= length)
			return true;
		word = scratch_word(slot, at);
		zeros = (word - ONES) & ~word & HIGHS; /* its lowest bit is right, and no other is used */
		if (!zeros) {
			slot->cursor = (__u32)at + 8;
			continue;
		}
		/* one more than the place of the first zero byte: as many bytes have a bit below the lowest one of `zeros` */
		at += ((((zeros & -zeros) - 1) & ONES) * ONES) >> 56;
		if (left > length && at > ENV_WINDOW - 16) { /* may be cut: the next window begins at its NUL */
			slot->cursor = (__u32)at - 1;
			return true;
		}
		slot->cursor = (__u32)at;
		slot->env_flags |= variable_at(slot, at);
	}
	return false;
}

/*
 * Looks through up to ENV_WINDOW bytes at `from`, where a NUL stands before the next variable. Returns how far it came; what
 * follows begins at a NUL again, or within a variable's value. 0: not readable.
 */
__weak __noinline int scan_variables(__u32 which, __u64 from, __u64 left)
{
	struct slot *slot = slot_at(which);
	__u64 length = left;

	if (!slot)
		return 0;
	BOUNDED(length);
	if (length > ENV_WINDOW)
		length = ENV_WINDOW;
	if (bpf_probe_read_user(slot->record + SCRATCH_AT, length, (void *)from))
		return 0;
	scratch_clear(slot, length);
	scratch_clear(slot, length + 8);
	slot->cursor = 0;
	for (int i = 0; i < ENV_CALLS; i++)
		if (scan_further(which, length, left))
			break;
	return (int)(slot->cursor < length ? slot->cursor : length);
}

/* hw_env_flag of the environment between `start` and `end`. The byte before `start` ends the last argument. */
HW_INLINE __u32 environment_flags(struct slot *slot, __u32 which, __u64 start, __u64 end)
{
	__u64 at = start - 1;

	slot->env_flags = HW_ENV_SEEN;
	for (int i = 0; i < ENV_WINDOWS; i++) {
		int seen;

		if (at >= end)
			return slot->env_flags;
		seen = scan_variables(which, at, end - at);
		if (seen <= 0)
			break;
		at += (__u32)seen;
	}
	return at >= end ? slot->env_flags : slot->env_flags | HW_ENV_UNREAD;
}

#endif
