// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/*
 * tp_btf/cap_capable (6.18): the kernel asks whether a task may use a capability. It fires inside the system calls that need
 *one, whose number and arguments are in the task's registers, which makes it five things at once, all off the system-call path:
 *
 *	use of a capability   granted or denied
 *	check-on-use          credentials nobody was seen to commit are found when they are used
 *	mount calls           with their outcome, by work at the return to user mode
 *	setns, unshare, capset, prctl: namespaces and credentials, compared at the return to user mode
 *	release_agent         of an old cgroup hierarchy: a write that asks for CAP_SYS_ADMIN
 *
 * Losses of the bounding set alone are told with the thread's next change or exec (observe/credential.h).
 *
 * What it does not see, because the kernel checks no capability there:
 *	unshare(CLONE_NEWUSER) alone, PR_SET_KEEPCAPS, PR_CAP_AMBIENT, keyctl: found at the next use, fork or exec (HW_F_LATE)
 *	fsconfig FSCONFIG_SET_*, open_tree without OPEN_TREE_CLONE, statmount, listmount, calls that fail before the check
 *	clone(CLONE_NEW*) refused in the initial user namespace: looks like memory accounting
 *
 * Hot: fork, exec, mmap and brk ask for CAP_SYS_ADMIN to account memory. Those leave after a few instructions.
 */
#include "observe/capability.h"
#include "observe/credential.h"
#include "observe/mount.h"
#include "observe/namespace.h"
#include "observe/setting.h"

/* Set when the proc connector works (src/probe/proc_connector.h). Without it set*id is compared at the return to user mode,
 * too. */
const volatile bool commits_by_connector = false;
/* Set where LSM or fentry programs record these calls, so that none is recorded twice. */
const volatile bool mounts_by_hook = false;
const volatile bool namespaces_by_hook = false;
/* Set where nothing better tells of writes to release_agent. */
const volatile bool settings_by_check = false;
/* Set where fexit/commit_creds tells of every commit: nothing is to be looked for when a call returns. */
const volatile bool commits_by_hook = false;

#define EPERM		  1
#define PR_SET_SECUREBITS 28

/* A call whose effect is looked at when it returns. */
struct pending_call {
	struct bpf_task_work work;
	__u64 owner;	  /* start_boottime of the thread */
	__u32 call;	  /* enum call */
	__u32 namespaces; /* 1: `ns` holds a namespace call, admitted */
	struct namespace_call ns;
};

/* By thread, for the length of one call. Full: namespace calls go out as attempts, credentials are compared at the next use. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct pending_call);
} pending_calls SEC(".maps");

/* A mount call beyond its home's bucket: counted, and nothing is sent of it. */
struct refused_call {
	struct bpf_task_work work;
	__u64 owner; /* start_boottime of the thread */
};

