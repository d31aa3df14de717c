/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Writes of the kernel's settings: what stands below /proc/sys, and the release_agent of an old cgroup hierarchy. No file is
 * watched: the hooks are in the functions that only such writes reach.
 *
 * All of them, the host's too: they are rare, and which setting is whose is user space's to judge by `own_namespaces`.
 */
#ifndef HULLWATCH_OBSERVE_SETTING_H
#define HULLWATCH_OBSERVE_SETTING_H

#include "emit.h"
#include "novelty.h"

#define CLONE_NEWUTS  0x04000000UL
#define CLONE_NEWIPC  0x08000000UL
#define CLONE_NEWUSER 0x10000000UL
#define CLONE_NEWPID  0x20000000UL
#define CLONE_NEWNET  0x40000000UL

/* Numbers that /proc shows of the first namespaces, the same on every machine; a network namespace has none (first_net_ns). */
#define FIRST_PID_NS  0xeffffffcU
#define FIRST_USER_NS 0xeffffffdU
#define FIRST_UTS_NS  0xeffffffeU
#define FIRST_IPC_NS  0xefffffffU

/* The last part of a setting's name. Longer ones are cut: this is for telling the new from a repeat. */
union setting_leaf {
	char name[32];
	__u64 words[4];
};

/* Of names of up to 23 bytes, which those asked about are. */
HW_INLINE bool leaf_is(const union setting_leaf *leaf, const union setting_leaf *other)
{
	return leaf->words[0] == other->words[0] && leaf->words[1] == other->words[1] && leaf->words[2] == other->words[2];
}

static const union setting_leaf release_agent_leaf = {"release_agent"};

/* What it holds is run by the kernel, on the node and with all privileges. */
HW_INLINE bool runs_programs(const union setting_leaf *leaf)
{
	static const union setting_leaf programs[] = {{"core_pattern"}, {"modprobe"}, {"hotplug"}, {"poweroff_cmd"}};

	return leaf_is(leaf, &programs[0]) || leaf_is(leaf, &programs[1]) || leaf_is(leaf, &programs[2]) ||
	       leaf_is(leaf, &programs[3]) || leaf_is(leaf, &release_agent_leaf);
}

#define SORT_OF_PROGRAMS (1ULL << 63) /* admit_novel() goes by the highest six bits */

/* Those that run programs are of a sort that no other name is of: no flood of others hides the first of them. */
HW_PART bool admit_setting(const union setting_leaf *leaf)
{
	__u64 home = home_of(current_task()), sort = novelty_begin();

	if (admit(home, HW_SETTING, false))
		return true;
	for (__u32 i = 0; i < sizeof(leaf->words) / sizeof(leaf->words[0]); i++)
		sort = novelty_mix(sort, leaf->words[i]);
	sort = runs_programs(leaf) ? sort | SORT_OF_PROGRAMS : sort & ~SORT_OF_PROGRAMS;
	return admit_novel(home, HW_SETTING, sort, sort);
}

/* Kinds in which current is in another namespace than the node's first process. */
HW_INLINE __u64 own_namespaces(struct task_struct *task)
{
	struct hw_namespaces ns = {};
	__u64 own = 0;

	fill_namespaces(&ns, task);
	if (ns.user != FIRST_USER_NS)
		own |= CLONE_NEWUSER;
	if (ns.pid != FIRST_PID_NS)
		own |= CLONE_NEWPID;
	if (ns.uts != FIRST_UTS_NS)
		own |= CLONE_NEWUTS;
	if (ns.ipc != FIRST_IPC_NS)
		own |= CLONE_NEWIPC;
	if (first_net_ns && ns.net != first_net_ns)
		own |= CLONE_NEWNET;
	return own;
}

/* A record with all but name and value; admitted already. */
HW_INLINE struct hw_setting *begin_setting(__u32 source, __u32 provider, __s64 result, __u32 flags)
{
	struct hw_setting *r = EMIT_RESERVE(HW_SETTING, struct hw_setting);

	if (!r)
		return NULL;
	fill_header(&r->h, HW_SETTING, provider, sizeof(*r));
	r->h.flags |= flags;
	fill_ancestors(r->ancestors);
	r->source = source;
	r->result = result;
	r->own_namespaces = own_namespaces(current_task());
	return r;
}

/* ---- a file's name ---- */

#define SETTING_DEPTH 8 /* net/ipv4/conf/eth0/forwarding is five, and one more below /proc */
#define SETTING_PART  64

HW_INLINE void read_leaf(union setting_leaf *leaf, const struct dentry *dentry)
{
	bpf_probe_read_kernel_str(leaf->name, sizeof(leaf->name), BPF_CORE_READ(dentry, d_name.name));
}

/*
 * "kernel/core_pattern" of the dentry /sys/kernel/core_pattern in whichever mount of proc. Unrolled: 5.10 reads nothing from
 * the stack at a place that a variable tells.
 */
HW_PART void fill_setting_name(struct hw_setting *r, const struct dentry *leaf)
{
	const struct dentry *chain[SETTING_DEPTH] = {}, *dentry = leaf;
	__u64 at = 0;

#pragma unroll
	for (int i = 0; i < SETTING_DEPTH; i++) {
		const struct dentry *parent = BPF_CORE_READ(dentry, d_parent);

		if (!parent || parent == dentry || BPF_CORE_READ(parent, d_parent) == parent)
			break; /* `dentry` is proc's directory sys, or its root */
		chain[i] = dentry;
		dentry = parent;
	}
#pragma unroll
	for (int i = SETTING_DEPTH - 1; i >= 0; i--) {
		long length;

		if (!chain[i])
			continue;
		BOUNDED(at);
		if (at > sizeof(r->name) - SETTING_PART)
			break;
		length = bpf_probe_read_kernel_str(r->name + at, SETTING_PART, BPF_CORE_READ(chain[i], d_name.name));
		if (length <= 0)
			break;
		if (i > 0 && length < SETTING_PART)
			r->name[at + (__u64)length - 1] = '/';
		at += (__u64)length;
	}
	r->name_len = at ? at - 1 : 0;
}

/* ---- a value ---- */

/* `length` bytes from `address`, of which so many as there is room for. */
HW_PART void fill_setting_value(struct hw_setting *r, __u64 address, __u64 length, bool user)
{
	__u64 take = length;

	r->length = length;
	BOUNDED(take);
	if (take > sizeof(r->value)) {
		take = sizeof(r->value);
		r->setting_flags |= HW_SETTING_CUT;
	}
	if (user)
		r->h.flags |= HW_F_USER_STRINGS;
	if (!take || (user ? bpf_probe_read_user(r->value, take, (void *)address)
			   : bpf_probe_read_kernel(r->value, take, (void *)address)))
		r->setting_flags |= HW_SETTING_UNREAD;
	else
		r->value_len = take;
}

/* ---- release_agent ---- */

/* Id of the cgroup whose file that is: its directory's inode. */
HW_INLINE __u64 cgroup_of_file(const struct dentry *file)
{
	return BPF_CORE_READ(file, d_parent, d_inode, i_ino);
}

HW_INLINE void name_release_agent(struct hw_setting *r, const struct dentry *file)
{
	__builtin_memcpy(r->name, release_agent_leaf.name, sizeof(release_agent_leaf.name));
	r->name_len = sizeof("release_agent") - 1;
	r->cgroup = cgroup_of_file(file);
}

#endif
