/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Contact with runtimes' sockets that is found by a descriptor: what somebody was started with, received, or has just used. All
 * is read through the open file, so nothing is held for us, and what is released meanwhile reads as nothing.
 */
#ifndef HULLWATCH_SOCKET_DESCRIPTOR_H
#define HULLWATCH_SOCKET_DESCRIPTOR_H

#include "socket_contact.h"

/* A connection to what is, or may be, a runtime's listener. */
struct descriptor {
	struct unix_sock *client, *accepted;
	struct contact contact;
};

/* The connection of socket `client`, whose peer is `accepted`, where it is known already. */
HW_INLINE struct connection *known_connection(struct unix_sock *client, struct unix_sock *accepted)
{
	__u64 address = (__u64)client, cookie = (__u64)BPF_CORE_READ(client, sk.__sk_common.skc_cookie.counter);
	struct connection *c = bpf_map_lookup_elem(&connections, &address);

	return c && (c->cookie ? cookie_fits(c->cookie, cookie, client) : c->opener.tgid == peer_pid(accepted)) ? c : NULL;
}

/* Is `file` such a connection? Fills `out` but for the connection's id. */
HW_PART bool reaches_runtime(struct descriptor *out, struct file *file)
{
	struct unix_sock *client, *accepted;
	struct unix_address *addr;
	struct socket *socket;
	__u32 *class;

	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return false;
	socket = BPF_CORE_READ(file, private_data);
	client = (void *)BPF_CORE_READ(socket, sk);
	if (BPF_CORE_READ(client, sk.__sk_common.skc_family) != AF_UNIX)
		return false;
	accepted = (void *)BPF_CORE_READ(client, peer);
	addr = BPF_CORE_READ(accepted, addr);
	if (!addr || !read_listener(&out->contact.listener, accepted, addr))
		return false;
	class = bpf_map_lookup_elem(&listeners, &out->contact.listener);
	if (class && *class == HW_LISTENER_OTHER)
		return false;
	/* as in class_at_write() */
	if (BPF_CORE_READ(addr, refcnt.refs.counter) < 2 && !(class && known_connection(client, accepted)))
		return false;
	if (!class)
		set_listener_class(&out->contact.listener, HW_LISTENER_PENDING);
	out->contact.listener_class = class ? *class : HW_LISTENER_UNKNOWN;
	out->client = client;
	out->accepted = accepted;
	return true;
}

/* The connection, made when it is older than hullwatch or its connect was not seen. */
HW_PART struct connection *connection_held(struct descriptor *d)
{
	struct connection *c = known_connection(d->client, d->accepted);

	if (!c) {
		c = connection_make((__u64)d->client, &d->contact.listener);
		if (!c)
			return NULL;
		c->opener.tgid = peer_pid(d->accepted);
		c->listener_tgid = peer_pid(d->client);
	}
	d->contact.connection = c->id;
	return c;
}

/*
 * Current got hold of a connection, or began with it, and need not have used it yet: `file` is an open file of its own, any
 * pointer. What it did not connect itself is a contact, with who did.
 */
HW_INLINE void observe_holding(struct file *file, __u32 op, __u32 provider)
{
	struct descriptor d = {.contact = {.op = op, .provider = provider}};
	struct hw_key program;
	struct connection *c;

	if (!reaches_runtime(&d, file))
		return;
	c = connection_held(&d);
	if (!c)
		return;
	fill_program(&program, current_task());
	if (!same_program(&c->opener, &program) && first_contact(c->id, &program))
		emit_contact(&d.contact, d.accepted, c);
}

/* Descriptor `fd` of current. Global: verified once, not for each of the descriptors that are looked at. */
__weak __noinline int hold_descriptor(__u32 fd)
{
	struct file *file = open_file(current_task(), fd);

	if (file)
		observe_holding(file, HW_SOCKET_HOLD, HW_BY_ALWAYS);
	return 0;
}

/* What current, a program that was just started, holds among its first 64 descriptors. */
HW_INLINE void observe_inherited(struct task_struct *task)
{
	struct task_struct___files *owner = (void *)task;
	unsigned long *open_fds = BPF_CORE_READ(owner, files, fdt, open_fds);
	__u64 open = 0;

	bpf_probe_read_kernel(&open, sizeof(open), open_fds);
	for (__u32 fd = 0; fd < 64; fd++)
		if (open & 1ULL << fd)
			hold_descriptor(fd);
}

/* Current has connected the socket behind `file`. As observe_connect(), when the call is over. */
HW_INLINE void observe_connected(struct file *file, __u32 provider)
{
	struct descriptor d = {.contact = {.op = HW_SOCKET_CONNECT, .provider = provider}};
	struct connection *c;

	if (!reaches_runtime(&d, file))
		return;
	c = connection_make((__u64)d.client, &d.contact.listener);
	if (c) {
		c->listener_tgid = peer_pid(d.client);
		fill_writer(c, current_task(), provider);
		opened_by_writer(c);
		d.contact.connection = c->id;
		first_contact(c->id, &c->writer.process);
	}
	emit_contact(&d.contact, d.accepted, NULL);
}

/* Current has written to the socket behind `file`. As observe_write(), when the call is over: the server may have read it. */
HW_INLINE void observe_written(struct file *file, __u32 provider)
{
	struct descriptor d = {.contact = {.op = HW_SOCKET_USE, .provider = provider}};
	struct connection *c;

	if (!reaches_runtime(&d, file))
		return;
	c = connection_held(&d);
	if (c)
		written_by_current(c, &d.contact, d.accepted);
}

#endif
