/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The kernel's types as far as we read them: only the fields used, each relocated at load (CO-RE), so order and size here mean
 * nothing. One section per kernel subsystem; add a field to the struct that is there, or a struct to its section.
 *
 * An extern function (a kfunc) may be declared in ONE unit only: the static linker of libbpf < 1.5 fails on the second. So none
 * stands here; each belongs to the .bpf.c that calls it.
 *
 * A field that moved or changed its type between kernels is declared in a flavour (struct name___why) with the version beside
 * it.
 */
#ifndef HULLWATCH_KERNEL_TYPES_H
#define HULLWATCH_KERNEL_TYPES_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include <bpf/bpf_helpers.h>
/* of <stddef.h>, the compiler's: it is not relocated, so container_of() would go by the layout of this file */
#undef offsetof
#define offsetof(type, member) ((unsigned long)&((type *)0)->member)
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "hullwatch/wire.h"

/* A part of a program that is its own function: static (the verifier follows real arguments into it), called, not copied. */
#define HW_PART	  static __noinline __attribute__((unused))
#define HW_INLINE static __always_inline __attribute__((unused))

/*
 * Kernels since 5.17, which have all that our programs need: typed pointers from current (5.11), pointers to global functions
 * (5.12), task storage in tracing programs (5.13), a task's registers (5.15), bpf_loop. CO-RE puts the answer into the program,
 * so the verifier drops the branch not taken; user space asks the same of the same type (src/probe/object_fit.h). The branch
 * for older ones is tested on 5.10.
 */
#define HW_MODERN bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_loop)

/* Since 6.2: pointers found on the way may be cast to a type for reading. */
enum bpf_func_id___6_2 { BPF_FUNC_cgrp_storage_get___6_2 = 210 };
#define HW_CASTS bpf_core_enum_value_exists(enum bpf_func_id___6_2, BPF_FUNC_cgrp_storage_get___6_2)

/*
 * GET(task, tgid), GET(GET(task, signal), live.counter): a member of a kernel struct whose type is known. A plain load, 1 ns;
 * where pointers have no type a read that may fail, 15 ns and zeros. Never `task->tgid`: 5.10 would refuse the program.
 */
#define GET(pointer, member) GET_IF(HW_MODERN, pointer, member)
#define GET_IF(typed, pointer, member)                                                                                         \
	({                                                                                                                     \
		__typeof__((0, (pointer)->member)) got_;                                                                       \
		if (typed)                                                                                                     \
			got_ = (pointer)->member;                                                                              \
		else                                                                                                           \
			bpf_probe_read_kernel(&got_, sizeof(got_), (const void *)&(pointer)->member);                          \
		got_;                                                                                                          \
	})

/* libbpf 1.1 links no two units that call the same function of the kernel: each has a name of its own for it, which user space
 * cuts off at the three underscores (src/probe/object_fit.h). */
#define HW_IN_UNIT(name, unit)	    name##___##unit
#define HW_IN_THIS_UNIT(name, unit) HW_IN_UNIT(name, unit)
#define bpf_rdonly_cast		    HW_IN_THIS_UNIT(bpf_rdonly_cast, HW_UNIT)
extern void *bpf_rdonly_cast(const void *object, __u32 type) __weak __ksym;

/*
 * As GET(), of a member that points to what is only read, never handed to a helper: REACH(task, real_cred). Through the cast
 * (6.2, a move of registers) the pointer is one the verifier knows nothing of; else it would search all of the kernel's type
 * names, four times, for what it may know.
 */
#define REACH(pointer, member)                                                                                                 \
	(bpf_rdonly_cast                                                                                                       \
	     ? GET((__typeof__(pointer))bpf_rdonly_cast(pointer, bpf_core_type_id_kernel(__typeof__(*(pointer)))), member)     \
	     : GET(pointer, member))

/* Before a comparison that bounds a variable: keeps clang from comparing a copy, of which the verifier learns nothing. */
#define BOUNDED(variable) asm volatile("" : "+r"(variable))

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* ---- basic ---- */

