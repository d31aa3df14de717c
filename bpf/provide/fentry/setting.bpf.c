// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/*
 * Writes of the kernel's settings with their outcome, at the return of the two functions that only they reach, both called
 * through tables of operations and so never inlined:
 *
 *	ssize_t proc_sys_write(struct kiocb *iocb, struct iov_iter *iter)
 *	ssize_t cgroup_release_agent_write(struct kernfs_open_file *of, char *buf, size_t nbytes, loff_t off)
 *
 * The second has the kernel's copy of the value. For the first it is gone when it returns: the caller's memory is read, which
 * the kernel has just read (HW_F_USER_STRINGS). Not before: its page may not be there yet.
 */
#include "observe/setting.h"

/* What was written, by what is left of the iterator. False: nothing that can be read from here (pages of a splice). */
HW_PART bool value_of_write(struct hw_setting *r, struct iov_iter *iter, __s64 result)
{
	bool typed = bpf_core_field_exists(iter->iter_type);
	__u32 type = typed ? BPF_CORE_READ(iter, iter_type)
			   : BPF_CORE_READ((struct iov_iter___before_5_14 *)iter, type) & ~1U; /* less the direction */
	const struct iovec *piece;
	__u64 length;
	bool user;

	if (bpf_core_enum_value_exists(enum iter_type___6_0, ITER_UBUF___6_0) &&
	    type == bpf_core_enum_value(enum iter_type___6_0, ITER_UBUF___6_0)) {
		length = BPF_CORE_READ(iter, iov_offset) + BPF_CORE_READ(iter, count);
		fill_setting_value(r, (__u64)BPF_CORE_READ((struct iov_iter___6_0 *)iter, ubuf), length, true);
		return true;
	}
	user = type == bpf_core_enum_value(enum iter_type, ITER_IOVEC);
	if (!user && type != bpf_core_enum_value(enum iter_type, ITER_KVEC))
		return false;
	piece = bpf_core_field_exists(((struct iov_iter___6_4 *)iter)->__iov)
		    ? BPF_CORE_READ((struct iov_iter___6_4 *)iter, __iov)
		    : BPF_CORE_READ((struct iov_iter___before_6_4 *)iter, iov);
	if (!BPF_CORE_READ(iter, nr_segs))
		piece--; /* all taken: the iterator stands behind the last one */
	length = BPF_CORE_READ(piece, iov_len);
	fill_setting_value(r, (__u64)BPF_CORE_READ(piece, iov_base), length, user);
	if (result > (__s64)length) {
		r->length = result;
		r->setting_flags |= HW_SETTING_CUT;
	}
	return true;
}

SEC("?fexit/proc_sys_write")
int BPF_PROG(fexit_proc_sys_write, struct kiocb *iocb, struct iov_iter *iter, long result)
{
	const struct dentry *dentry = BPF_CORE_READ(iocb, ki_filp, f_path.dentry);
	union setting_leaf leaf = {};
	struct hw_setting *r;

	read_leaf(&leaf, dentry);
	if (!admit_setting(&leaf))
		return 0;
	r = begin_setting(HW_SETTING_SYSCTL, HW_BY_FENTRY, result, 0);
	if (!r)
		return 0;
	fill_setting_name(r, dentry);
	if (!value_of_write(r, iter, result)) {
		r->setting_flags |= HW_SETTING_UNREAD;
		r->length = result > 0 ? result : 0;
	}
	r->position = BPF_CORE_READ(iocb, ki_pos) - (result > 0 ? result : 0);
	emit_submit(HW_SETTING, r);
	return 0;
}

SEC("?fexit/cgroup_release_agent_write")
int BPF_PROG(fexit_release_agent_write, struct kernfs_open_file *of, char *value, __u64 length, __s64 position, long result)
{
	union setting_leaf leaf = release_agent_leaf;
	struct hw_setting *r;

	if (!admit_setting(&leaf))
		return 0;
	r = begin_setting(HW_SETTING_RELEASE_AGENT, HW_BY_FENTRY, result, 0);
	if (!r)
		return 0;
	name_release_agent(r, BPF_CORE_READ(of, file, f_path.dentry));
	fill_setting_value(r, (__u64)value, length, false);
	r->position = position;
	emit_submit(HW_SETTING, r);
	return 0;
}
