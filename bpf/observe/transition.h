/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Changes of credentials a process has sent: a repeat of a transition (way, before, after) by the same program of the same
 * process is counted, not sent, in the `repeats` of its next record and in homes[home].suppressed.
 */
#ifndef HULLWATCH_OBSERVE_TRANSITION_H
#define HULLWATCH_OBSERVE_TRANSITION_H

#include "state.h"

#define TRANSITIONS 8
#define CRED_WORDS  (sizeof(struct hw_cred) / sizeof(__u64))

/* One change of a thread's credentials. */
struct transition {
	const struct hw_cred *before; /* not a copy: below 6.13 the frames of a chain of calls share 512 bytes */
	struct hw_cred after;
	__u16 way;
	__u16 provider;
	__u32 uncertain; /* `before` may be old */
};

/* Hashes of the transitions a process has sent, the last ones. */
struct transitions {
	__u64 sent[TRANSITIONS];
	__u32 next;
	__u32 repeats; /* since the last record of this process */
};

/* In the leader, made at a process's first change: most never make one. No memory: nothing is taken for a repeat, counted. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct transitions);
} transitions __weak SEC(".maps");

/* The same below HW_MODERN, as tasks_by_id. Evicted: a repeat is sent once more. */
struct transitions_by_id {
	__u64 start_ns;
	struct transitions sent;
};
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct transitions_by_id);
} transitions_by_id __weak SEC(".maps");

/* Random, so that nobody can choose ids whose change hashes like an earlier one. Set at the first change. */
__u64 transition_seed __weak = 0;

HW_INLINE __u64 transition_hash(const struct transition *change, __u64 salt)
{
	const __u64 *a = (const void *)change->before, *b = (const void *)&change->after;
	__u64 hash;

	if (!transition_seed)
		transition_seed = (__u64)bpf_get_prandom_u32() << 32 | bpf_get_prandom_u32() | 1;
	hash = (transition_seed ^ salt) * 0x9e3779b97f4a7c15ULL;
	for (__u32 i = 0; i < CRED_WORDS; i++) {
		hash = (hash ^ hash >> 29 ^ a[i]) * 0x9e3779b97f4a7c15ULL;
		hash = (hash ^ hash >> 31 ^ b[i]) * 0xbf58476d1ce4e5b9ULL;
	}
	return hash ? hash : 1;
}

HW_PART struct transitions *transitions_by_id_of(struct task_struct *leader)
{
	static const struct transitions_by_id empty;
	__u64 start = GET(leader, start_boottime);
	__u32 tid = GET(leader, pid);
	struct transitions_by_id *entry = bpf_map_lookup_elem(&transitions_by_id, &tid);

	if (entry && entry->start_ns == start)
		return &entry->sent;
	bpf_map_update_elem(&transitions_by_id, &tid, &empty, BPF_ANY);
	entry = bpf_map_lookup_elem(&transitions_by_id, &tid);
	if (!entry)
		return NULL;
	entry->start_ns = start;
	return &entry->sent;
}

HW_INLINE struct transitions *transitions_of(struct task_struct *leader)
{
	struct transitions *sent = NULL;

	if (leader && !HW_MODERN)
		sent = transitions_by_id_of(leader);
	if (leader && HW_MODERN)
		sent = bpf_task_storage_get(&transitions, leader, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (leader && HW_MODERN && !sent) /* another thread made it at this moment */
		sent = bpf_task_storage_get(&transitions, leader, NULL, 0);
	if (!sent)
		count_error(HW_PLACE_TRANSITIONS);
	return sent;
}

HW_INLINE bool is_repeat(const struct transitions *sent, __u64 hash)
{
	for (__u32 i = 0; i < TRANSITIONS; i++)
		if (sent->sent[i] == hash)
			return true;
	return false;
}

#endif