typedef struct {
	__u32 val;
} kuid_t;
typedef struct {
	__u32 val;
} kgid_t;
typedef struct {
	__u64 val; /* an array of two __u32 before 6.3: read it as raw bytes through its address */
} kernel_cap_t;
typedef struct {
	int counter;
} atomic_t;
typedef unsigned short umode_t;

struct timespec64 {
	__s64 tv_sec;
	long tv_nsec;
};

/* ---- namespaces ---- */

struct ns_common {
	unsigned int inum;
};
struct uid_gid_extent {
	__u32 first, lower_first, count;
};
/* Up to five extents inside, more of them behind `forward`, which shares their room; where each lies moved between kernels. */
struct uid_gid_map {
	__u32 nr_extents;
	struct uid_gid_extent extent[5];
	struct uid_gid_extent *forward; /* in the order of `first` */
};
struct user_namespace {
	struct uid_gid_map uid_map;
	int level;
	kuid_t owner;
	struct ns_common ns;
	struct user_namespace *parent;
};
struct pid_namespace {
	struct ns_common ns;
	unsigned int level;
};
struct mnt_namespace {
	struct ns_common ns;
	struct user_namespace *user_ns;
};
struct uts_namespace {
	struct ns_common ns;
};
struct ipc_namespace {
	struct ns_common ns;
};
struct time_namespace {
	struct ns_common ns;
};
struct cgroup_namespace {
	struct ns_common ns;
};
struct net {
	struct ns_common ns;
};
struct nsproxy {
	struct uts_namespace *uts_ns;
	struct ipc_namespace *ipc_ns;
	struct mnt_namespace *mnt_ns;
	struct pid_namespace *pid_ns_for_children;
	struct net *net_ns;
	struct time_namespace *time_ns;
	struct cgroup_namespace *cgroup_ns;
};

/* ---- credentials ---- */

struct cred {
	kuid_t uid;
	kgid_t gid;
	kuid_t suid;
	kgid_t sgid;
	kuid_t euid;
	kgid_t egid;
	kuid_t fsuid;
	kgid_t fsgid;
	unsigned int securebits;
	kernel_cap_t cap_inheritable;
	kernel_cap_t cap_permitted;
	kernel_cap_t cap_effective;
	kernel_cap_t cap_bset;
	kernel_cap_t cap_ambient;
	struct user_namespace *user_ns;
};
/* Capability sets before 6.3, for plain loads. */
struct kernel_cap_struct___words {
	__u32 cap[2];
};
struct cred___words {
	struct kernel_cap_struct___words cap_inheritable, cap_permitted, cap_effective, cap_bset, cap_ambient;
};

/* ---- files, dentries, mounts ---- */

struct qstr {
	const unsigned char *name;
};
struct super_block {
	__u32 s_dev;
	unsigned long s_magic;
	unsigned long s_flags;
};
struct inode {
	umode_t i_mode;
	kuid_t i_uid;
	kgid_t i_gid;
	struct super_block *i_sb;
	unsigned long i_ino;
	unsigned int i_nlink;
};
struct inode___before_6_6 { /* i_ctime became __i_ctime in 6.6 */
	struct timespec64 i_ctime;
	struct timespec64 i_mtime;
};
struct inode___6_6 {
	struct timespec64 __i_ctime;
	struct timespec64 __i_mtime; /* 6.7 */
};
struct inode___6_11 { /* seconds and nanoseconds apart since 6.11 */
	__s64 i_ctime_sec;
	__s64 i_mtime_sec;
	__u32 i_ctime_nsec;
	__u32 i_mtime_nsec;
};
struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
};
struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
	int mnt_flags;
};
struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct mnt_namespace *mnt_ns;
};
struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};
struct file {
	struct inode *f_inode;
	struct path f_path;
	void *private_data;
};
struct kiocb {
	struct file *ki_filp;
	__s64 ki_pos;
};
struct iovec {
	void *iov_base;
	__u64 iov_len;
};
/* What is left of a write when it returns. The members of its unions have other names in each of these. */
struct iov_iter {
	__u8 iter_type; /* since 5.14 */
	size_t iov_offset;
	size_t count;
	unsigned long nr_segs;
};
struct iov_iter___before_5_14 {
	unsigned int type;
};
struct iov_iter___before_6_4 {
	const struct iovec *iov;
};
struct iov_iter___6_4 {
	const struct iovec *__iov;
};
struct iov_iter___6_0 {
	void *ubuf;
};
enum iter_type { ITER_IOVEC = 1, ITER_KVEC = 3 }; /* the values are the running kernel's */
enum iter_type___6_0 { ITER_UBUF___6_0 = 0 };
struct kernfs_open_file {
	struct file *file;
};
struct fs_struct {
	struct path root;
	struct path pwd;
};

