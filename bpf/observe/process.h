/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* What is recorded of a process: its exec, its forks, its end. */
#ifndef HULLWATCH_OBSERVE_PROCESS_H
#define HULLWATCH_OBSERVE_PROCESS_H

#include "observe/exe.h"
#include "observe/exec_memory.h"
#include "observe/home.h"
#include "novelty.h"
#include "walk.h"

/* Host pid of a struct pid: numbers[0]. */
HW_INLINE __u32 host_pid(struct pid *pid)
{
	struct upid upid = {};

	bpf_probe_read_kernel(&upid, sizeof(upid), __builtin_preserve_access_index(&pid->numbers));
	return (__u32)upid.nr;
}

HW_INLINE __u32 session_of(struct task_struct *task)
{
	return host_pid(GET(REACH(task, signal), pids[PIDTYPE_SID]));
}

HW_INLINE __u32 group_of(struct task_struct *task)
{
	return host_pid(GET(REACH(task, signal), pids[PIDTYPE_PGID]));
}

/* Device number of the controlling terminal, 0: none. */
HW_INLINE __u32 terminal_of(struct task_struct *task)
{
	struct tty_struct *tty = GET(REACH(task, signal), tty);

	if (!tty)
		return 0;
	return (__u32)BPF_CORE_READ(tty, driver, major) << 20 |
	       (__u32)(BPF_CORE_READ(tty, driver, minor_start) + BPF_CORE_READ(tty, index));
}

HW_INLINE __u32 seccomp_mode(struct task_struct *task)
{
	return bpf_core_field_exists(task->seccomp) ? (__u32)GET(task, seccomp.mode) : 0;
}

HW_INLINE __u32 audit_session(struct task_struct *task)
{
	return bpf_core_field_exists(task->sessionid) ? GET(task, sessionid) : (__u32)-1;
}

HW_INLINE void fill_process_key(struct hw_key *key, struct task_struct *task)
{
	if (task)
		fill_program(key, task);
}

/* ---- exec ---- */

HW_INLINE __u8 dumpable_of(struct mm_struct *mm)
{
	struct mm_struct___bitmap *newer = (void *)mm;
	unsigned long flags = 0;

	if (bpf_core_field_exists(newer->flags.__mm_flags))
		bpf_probe_read_kernel(&flags, sizeof(flags), &newer->flags);
	else
		bpf_probe_read_kernel(&flags, sizeof(flags), &mm->flags);
	return flags & 3;
}

/* Does the kernel take its privilege for gained? */
HW_INLINE bool is_secure(struct linux_binprm *bprm)
{
	return HW_MODERN ? BPF_CORE_READ_BITFIELD(bprm, secureexec) : BPF_CORE_READ_BITFIELD_PROBED(bprm, secureexec);
}

/* All but strings and paths, of current; the header is filled. A global function: verified once. */
__weak __noinline int fill_exec_process(struct hw_exec *r, __u32 exe_flags)
{
	struct task_struct *task = current_task();

	if (!r)
		return 0;
	fill_exec_exe(r, typed_exe_inode(task), exe_flags);
	read_cred(&r->cred, REACH(task, real_cred));
	r->ns_pid = fill_namespaces(&r->ns, task);
	fill_process_key(&r->parent, GET(task, real_parent));
	r->sid = session_of(task);
	r->pgid = group_of(task);
	r->tty = terminal_of(task);
	r->sessionid = audit_session(task);
	r->no_new_privs = no_new_privs(task);
	r->seccomp = seccomp_mode(task);
	r->dumpable = dumpable_of(REACH(task, mm));
	return 0;
}

/*
 * Of current's program. Global: what comes back is any number to the verifier, where it would otherwise follow each combination
 * of flags through the rest of the program.
 */
__weak __noinline __u32 exe_flags_at_exec(void)
{
	struct inode *inode = typed_exe_inode(current_task());
	struct exe_nature nature = {};
	struct super_block *sb;

	if (!inode)
		return 0;
	sb = GET(inode, i_sb);
	nature.magic = GET(sb, s_magic);
	nature.sb_flags = GET(sb, s_flags);
	nature.mode = GET(inode, i_mode);
	nature.links = GET(inode, i_nlink);
	nature.uid = GET(inode, i_uid.val);
	return exe_flags_by(inode, &nature);
}

