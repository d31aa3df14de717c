/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* What is known of the file a process runs, from its inode alone: identity and nature, no path. */
#ifndef HULLWATCH_OBSERVE_EXE_H
#define HULLWATCH_OBSERVE_EXE_H

#include "facts.h"

/*
 * On overlayfs, does the file live in the writable layer? overlayfs keeps `struct dentry *__upperdentry` right behind the inode
 * it embeds (struct ovl_inode, since 4.18); its own type may be in a module, whose BTF libbpf does not search for us.
 */
HW_INLINE bool in_upper_layer(struct inode *inode, unsigned long magic)
{
	void *upper = NULL;

	if (magic != OVERLAYFS_MAGIC)
		return false;
	bpf_probe_read_kernel(&upper, sizeof(upper), (void *)inode + bpf_core_type_size(struct inode));
	return upper != NULL;
}

HW_INLINE struct inode *exe_inode(struct task_struct *task)
{
	return BPF_CORE_READ(task, mm, exe_file, f_inode);
}

/* As exe_inode(), a BTF pointer, of which plain loads can be made; for the programs at exec. */
HW_INLINE struct inode *typed_exe_inode(struct task_struct *task)
{
	struct mm_struct *mm = REACH(task, mm);
	struct file *exe = mm ? GET(mm, exe_file) : NULL;

	return exe ? GET(exe, f_inode) : NULL;
}

/* What hw_exe_flag is made of. */
struct exe_nature {
	unsigned long magic, sb_flags;
	umode_t mode;
	__u32 links, uid;
};

/* hw_exe_flag without HW_EXE_SCRIPT, which is of the exec. */
HW_INLINE __u32 exe_flags_by(struct inode *inode, const struct exe_nature *nature)
{
	__u32 flags = 0;

	if ((nature->magic == TMPFS_MAGIC || nature->magic == HUGETLBFS_MAGIC) && nature->sb_flags & SB_KERNMOUNT)
		flags |= HW_EXE_MEMFD;
	else if (nature->magic == TMPFS_MAGIC)
		flags |= HW_EXE_TMPFS;
	if (in_upper_layer(inode, nature->magic))
		flags |= HW_EXE_UPPER;
	if (nature->links == 0)
		flags |= HW_EXE_UNLINKED;
	if (nature->mode & 04000)
		flags |= HW_EXE_SETUID;
	if ((nature->mode & 02010) == 02010)
		flags |= HW_EXE_SETGID;
	if (nature->mode & 022)
		flags |= HW_EXE_WRITABLE;
	if (nature->uid != 0)
		flags |= HW_EXE_NOT_ROOTS;
	return flags;
}

/* `inode` may be any pointer. */
HW_PART __u32 exe_flags_of(struct inode *inode)
{
	struct super_block *sb = BPF_CORE_READ(inode, i_sb);
	struct exe_nature nature = {
	    .magic = BPF_CORE_READ(sb, s_magic),
	    .sb_flags = BPF_CORE_READ(sb, s_flags),
	    .mode = BPF_CORE_READ(inode, i_mode),
	    .links = BPF_CORE_READ(inode, i_nlink),
	    .uid = BPF_CORE_READ(inode, i_uid.val),
	};

	return inode ? exe_flags_by(inode, &nature) : 0;
}

#define CTIME_QUERIED (1U << 31) /* of i_ctime_nsec since 6.13: multigrain timestamps keep a flag there */

HW_PART void fill_exe_times(struct hw_exec *r, struct inode *inode)
{
	struct inode___6_11 *newest = (void *)inode;
	struct inode___6_6 *newer = (void *)inode;
	struct inode___before_6_6 *older = (void *)inode;
	struct timespec64 ctime = {}, mtime = {};

	if (bpf_core_field_exists(newest->i_ctime_sec)) {
		ctime.tv_sec = GET(newest, i_ctime_sec);
		ctime.tv_nsec = GET(newest, i_ctime_nsec) & ~CTIME_QUERIED;
		mtime.tv_sec = GET(newest, i_mtime_sec);
		mtime.tv_nsec = GET(newest, i_mtime_nsec);
	} else {
		if (bpf_core_field_exists(newer->__i_ctime))
			BPF_CORE_READ_INTO(&ctime, newer, __i_ctime);
		else
			BPF_CORE_READ_INTO(&ctime, older, i_ctime);
		if (bpf_core_field_exists(newer->__i_mtime))
			BPF_CORE_READ_INTO(&mtime, newer, __i_mtime);
		else
			BPF_CORE_READ_INTO(&mtime, older, i_mtime);
	}
	r->exe_ctime_ns = (__u64)ctime.tv_sec * 1000000000ULL + (__u64)ctime.tv_nsec;
	r->exe_mtime_ns = (__u64)mtime.tv_sec * 1000000000ULL + (__u64)mtime.tv_nsec;
}

/* `inode` is a BTF pointer, NULL when there is none. */
HW_INLINE void fill_exec_exe(struct hw_exec *r, struct inode *inode, __u32 flags)
{
	r->exe_flags = flags;
	if (!inode)
		return;
	r->exe_mode = GET(inode, i_mode);
	r->exe_uid = GET(inode, i_uid.val);
	r->exe_gid = GET(inode, i_gid.val);
	r->exe_magic = (__u32)GET(GET(inode, i_sb), s_magic);
	fill_exe_times(r, inode);
}

#endif
