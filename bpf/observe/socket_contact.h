/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Contact with local sockets that are, or may be, a container runtime's API: who connected, and who wrote over a connection
 * it did not make. The contact itself is sent; who wrote last is kept (connection.h) for the request that the server reads.
 */
#ifndef HULLWATCH_SOCKET_CONTACT_H
#define HULLWATCH_SOCKET_CONTACT_H

#include "connection.h"

/* A contact while it is being looked at. */
struct contact {
	struct hw_listener listener;
	__u64 connection;
	__u32 op;
	__u32 listener_class;
	__u32 provider;
	__u32 pad;
};

/*
 * Class of the listener behind `u`, which is written to by its peer `client`. An address with one user is no listener's, nor of
 * what it accepted, but the name a client bound itself to, hearing its answer; such a name may have the inode number of a
 * runtime's former socket. Or the listener was closed, and this is its last connection: that one was met. A listener with more
 * users and no entry is older than hullwatch.
 */
HW_INLINE __u32 class_at_write(struct hw_listener *listener, struct unix_sock *u, struct unix_address *addr,
			       struct sock *client)
{
	__u32 *class = bpf_map_lookup_elem(&listeners, listener);
	bool alone = SOCK_GET(addr, refcnt.refs.counter) < 2;
	__u64 address = (__u64)client;
	struct connection *c;

	if (alone) {
		c = class ? bpf_map_lookup_elem(&connections, &address) : NULL;
		if (!c || !connection_is_of(c, client, u))
			return HW_LISTENER_OTHER;
	}
	if (class)
		return *class;
	set_listener_class(listener, HW_LISTENER_PENDING);
	return HW_LISTENER_UNKNOWN;
}

/* ---- records ---- */

HW_INLINE void fill_opener(struct hw_socket *r, const struct connection *c)
{
	if (same_program(&c->opener, &r->h.process))
		return;
	r->opener = c->opener;
	r->opener_home = c->opener_home;
	__builtin_memcpy(r->opener_comm, c->opener_comm, sizeof(r->opener_comm));
}

/* Of current, with the listener or a socket accepted from it (any pointer); `c` is NULL where the connection is not known. */
HW_PART void emit_contact(const struct contact *contact, struct unix_sock *u, const struct connection *c)
{
	struct unix_address *addr = BPF_CORE_READ(u, addr);
	struct hw_socket *r;
	__u64 length;

	if (!addr || !emit_admit(current_task(), HW_SOCKET, contact->listener_class != HW_LISTENER_RUNTIME))
		return;
	r = EMIT_RESERVE(HW_SOCKET, struct hw_socket);
	if (!r)
		return;
	fill_header(&r->h, HW_SOCKET, contact->provider, sizeof(*r));
	fill_ancestors(r->ancestors);
	r->listener = contact->listener;
	r->connection = contact->connection;
	r->op = contact->op;
	r->listener_class = contact->listener_class;
	/* who called listen(2): copied to the client's socket at connect, and there on the listener itself */
	if (BPF_CORE_READ(u, sk.__sk_common.skc_state) == TCP_LISTEN)
		r->listener_tgid = peer_pid(u);
	else
		r->listener_tgid = BPF_CORE_READ(u, peer, sk_peer_pid, numbers[0].nr);
	r->type = BPF_CORE_READ(u, sk.sk_type);
	if (c)
		fill_opener(r, c);
	length = name_length(addr);
	bpf_probe_read_kernel(r->name, length, name_of(addr));
	r->name_len = length;
	emit_submit(HW_SOCKET, r);
}

/* ---- what happened ---- */

/* Current connects to the listener `u`; `client` is the address of its socket where the provider knows it, else 0. */
HW_INLINE void observe_connect(struct unix_sock *u, struct unix_address *addr, __u64 client, __u32 provider)
{
	struct task_struct *task = current_task();
	struct contact contact = {.op = HW_SOCKET_CONNECT, .provider = provider};
	struct connection *c;

	fill_listener(&contact.listener, u, addr);
	contact.listener_class = class_at_connect(&contact.listener, &u->sk);
	if (contact.listener_class == HW_LISTENER_OTHER)
		return;
	if (!client)
		client = connecting_socket(&u->sk, task);
	if (!client)
		client = connecting_descriptor(task);
	if (client) {
		c = connection_make(client, &contact.listener);
		if (c) {
			c->listener_tgid = peer_pid(u);
			fill_writer(c, task, provider);
			opened_by_writer(c);
			contact.connection = c->id;
			first_contact(c->id, &c->writer.process);
		}
	}
	emit_contact(&contact, u, NULL);
}

/* Current wrote over `c`: it is the writer from here on, and a contact when it was not. `u` is the accepted socket, any
 * pointer. */
HW_INLINE void written_by_current(struct connection *c, const struct contact *contact, struct unix_sock *u)
{
	struct task_struct *task = current_task();
	struct hw_key program;
	bool other;

	fill_program(&program, task);
	other = !same_program(&c->writer.process, &program);
	if (other || c->writer.euid != GET(REACH(task, cred), euid.val))
		fill_writer(c, task, contact->provider);
	if (other)
		reopen_window(c);
	if (other && first_contact(c->id, &program))
		emit_contact(contact, u, c);
}

/* Current wrote to `u`, a socket accepted from a listener. The peer is the socket current holds, so it lives. */
HW_INLINE void observe_write(struct unix_sock *u, struct unix_address *addr, __u32 provider)
{
	struct contact contact = {.op = HW_SOCKET_USE, .provider = provider};
	struct connection *c;
	struct sock *peer;
	__u64 client, cookie;

	peer = SOCK_GET(u, peer);
	if (!peer)
		return;
	client = (__u64)peer;
	fill_listener(&contact.listener, u, addr);
	contact.listener_class = class_at_write(&contact.listener, u, addr, peer);
	if (contact.listener_class == HW_LISTENER_OTHER)
		return;
	cookie = cookie_of(peer);
	c = bpf_map_lookup_elem(&connections, &client);
	if (!c || (c->cookie && c->cookie != cookie)) {
		c = connection_make(client, &contact.listener);
		if (c) /* its connect was not seen: it is older than hullwatch */
			c->opener.tgid = peer_pid(u);
	}
	if (!c)
		return;
	c->cookie = cookie;
	contact.connection = c->id;
	written_by_current(c, &contact, u);
}

/*
 * Current sent a datagram to `u`, bound and unconnected. No runtime speaks datagrams: what counts is that such a socket was
 * met; what was sent is not read.
 */
HW_INLINE void observe_datagram(struct unix_sock *u, struct unix_address *addr, __u32 provider)
{
	struct task_struct *task = current_task();
	struct contact contact = {.op = HW_SOCKET_USE, .provider = provider};
	struct hw_key program;
	__u32 *class;

	fill_listener(&contact.listener, u, addr);
	class = bpf_map_lookup_elem(&listeners, &contact.listener);
	if (class && *class == HW_LISTENER_OTHER)
		return;
	contact.listener_class = class ? *class : HW_LISTENER_UNKNOWN;
	if (!class)
		set_listener_class(&contact.listener, HW_LISTENER_PENDING);
	fill_program(&program, task);
	if (first_contact(contact.listener.ino ^ (__u64)contact.listener.dev << 32, &program))
		emit_contact(&contact, u, NULL);
}

#endif
