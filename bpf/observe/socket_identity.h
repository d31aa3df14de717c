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

/* Of the bound name, without its end, at most HW_SUN_PATH. */
HW_INLINE __u64 name_length(struct unix_address *addr)
{
	__u64 length = (__u32)addr->len;

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
	struct dentry *dentry = u->path.dentry;
	struct inode *inode;

	if (!dentry) {
		out->ino = abstract_name(addr);
		out->dev = 0;
		out->netns = u->sk.__sk_common.skc_net.net->ns.inum;
		return;
	}
	inode = dentry->d_inode;
	out->ino = inode->i_ino;
	out->dev = device_of(inode);
	out->netns = 0;
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
	__u64 cookie = bpf_get_socket_cookie(sk);

	if (!known || *known != cookie)
		bpf_map_update_elem(&listener_sockets, listener, &cookie, BPF_ANY);
	if (class && (!known || *known == cookie))
		return *class;
	set_listener_class(listener, HW_LISTENER_PENDING);
	return HW_LISTENER_UNKNOWN;
}

/*
 * Class of the listener behind an accepted socket. One without an entry is either older than hullwatch or no listener at all
 * but the name a client bound itself to, hearing its answer: such an address has one user, a listener's has two or more.
 */
HW_INLINE __u32 class_at_write(struct hw_listener *listener, struct unix_address *addr)
{
	__u32 *class = bpf_map_lookup_elem(&listeners, listener);

	if (class)
		return *class;
	if (addr->refcnt.refs.counter < 2)
		return HW_LISTENER_OTHER;
	set_listener_class(listener, HW_LISTENER_PENDING);
	return HW_LISTENER_UNKNOWN;
}

#endif