/* The strings and paths. argv is read from the new stack, which the kernel has just filled: no other thread lives yet. */
HW_INLINE void fill_exec_tail(struct slot *slot, __u32 which, struct task_struct *task, struct linux_binprm *bprm)
{
	struct hw_exec *r = (void *)slot->record;
	struct mm_struct *mm = REACH(task, mm);
	struct fs_struct *fs = REACH(task, fs);
	struct path exe = {}, pwd = {};
	struct file *file;
	__u64 start, total;

	if (!mm)
		return;
	start = GET(mm, arg_start);
	total = GET(mm, arg_end) - start;
	file = GET(mm, exe_file);
	if (file)
		bpf_probe_read_kernel(&exe, sizeof(exe), &file->f_path);
	if (fs)
		bpf_probe_read_kernel(&pwd, sizeof(pwd), &fs->pwd);
	slot_root(slot, task);
	r->filename = slot_kernel_string(slot, sizeof(*r), GET(bprm, filename), SLOT_CHUNK);
	r->args_total = (__u32)total;
	r->args = slot_user_bytes(slot, sizeof(*r), (void *)start, total);
	if (total > HW_ARGS_MAX) {
		r->args_tail = slot_user_bytes(slot, sizeof(*r), (void *)(start + total - HW_ARGS_TAIL_MAX), HW_ARGS_TAIL_MAX);
		r->args_hashed = hash_arguments(slot, which, start, total);
		r->args_hash = slot->hash;
	}
	if (r->h.home || r->secureexec)
		r->env_flags = environment_flags(slot, which, GET(mm, env_start), GET(mm, env_end));
	r->exe = slot_path(slot, which, sizeof(*r), (__u64)exe.dentry, (__u64)exe.mnt);
	if (r->exe_flags & HW_EXE_UNLINKED)
		r->exe.flags |= HW_PATH_UNLINKED;
	r->cwd = slot_path(slot, which, sizeof(*r), (__u64)pwd.dentry, (__u64)pwd.mnt);
}

/* What a program is: its file, the ids and capabilities it has, and the file its parent runs. */
HW_INLINE __u64 program_hash(struct task_struct *task)
{
	struct inode *inode = exe_inode(task), *above = BPF_CORE_READ(task, real_parent, mm, exe_file, f_inode);
	const struct cred *cred = BPF_CORE_READ(task, real_cred);
	__u64 hash = novelty_mix(novelty_begin(), BPF_CORE_READ(inode, i_ino));
	__u64 words[4] = {};

	hash = novelty_mix(hash, BPF_CORE_READ(inode, i_sb, s_dev));
	hash = novelty_mix(hash, BPF_CORE_READ(above, i_ino));
	bpf_probe_read_kernel(words, sizeof(words), &cred->uid); /* to fsgid, as in fill_cred() */
	for (int i = 0; i < 4; i++)
		hash = novelty_mix(hash, words[i]);
	words[0] = 0;
	bpf_probe_read_kernel(words, sizeof(words[0]), &cred->cap_permitted);
	hash = novelty_mix(hash, words[0]);
	return hash ? hash : 1;
}

/*
 * An exec of current's, in home `id` that is_reduced(): new, as far as its memory tells; one that may not be left out however
 * often it is repeated (bulk_room); or one more of the same. Global: verified once, and its frame is nobody's.
 */
__weak __noinline int exec_room(__u64 id, __u32 exe_flags, __u32 secureexec)
{
	struct task_struct *task = current_task();
	struct home_state *home = home_state(id);
	__u64 hash;

	if (!home)
		return ROOM_NEW;
	hash = program_hash(task);
	for (int i = 0; i < SEEN_EXES; i++) {
		if (home->seen_exes[i] != hash)
			continue;
		if (secureexec || terminal_of(task) ||
		    exe_flags & (HW_EXE_SETUID | HW_EXE_SETGID | HW_EXE_MEMFD | HW_EXE_UNLINKED | HW_EXE_UPPER))
			return ROOM_MARKED;
		return ROOM_USUAL;
	}
	home->seen_exes[home->seen_next++ & (SEEN_EXES - 1)] = hash;
	return ROOM_NEW;
}