/* ---- memory ---- */

struct mm_struct {
	unsigned long arg_start;
	unsigned long arg_end;
	unsigned long env_start;
	unsigned long env_end;
	unsigned long flags;
	struct file *exe_file;
};
struct mm_struct___bitmap { /* flags is a struct since 6.18 */
	struct {
		unsigned long __mm_flags[1];
	} flags;
};

/* ---- cgroups ---- */

struct kernfs_node {
	const char *name;
	__u64 id;
};
struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};
struct cgroup_root {
	int hierarchy_id;
};
struct cgroup {
	struct cgroup_subsys_state self;
	int level;
	struct kernfs_node *kn;
	struct cgroup_root *root;
	struct cgroup_subsys_state *subsys[1];
};
struct css_set {
	struct cgroup_subsys_state *subsys[1];
	struct cgroup *dfl_cgrp;
};
enum cgroup_subsys_id {
	memory_cgrp_id = 4, /* the values are the running kernel's: bpf_core_enum_value() */
	pids_cgrp_id = 11,
};

/* ---- tasks ---- */

struct upid {
	int nr;
	struct pid_namespace *ns;
};
struct hlist_node {
	struct hlist_node *next;
};
struct hlist_head {
	struct hlist_node *first;
};
struct pid {
	unsigned int level;
	struct hlist_head tasks[4];
	struct upid numbers[1];
};
struct tty_driver {
	int major;
	int minor_start;
};
struct tty_struct {
	struct tty_driver *driver;
	int index;
};
struct signal_struct {
	atomic_t live;
	int group_exit_code;
	unsigned int flags;
	struct pid *pids[4];
	struct tty_struct *tty;
};
struct seccomp {
	int mode;
};
struct thread_info {
	unsigned long flags;
	__u32 status; /* x86 */
};
struct task_struct {
	struct thread_info thread_info;
	void *stack;
	unsigned int flags;
	int pid;
	int tgid;
	int exit_code;
	int exit_state;
	struct task_struct *group_leader;
	struct task_struct *real_parent;
	__u64 start_boottime;
	char comm[HW_COMM_LEN];
	const struct cred *real_cred;
	const struct cred *cred;
	struct mm_struct *mm;
	struct fs_struct *fs;
	struct nsproxy *nsproxy;
	struct css_set *cgroups;
	struct signal_struct *signal;
	struct pid *thread_pid;
	struct hlist_node pid_links[4];
	unsigned long atomic_flags;
	struct seccomp seccomp;
	kuid_t loginuid;
	unsigned int sessionid;
};
struct linux_binprm {
	unsigned int secureexec : 1;
	struct file *file;
	const char *filename;
	const char *interp;
};