/* By thread, for the length of one call, so that its next check does not ask again. Full: it does, and the call counts twice.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct refused_call);
} refused_calls SEC(".maps");

static int after_refused(struct bpf_map *map, void *key, void *value)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&refused_calls, &tid);
	return 0;
}

HW_INLINE bool is_refused(struct task_struct *task)
{
	__u32 tid = GET(task, pid);
	struct refused_call *call = bpf_map_lookup_elem(&refused_calls, &tid);

	return call && call->owner == GET(task, start_boottime);
}

HW_PART void remember_refused(struct task_struct *task)
{
	struct refused_call fresh = {.owner = GET(task, start_boottime)}, *call;
	__u32 tid = GET(task, pid);

	bpf_map_update_elem(&refused_calls, &tid, &fresh, BPF_ANY);
	call = bpf_map_lookup_elem(&refused_calls, &tid);
	if (call && outcome_schedule(task, &call->work, &refused_calls, after_refused))
		return;
	count_error(call ? HW_PLACE_OUTCOME : HW_PLACE_CALL_FULL);
	bpf_map_delete_elem(&refused_calls, &tid);
}

static int after_mount(struct bpf_map *map, void *key, void *value)
{
	struct task_struct *task = current_task();

	bpf_rcu_read_lock();
	finish_mount(call_result(task), GET(task, flags) & PF_EXITING ? HW_F_ATTEMPT : 0);
	bpf_rcu_read_unlock();
	return 0;
}

static int after_call(struct bpf_map *map, void *key, void *value)
{
	struct task_struct *task = current_task();
	struct pending_call *pending = value;
	__u32 tid = GET(task, pid);

	bpf_rcu_read_lock();
	check_credentials(way_of(pending->call), HW_BY_QUIET);
	if (pending->namespaces)
		send_namespace(task, &pending->ns, call_result(task), GET(task, flags) & PF_EXITING ? HW_F_ATTEMPT : 0,
			       HW_BY_QUIET);
	bpf_rcu_read_unlock();
	bpf_map_delete_elem(&pending_calls, &tid);
	return 0;
}

/*
 * CAP_SYS_ADMIN refused, and nothing was granted before in the same call: it will return EPERM. No work is scheduled for it (6
 * µs where interrupts of one's own CPU leave the virtual machine), so a loop of refused calls stays cheap.
 */
HW_INLINE bool outcome_is_eperm(struct task_struct *task, __u32 call, int capability, int result)
{
	if (!result || capability != CAP_SYS_ADMIN)
		return false;
	return call != CALL_OF_MOUNT(HW_MOUNT_FSCONFIG) || (__s32)call_argument(task, 1) >= FSCONFIG_CMD_CREATE;
}

/* A mount call; `refused`: it was, see above. */
__weak __noinline int watch_mount(__u32 op, bool refused)
{
	struct task_struct *task = current_task();
	struct mount_call *call;

	if (current_mount(task) || is_refused(task))
		return 0; /* a later check of the same call: its outcome will tell */
	if (!admit_mount(task, op)) {
		if (!refused)
			remember_refused(task);
		return 0;
	}
	call = mount_entry(task);
	if (!call)
		return 0;
	fill_mount(call, task, op, HW_BY_QUIET);
	if (refused)
		return finish_mount(-EPERM, 0);
	if (outcome_schedule(task, &call->work, &mount_calls, after_mount))
		return 0;
	count_error(HW_PLACE_OUTCOME);
	return finish_mount(0, HW_F_ATTEMPT);
}

HW_INLINE bool is_pending(struct task_struct *task)
{
	__u32 tid = GET(task, pid);
	struct pending_call *pending = bpf_map_lookup_elem(&pending_calls, &tid);

	/* one that a former thread of this tid left is not it */
	return pending && pending->owner == GET(task, start_boottime);
}

/* Puts `fresh` into the map and schedules after_call(). False: neither. */
HW_PART bool schedule_call(struct task_struct *task, struct pending_call *fresh)
{
	struct pending_call *pending;
	__u32 tid = GET(task, pid);

	fresh->owner = GET(task, start_boottime);
	bpf_map_update_elem(&pending_calls, &tid, fresh, BPF_ANY);
	pending = bpf_map_lookup_elem(&pending_calls, &tid);
	if (pending && outcome_schedule(task, &pending->work, &pending_calls, after_call))
		return true;
	count_error(pending ? HW_PLACE_OUTCOME : HW_PLACE_CALL_FULL);
	bpf_map_delete_elem(&pending_calls, &tid);
	return false;
}

__weak __noinline int watch_namespace(__u32 call, bool refused)
{
	struct task_struct *task = current_task();
	struct pending_call fresh = {.call = call};

	if (is_pending(task))
		return 0;
	fresh.namespaces = admit_namespace(task, call);
	if (refused && !fresh.namespaces)
		return 0;
	fill_namespace_call(&fresh.ns, task, call);
	if (refused)
		send_namespace(task, &fresh.ns, -EPERM, 0, HW_BY_QUIET);
	else if (!schedule_call(task, &fresh) && fresh.namespaces)
		send_namespace(task, &fresh.ns, 0, HW_F_ATTEMPT, HW_BY_QUIET);
	return 0;
}