/* ---- fork ---- */

#if defined(__TARGET_ARCH_x86)
enum { NR_CLONE = 56, NR_FORK = 57, NR_VFORK = 58, NR_CLONE3 = 435 };
enum { NR_COMPAT_CLONE = 120, NR_COMPAT_VFORK = 190 };
#else
enum { NR_CLONE = 220, NR_FORK = -2, NR_VFORK = -2, NR_CLONE3 = 435 };
enum { NR_COMPAT_CLONE = 120, NR_COMPAT_VFORK = 190 };
#endif

/*
 * CLONE_* flags of the call the task is in, without the exit signal; 0 for fork(2), and for kernel threads. clone3 has them in
 * user memory, where another thread may have changed them since: nothing is decided by them.
 */
HW_INLINE __u64 clone_flags_of(struct task_struct *task)
{
	__s32 nr = syscall_number(task);
	__u64 flags = 0;

	if (nr == NR_CLONE3) {
		if (!compat_call(task))
			bpf_probe_read_user(&flags, sizeof(flags), (void *)syscall_argument(task, 0));
		return flags;
	}
	if (compat_call(task))
		return nr == NR_COMPAT_VFORK ? CLONE_VFORK | CLONE_VM : 0;
	if (nr == NR_CLONE)
		return syscall_argument(task, 0) & ~CSIGNAL;
	return nr == NR_VFORK ? CLONE_VFORK | CLONE_VM : 0;
}

/* The header is filled. */
HW_INLINE void fill_fork(struct hw_fork *r, struct task_struct *parent, struct task_struct *child, const struct forked *fork)
{
	struct task_struct *above = GET(child, real_parent);

	fill_key(&r->child, child);
	if (above == parent)
		r->child_parent = r->h.process;
	else
		fill_process_key(&r->child_parent, above);
	r->clone_flags = clone_flags_of(parent);
	r->child_home = fork->home;
	r->child_cgroup = fork->placed ? cgroup_id(identity_cgroup(child)) : r->h.cgroup;
	fill_ns_pid(child, NULL, &r->child_ns_pid);
	r->child_userns = GET(GET(REACH(child, real_cred), user_ns), ns.inum);
}

/* A child that is somebody else's (CLONE_PARENT), starts in another cgroup or in namespaces of its own: never one of many. */
HW_INLINE __u32 fork_room(struct task_struct *parent, struct task_struct *child)
{
	return BPF_CORE_READ(child, real_parent, tgid) != GET(parent, tgid) ||
		       BPF_CORE_READ(child, nsproxy) != BPF_CORE_READ(parent, nsproxy) ||
		       BPF_CORE_READ(child, real_cred, user_ns) != BPF_CORE_READ(parent, real_cred, user_ns) ||
		       is_placed(parent, child)
		   ? ROOM_MARKED
		   : ROOM_USUAL;
}

/* ---- exit ---- */

/* Somebody who was told of a process waits for its end; of such there are no more than were told. `state` is the process's. */
HW_INLINE __u32 exit_room(const struct task_state *state)
{
	return state && state->flags & TASK_UNTOLD ? ROOM_USUAL : ROOM_NEW;
}

HW_INLINE void fill_exit(struct hw_exit *r, struct task_struct *task)
{
	struct task_struct *leader = GET(task, group_leader);
	struct signal_struct *signal = REACH(task, signal);

	/* as wait(2) will tell it: the group's code, else the leader's own */
	r->exit_code = GET(signal, flags) & SIGNAL_GROUP_EXIT ? GET(signal, group_exit_code) : GET(leader, exit_code);
	r->lived_ns = r->h.time_ns - GET(leader, start_boottime);
	fill_ns_pid(leader, NULL, &r->ns_pid);
}

#endif