/* task_struct.flags */
#define PF_EXITING   0x00000004
#define PF_IO_WORKER 0x00000010
#define PF_KTHREAD   0x00200000
/* task_struct.atomic_flags */
#define PFA_NO_NEW_PRIVS_BIT 0
/* signal_struct.flags */
#define SIGNAL_GROUP_EXIT 0x00000004
/* super_block.s_flags: mounted by the kernel for itself */
#define SB_KERNMOUNT (1 << 22)
/* super_block.s_magic */
#define TMPFS_MAGIC	0x01021994
#define HUGETLBFS_MAGIC 0x958458f6
#define OVERLAYFS_MAGIC 0x794c7630
#define CGROUP1_MAGIC	0x0027e0eb
/* index into signal_struct.pids */
enum { PIDTYPE_PID = 0, PIDTYPE_TGID, PIDTYPE_PGID, PIDTYPE_SID };

#define CLONE_VM    0x00000100UL
#define CLONE_VFORK 0x00004000UL
#define CSIGNAL	    0x000000ffUL

/* ---- sockets ---- */

typedef struct {
	long long counter;
} atomic64_t;
typedef struct {
	struct net *net;
} possible_net_t;
typedef struct refcount_struct {
	atomic_t refs;
} refcount_t;
struct in6_addr {
	union {
		__u8 u6_addr8[16];
		__u32 u6_addr32[4];
	} in6_u;
};
struct sock_common {
	__u32 skc_daddr;
	__u32 skc_rcv_saddr;
	__u16 skc_dport; /* network order */
	__u16 skc_num;	 /* local port, host order */
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	atomic64_t skc_cookie;
};
struct sk_buff_head {
	struct sk_buff *next;
	struct sk_buff *prev;
};
struct sock {
	struct sock_common __sk_common;
	struct sk_buff_head sk_receive_queue;
	__u16 sk_type;
	__u16 sk_protocol;
	struct pid *sk_peer_pid;
};
struct sk_buff {
	struct sock *sk;
	char cb[48];
	unsigned int len, data_len;
	unsigned char *data;
};
struct unix_skb_parms {
	__u32 consumed;
};
struct tcp_skb_cb {
	__u32 seq;
};
struct inet_sock {
	__u16 inet_sport; /* network order */
};
struct tcp_sock {
	__u32 copied_seq;
};
struct sockaddr_un {
	unsigned short sun_family;
	char sun_path[HW_SUN_PATH];
};
struct unix_address {
	refcount_t refcnt;
	int len; /* of the name, its two bytes of family included */
	struct sockaddr_un name[];
};
struct unix_sock {
	struct sock sk;
	struct unix_address *addr;
	struct path path;
	struct sock *peer;
};
struct socket {
	struct sock *sk;
};

#define AF_UNIX		1
#define AF_INET		2
#define IPPROTO_TCP	6
#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT	2
#define TCP_SYN_RECV	3
#define TCP_CLOSE	7
#define TCP_LISTEN	10
#define SOCK_DGRAM	2
#define S_IFMT		0170000
#define S_IFSOCK	0140000

/* ---- registers ---- */

#define X86_THREAD_SIZE 16384
struct pt_regs___x86 {
	unsigned long di, si, dx, r10, r8, r9, ax, orig_ax;
	unsigned long bx, cx, bp; /* arguments of 32-bit calls */
};
struct pt_regs___a64 { /* <bpf/bpf_tracing.h> has taken ___arm64 */
	__u64 regs[31];
	__u64 orig_x0;
	__s32 syscallno;
};

/* ---- mounts being made by fsopen, fsconfig, fsmount ---- */

struct file_system_type {
	const char *name;
};
struct fs_context {
	struct file_system_type *fs_type;
	const char *source;
};
struct fdtable {
	unsigned int max_fds;
	struct file **fd;
	unsigned long *open_fds;
};
struct files_struct {
	struct fdtable *fdt;
};
struct task_struct___files {
	struct files_struct *files;
};

/* ---- iterators ---- */

struct seq_file;
struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
};
struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#pragma clang attribute pop

HW_INLINE struct task_struct *current_task(void)
{
	return HW_MODERN ? bpf_get_current_task_btf() : (void *)bpf_get_current_task();
}

/* Of every unit; the linker keeps one. */
char _license[] __weak SEC("license") = "Dual BSD/GPL";

#endif
