/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Credentials: each thread has a shadow, its last known ids, capability sets, securebits and user namespace (credentials are a
 * thread's own in Linux; libc changes all threads one by one). check_credentials() compares real_cred, which no override
 * touches, with the shadow; a difference is one hw_credential and a fresh shadow. It is called where a commit is seen, and
 * wherever privilege is used: a change nobody committed is found there, with way UNKNOWN and HW_F_LATE.
 *
 * Any provider may call it: from fexit/commit_creds with way_of(current_call(task)), from a check-on-use hook with
 * HW_WAY_UNKNOWN. During exec a provider leaves commits alone: sched_process_exec compares, when the new exe is known.
 *
 * Runtimes drop forty capabilities from the bounding set one by one. Losses of that kind alone are not sent: the shadow keeps
 * what was, and the next record of the thread, at the latest at its exec, shows them all.
 */
#ifndef HULLWATCH_OBSERVE_CREDENTIAL_H
#define HULLWATCH_OBSERVE_CREDENTIAL_H

#include "observe/calls.h"
#include "observe/exe.h"
#include "observe/transition.h"
#include "emit.h"

/* As HW_WAY_UNKNOWN, and what was put off is due. */
#define WAY_OF_EXEC_TO_COME (HW_WAY_MAX + 1)
/* Set and cleared by anyone, gives nothing by itself, gone at exec: not a change worth a record. */
#define SECUREBIT_KEEP_CAPS (1U << 4)

#define SECUREBITS_WORD 4 /* securebits and userns */
#define BOUNDING_WORD	9

/* Of a commit made inside `call`. clone() into a user namespace commits nothing: fork compares. */
HW_INLINE __u32 way_of(__u32 call)
{
	switch (call) {
	case CALL_SETID:
		return HW_WAY_SETID;
	case CALL_EXEC:
		return HW_WAY_EXEC;
	case CALL_CAPSET:
	case CALL_PRCTL:
		return HW_WAY_CAPSET;
	case CALL_KEYCTL:
		return HW_WAY_KEYCTL;
	case CALL_UNSHARE:
		return HW_WAY_USERNS;
	case CALL_SETNS:
		return HW_WAY_SETNS;
	default:
		return HW_WAY_COMMIT;
	}
}

/* How two credentials differ. By words: the struct has no padding. */
enum difference {
	SAME = 0,
	BOUNDING_LOST, /* only in capabilities gone from the bounding set */
	DIFFERENT,
};

HW_INLINE enum difference compare_credentials(const struct hw_cred *before, const struct hw_cred *after)
{
	const __u64 *left = (const void *)before, *right = (const void *)after;
	__u64 differs = (before->securebits ^ after->securebits) & ~SECUREBIT_KEEP_CAPS;

	for (__u32 i = 0; i < CRED_WORDS; i++)
		if (i != SECUREBITS_WORD && i != BOUNDING_WORD)
			differs |= left[i] ^ right[i];
	if (differs || before->userns != after->userns || after->cap_bounding & ~before->cap_bounding)
		return DIFFERENT;
	return before->cap_bounding == after->cap_bounding ? SAME : BOUNDING_LOST;
}

/* Who is root in the user namespace of `task`: the uid its 0 stands for; (__u32)-1 while nothing is mapped to it. */
HW_PART __u32 root_of_namespace(struct task_struct *task)
{
	struct user_namespace *user_ns = BPF_CORE_READ(task, real_cred, user_ns);
	__u32 extents = BPF_CORE_READ(user_ns, uid_map.nr_extents);
	struct uid_gid_extent extent = {};

	if (extents > 5) {
		bpf_probe_read_kernel(&extent, sizeof(extent), BPF_CORE_READ(user_ns, uid_map.forward));
		return extent.first == 0 && extent.count ? extent.lower_first : (__u32)-1;
	}
	for (__u32 i = 0; i < 5 && i < extents; i++) {
		bpf_probe_read_kernel(&extent, sizeof(extent), __builtin_preserve_access_index(&user_ns->uid_map.extent[i]));
		if (extent.first == 0 && extent.count)
			return extent.lower_first;
	}
	return (__u32)-1;
}

HW_INLINE bool gained(const struct hw_cred *before, const struct hw_cred *after)
{
	return (after->euid == 0 && before->euid != 0) || (after->cap_permitted & ~before->cap_permitted) ||
	       after->userns_level < before->userns_level;
}

/* Sends one change, or counts it as a repeat. `task` is current, or a child it has just forked (`forked`); `state` is the
 * thread's. */
HW_PART void send_credential(struct task_struct *task, struct task_state *state, bool forked, const struct transition *change)
{
	struct task_struct *leader = GET(task, group_leader);
	struct task_state *process = leader == task ? state : leader ? state_of(leader, false) : NULL;
	struct transitions *sent = transitions_of(leader);
	__u64 home = home_by(task, process);
	__u64 hash = transition_hash(change, change->way + ((process ? (__u64)process->execs : 0) << 8));
	struct hw_credential *r;
	struct inode *inode;
	bool novel;

	if (sent && change->way != HW_WAY_UNKNOWN && is_repeat(sent, hash)) {
		__sync_fetch_and_add(&sent->repeats, 1);
		count_suppressed(home_state_make(home), HW_CREDENTIAL);
		return;
	}
	/* always sent: what nobody committed, and a process's first gains, of which a flood of its own would otherwise be one
	 * more */
	novel =
	    change->way == HW_WAY_UNKNOWN || (gained(change->before, &change->after) && (!sent || sent->next < TRANSITIONS));
	if (!emit_admit_home(task, home, HW_CREDENTIAL, novel))
		return;
	r = EMIT_RESERVE(HW_CREDENTIAL, struct hw_credential);
	if (!r)
		return;
	if (forked)
		fill_header_of(&r->h, task, HW_CREDENTIAL, change->provider, sizeof(*r));
	else
		fill_header(&r->h, HW_CREDENTIAL, change->provider, sizeof(*r));
	if (change->way == HW_WAY_UNKNOWN)
		r->h.flags |= HW_F_LATE;
	if (forked)
		fill_ancestors_of(r->ancestors, task);
	else
		fill_ancestors(r->ancestors);
	r->before = *change->before;
	r->after = change->after;
	r->way = change->way;
	r->uncertain = change->uncertain;
	r->no_new_privs = no_new_privs(task);
	r->root_uid = root_of_namespace(task);
	inode = exe_inode(task);
	r->exe_flags = exe_flags_of(inode);
	r->exe_uid = BPF_CORE_READ(inode, i_uid.val);
	if (sent) {
		sent->sent[sent->next++ & (TRANSITIONS - 1)] = hash;
		r->repeats = sent->repeats;
		sent->repeats = 0;
	}
	emit_submit(HW_CREDENTIAL, r);
}

/* What decides which files current may open. What else an overwrite may change is found by the hooks that compare all. */
HW_INLINE bool opens_as_shadow(const struct hw_cred *shadow, const struct cred *cred)
{
	return shadow->fsuid == GET(cred, fsuid.val) && shadow->fsgid == GET(cred, fsgid.val) &&
	       shadow->euid == GET(cred, euid.val) && shadow->cap_effective == CAP_SET(cred, cap_effective);
}

HW_INLINE bool is_shadow(const struct hw_cred *shadow, const struct cred *cred)
{
	struct user_namespace *user_ns = GET(cred, user_ns);

	return opens_as_shadow(shadow, cred) && shadow->uid == GET(cred, uid.val) && shadow->suid == GET(cred, suid.val) &&
	       shadow->gid == GET(cred, gid.val) && shadow->egid == GET(cred, egid.val) &&
	       shadow->sgid == GET(cred, sgid.val) && shadow->cap_permitted == CAP_SET(cred, cap_permitted) &&
	       shadow->cap_inheritable == CAP_SET(cred, cap_inheritable) && shadow->cap_bounding == CAP_SET(cred, cap_bset) &&
	       shadow->cap_ambient == CAP_SET(cred, cap_ambient) && shadow->securebits == GET(cred, securebits) &&
	       shadow->userns == GET(user_ns, ns.inum);
}

/* Makes what the task has now its shadow, without a record: at start, and for tasks met without one. */
HW_PART void adopt_credentials(struct task_struct *task)
{
	struct task_state *state = thread_state_make(task);

	if (!state)
		return;
	read_cred(&state->shadow, REACH(task, real_cred));
	state->cred = (__u64)REACH(task, real_cred);
	state->flags |= TASK_SHADOW;
}

/*
 * Compares current's; sends and refreshes when they differ. `way` is HW_WAY_UNKNOWN where no commit was seen. A task without a
 * shadow (older than hullwatch, or no memory at its fork) is adopted; when a commit brought us here its record goes out with
 * before = after and `uncertain`, because what was before is not known.
 *
 * A global function (scalars only, verified once, not for each caller): inlined into its five callers it costs two seconds of
 * start.
 */
__weak __noinline int check_credentials(__u32 way, __u32 provider)
{
	struct task_struct *task = current_task();
	struct task_state *state = thread_state_make(task);
	struct transition change = {.way = way, .provider = provider};
	enum difference difference;
	const struct cred *cred;

	if (!state)
		return 0;
	cred = REACH(task, real_cred);
	state->cred = (__u64)cred;
	if (HW_MODERN && state->flags & TASK_SHADOW && is_shadow(&state->shadow, cred)) /* nearly always */
		return 0;
	read_cred(&change.after, cred);
	if (!(state->flags & TASK_SHADOW)) {
		state->shadow = change.after;
		state->flags |= TASK_SHADOW;
		change.before = &state->shadow;
		change.uncertain = 1;
		if (way != HW_WAY_UNKNOWN && way != HW_WAY_EXEC && way != WAY_OF_EXEC_TO_COME)
			send_credential(task, state, false, &change);
		return 0;
	}
	difference = compare_credentials(&state->shadow, &change.after);
	if (difference == SAME || (difference == BOUNDING_LOST && way != WAY_OF_EXEC_TO_COME)) {
		state->shadow.securebits = change.after.securebits;
		return 0;
	}
	if (way == WAY_OF_EXEC_TO_COME)
		change.way = difference == BOUNDING_LOST ? HW_WAY_CAPSET : HW_WAY_UNKNOWN;
	change.before = &state->shadow;
	change.uncertain = state->flags & TASK_SHADOW_UNCERTAIN ? 1 : 0;
	state->flags &= ~TASK_SHADOW_UNCERTAIN;
	send_credential(task, state, false, &change);
	state->shadow = change.after;
	return 0;
}

/*
 * At fork, before the child runs. The usual one: the child has what the parent's shadow says, of which the kernel has just made
 * it a copy; so the parent has it, too, and there is nothing to tell. False: something differs or is not known, and the two
 * functions below find out what.
 */
HW_PART bool inherits_shadow(struct task_struct *parent, struct task_struct *child)
{
	const struct cred *cred = REACH(child, real_cred), *own = REACH(parent, real_cred);
	struct task_state *from = thread_state(parent), *to;

	if (!HW_MODERN || !from || !(from->flags & TASK_SHADOW) || REACH(parent, cred) != own)
		return false;
	to = thread_state(child);
	if (!to)
		return false;
	read_cred(&to->shadow, cred);
	if (compare_credentials(&from->shadow, &to->shadow) != SAME)
		return false;
	from->shadow.securebits = to->shadow.securebits;
	from->cred = (__u64)own;
	to->cred = (__u64)cred;
	to->flags = (to->flags | TASK_SHADOW) & ~TASK_SHADOW_UNCERTAIN;
	return true;
}

/*
 * At fork, in the parent's context, before the child runs; the parent was checked just before (not from here: below 6.13 the
 * frames of a chain of calls share 512 bytes). The child's credentials are a copy of the parent's, or in a new user namespace;
 * a copy of anything but the parent's shadow is a change.
 */
HW_PART void inherit_credentials(struct task_struct *parent, struct task_struct *child, __u32 provider)
{
	struct transition change = {.provider = provider};
	struct task_state *from, *to;

	from = thread_state(parent);
	to = thread_state_make(child);
	if (!to)
		return;
	read_cred(&change.after, REACH(child, real_cred));
	to->cred = (__u64)REACH(child, real_cred);
	to->shadow = change.after;
	to->flags = (to->flags | TASK_SHADOW) & ~TASK_SHADOW_UNCERTAIN;
	if (!from || !(from->flags & TASK_SHADOW))
		return;
	switch (compare_credentials(&from->shadow, &change.after)) {
	case SAME:
		return;
	case BOUNDING_LOST:
		to->shadow = from->shadow; /* still to be told, by whichever of the two changes first */
		return;
	default:
		break;
	}
	change.before = &from->shadow;
	change.way = change.before->userns != change.after.userns ? HW_WAY_USERNS : HW_WAY_FORK;
	send_credential(child, to, true, &change);
}

/*
 * ---- check-on-use, for hooks where privilege is exercised ----
 *
 * Most of the time nothing has changed since the last look, and these return after a lookup and a few loads. Another cred than
 * the last one is compared in full; in the same one only an overwrite in memory can have changed anything.
 */

HW_INLINE bool is_last_cred(const struct task_state *state, struct task_struct *task)
{
	return state && state->flags & TASK_SHADOW && state->cred == (__u64)REACH(task, real_cred);
}

/* From inside exec no record: between the commit and sched_process_exec, which compares, they are another program's. */
HW_INLINE void check_use(struct task_struct *task, __u32 provider)
{
	if (!(GET(task, flags) & PF_KTHREAD) && current_call(task) != CALL_EXEC)
		check_credentials(HW_WAY_UNKNOWN, provider);
}

/* Before a use of current's credentials for anything. */
HW_INLINE void use_credentials(struct task_struct *task, __u32 provider)
{
	struct task_state *state = thread_state(task);

	if (!is_last_cred(state, task) || !is_shadow(&state->shadow, REACH(task, real_cred)))
		check_use(task, provider);
}

/* The same before it opens a file, the most frequent use of all. */
HW_INLINE void use_credentials_to_open(struct task_struct *task, __u32 provider)
{
	struct task_state *state = thread_state(task);

	if (!is_last_cred(state, task) || !opens_as_shadow(&state->shadow, REACH(task, real_cred)))
		check_use(task, provider);
}

#endif