/* Credentials will be compared when the call returns. Without that they are compared at the next use. */
__weak __noinline int watch_commit(__u32 call)
{
	struct task_struct *task = current_task();
	struct pending_call fresh = {.call = call};

	if (!is_pending(task))
		schedule_call(task, &fresh);
	return 0;
}

/*
 * The kernel asks for CAP_SYS_ADMIN in a write: to a release_agent? The file is the one its number means now, which another
 * thread may have changed since the call began; the value is the caller's memory, which the kernel has copied already.
 */
__weak __noinline int watch_write(__u32 call, bool refused)
{
	struct task_struct *task = current_task();
	struct file *file = file_by_number(task, (__u32)call_argument(task, call == CALL_SPLICE ? 2 : 0));
	const struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	union setting_leaf leaf = {};
	struct hw_setting *r;

	if (BPF_CORE_READ(file, f_inode, i_sb, s_magic) != CGROUP1_MAGIC)
		return 0;
	read_leaf(&leaf, dentry);
	if (!leaf_is(&leaf, &release_agent_leaf) || !admit_setting(&leaf))
		return 0;
	r = begin_setting(HW_SETTING_RELEASE_AGENT, HW_BY_QUIET, refused ? -EPERM : 0, refused ? 0 : HW_F_ATTEMPT);
	if (!r)
		return 0;
	name_release_agent(r, dentry);
	if (call == CALL_WRITE)
		fill_setting_value(r, call_argument(task, 1), call_argument(task, 2), true);
	else
		r->setting_flags |= HW_SETTING_UNREAD;
	emit_submit(HW_SETTING, r);
	return 0;
}

/* May credentials be different when this call, which asked for `capability`, returns? */
HW_INLINE bool may_commit(struct task_struct *task, __u32 call, int result)
{
	if (commits_by_hook)
		return false;
	switch (call) {
	case CALL_CAPSET:
		return true;
	case CALL_PRCTL:
		return !result && call_argument(task, 0) == PR_SET_SECUREBITS; /* losses of the bounding set can wait */
	case CALL_SETID:
		return !commits_by_connector;
	default:
		return false;
	}
}

SEC("tp_btf/cap_capable")
int BPF_PROG(quiet_cap_capable, const struct cred *cred, struct user_namespace *target, const struct user_namespace *capable,
	     int capability, int result)
{
	struct task_struct *task = current_task();
	__u32 call = current_call(task);
	bool refused;

	if (accounting(task, call, target, capability, result))
		return 0;
	if (settings_by_check && capability == CAP_SYS_ADMIN && call >= CALL_WRITE && call <= CALL_SPLICE)
		watch_write(call, result != 0);
	/* somebody else's credentials: an opener's, a tracee's, overlayfs acting as its mounter */
	if (cred != REACH(task, real_cred) || call == CALL_NONE)
		return 0;
	check_credentials(HW_WAY_UNKNOWN, HW_BY_QUIET);
	refused = outcome_is_eperm(task, call, capability, result);
	if (call >= CALL_MOUNT) {
		if (!mounts_by_hook)
			watch_mount(call - CALL_MOUNT, refused);
	} else if (call == CALL_SETNS || call == CALL_UNSHARE) {
		if (!namespaces_by_hook)
			watch_namespace(call, refused);
		else if (!refused && !commits_by_hook)
			watch_commit(call);
	} else if (may_commit(task, call, result)) {
		watch_commit(call);
	}
	if (call == CALL_CAPSET && capability == CAP_SETPCAP)
		return 0; /* asked at each capset, whatever it changes */
	use_capability((__u32)capability, result, GET(target, ns.inum), (__u32)GET(target, level), HW_BY_QUIET);
	return 0;
}
