/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Which listener a local socket is, or was accepted from: its bound inode (or abstract name), whatever path leads to it, and
 * what user space takes it for (map `listeners`). One that has no entry is met for the first time. An accepted socket shares
 * the address and the path of its listener, so data tells the listener as connecting does.
 */
#ifndef HULLWATCH_SOCKET_IDENTITY_H
#define HULLWATCH_SOCKET_IDENTITY_H

#include "slot.h"

/*
 * The listening socket behind a listener, by cookie. Inode numbers and names come back: a new socket under an old identity is a
 * new listener. Evicted: the class is trusted until the socket is seen again.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct hw_listener);
	__type(value, __u64);
} listener_sockets __weak SEC(".maps");

/*
 * A member of a socket, or of what it leads to. Below 6.2 (HW_CASTS) such pointers have no type in half of the programs that
 * share this file, so all read them as addresses.
 */
#define SOCK_GET(pointer, member) GET_IF(HW_CASTS, pointer, member)

/* A local socket that is held for us. */
HW_INLINE struct unix_sock *unix_sock_of(struct sock *sk)
{
	return HW_CASTS ? bpf_skc_to_unix_sock(sk) : (struct unix_sock *)sk;
}

/* Of the bound name, without its end, at most HW_SUN_PATH. `addr` may be any pointer to an address. */
HW_INLINE __u64 name_length(struct unix_address *addr)
{
	__u64 length = (__u32)BPF_CORE_READ(addr, len);

	length = length > 2 ? length - 2 : 0;
	barrier_var(length); /* keep the compiler from testing a copy, which the verifier would not connect with this */
	return length > HW_SUN_PATH ? HW_SUN_PATH : length;
}

HW_INLINE void *name_of(struct unix_address *addr)
{
	return (void *)__builtin_preserve_access_index(&addr->name) + 2;
}

HW_PART __u64 abstract_name(struct unix_address *addr)
{
	__u64 words[HW_ABSTRACT_WORDS] = {};

	bpf_probe_read_kernel(words, name_length(addr), name_of(addr));
	return hw_abstract_hash(words);
}

/* `u` is a listener or a socket accepted from one; `addr` its address, not NULL. */
HW_INLINE void fill_listener(struct hw_listener *out, struct unix_sock *u, struct unix_address *addr)
{
	struct dentry *dentry = SOCK_GET(u, path.dentry);
	struct super_block *sb;
	struct inode *inode;

	if (!dentry) {
		out->ino = abstract_name(addr);
		out->dev = 0;
		out->netns = SOCK_GET(SOCK_GET(u, sk.__sk_common.skc_net.net), ns.inum);
		return;
	}
	inode = SOCK_GET(dentry, d_inode);
	out->ino = SOCK_GET(inode, i_ino);
	sb = SOCK_GET(inode, i_sb);
	out->dev = SOCK_GET(sb, s_dev);
	out->netns = 0;
}

/*
 * Names a socket for its life. Below 6.2 it is what somebody else (sock_diag) asked for, else the socket's address, which may
 * come back after it: then a successor under the same name is taken for it.
 */
HW_INLINE __u64 cookie_of(struct sock *sk)
{
	__u64 cookie;

	if (HW_CASTS)
		return bpf_get_socket_cookie(sk);
	cookie = (__u64)SOCK_GET(sk, __sk_common.skc_cookie.counter);
	return cookie ? cookie : (__u64)sk;
}

/* Is `kept` what cookie_of() said of `sk`, whose cookie is `counter` now? 0: nothing was kept. */
HW_INLINE bool cookie_fits(__u64 kept, __u64 counter, const void *sk)
{
	return !kept || kept == counter || kept == (__u64)sk;
}

/*
 * As fill_listener(), of a socket that was found by reading: slower, and `u` may be any pointer. False: it was closed, and with
 * it the path has gone that tells who it was.
 */
HW_INLINE bool read_listener(struct hw_listener *out, struct unix_sock *u, struct unix_address *addr)
{
	struct inode *inode = BPF_CORE_READ(u, path.dentry, d_inode);
	char first = 0;

	if (!inode) {
		bpf_probe_read_kernel(&first, sizeof(first), name_of(addr));
		if (first)
			return false;
		out->ino = abstract_name(addr);
		out->dev = 0;
		out->netns = BPF_CORE_READ(u, sk.__sk_common.skc_net.net, ns.inum);
		return true;
	}
	out->ino = BPF_CORE_READ(inode, i_ino);
	out->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	out->netns = 0;
	return true;
}

HW_INLINE void set_listener_class(struct hw_listener *listener, __u32 class)
{
	bpf_map_update_elem(&listeners, listener, &class, BPF_ANY);
}

/* Class of the listener a connect reaches. Its socket is at hand, so another one that took over the identity is found out. */
HW_INLINE __u32 class_at_connect(struct hw_listener *listener, struct sock *sk)
{
	__u32 *class = bpf_map_lookup_elem(&listeners, listener);
	__u64 *known = bpf_map_lookup_elem(&listener_sockets, listener);
	__u64 cookie = cookie_of(sk);

	if (!known || *known != cookie)
		bpf_map_update_elem(&listener_sockets, listener, &cookie, BPF_ANY);
	if (class && (!known || *known == cookie))
		return *class;
	set_listener_class(listener, HW_LISTENER_PENDING);
	return HW_LISTENER_UNKNOWN;
}

#endif
