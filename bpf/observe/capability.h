/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Capability use: the first use of each (home, capability, result) is a record, all are counted. Of the host only counts: every
 * daemon there uses its capabilities all day; but the canary's CAP_SETUID is always told.
 *
 * Not told apart: a check that asks for accounting's sake or "would it be allowed" (capable_noaudit) and one that decides.
 */
#ifndef HULLWATCH_OBSERVE_CAPABILITY_H
#define HULLWATCH_OBSERVE_CAPABILITY_H

#include "observe/calls.h"
#include "emit.h"

#define CAPABILITIES  64 /* a power of two above CAP_LAST_CAP */
#define CAP_SETUID    7
#define CAP_SETPCAP   8
#define CAP_IPC_LOCK  14
#define CAP_SYS_ADMIN 21

/* Memory accounting asks in the initial user namespace, on behalf of calls that are not about privilege. */
HW_INLINE bool accounting(struct task_struct *task, __u32 call, struct user_namespace *target, int capability, int result)
{
	if (capability == CAP_IPC_LOCK)
		return call == CALL_RING;
	if (capability != CAP_SYS_ADMIN)
		return false;
	if (call == CALL_NONE || call == CALL_MEMORY || call == CALL_EXEC)
		return true;
	if (call == CALL_CLONE)
		return !(call_argument(task, 0) & CLONE_NEW_ANY) || (result && GET(target, level) == 0);
	return call == CALL_FORK && (result || GET(target, level) == 0);
}

struct capability_uses {
	__u64 granted[CAPABILITIES];
	__u64 denied[CAPABILITIES];
};

/*
 * Per home, 0 is the host. 1 KiB each, so for a thousand homes. LRU: for a home that was evicted the first uses are sent again.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct capability_uses);
} capability_uses __weak SEC(".maps");

HW_PART struct capability_uses *capability_uses_of(__u64 home)
{
	static const struct capability_uses none;
	struct capability_uses *uses = bpf_map_lookup_elem(&capability_uses, &home);

	if (uses)
		return uses;
	bpf_map_update_elem(&capability_uses, &home, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&capability_uses, &home);
}

/* By current, against user namespace `userns`. A global function: verified once. */
__weak __noinline int use_capability(__u32 capability, __s32 result, __u32 userns, __u32 userns_level, __u32 provider)
{
	struct task_struct *task = current_task();
	__u64 home = home_of(task);
	struct capability_uses *uses = capability_uses_of(home);
	struct hw_capability *r;
	__u64 *count;
	bool first, told;

	if (!uses)
		return 0;
	capability &= CAPABILITIES - 1;
	count = result ? &uses->denied[capability] : &uses->granted[capability];
	first = *count == 0; /* on two CPUs at once perhaps both: one record too many, never one too few */
	__sync_fetch_and_add(count, 1);
	told = home && first;
	if (!told && !(capability == CAP_SETUID && is_canary()))
		return 0;
	if (!emit_admit_home(task, home, HW_CAPABILITY, true))
		return 0;
	r = EMIT_RESERVE(HW_CAPABILITY, struct hw_capability);
	if (!r)
		return 0;
	fill_header(&r->h, HW_CAPABILITY, provider, sizeof(*r));
	fill_ancestors(r->ancestors);
	r->capability = capability;
	r->result = result;
	r->userns = userns;
	r->userns_level = userns_level;
	r->count = 1;
	emit_submit(HW_CAPABILITY, r);
	return 0;
}

#endif
