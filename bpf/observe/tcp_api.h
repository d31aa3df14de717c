/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Runtimes' APIs over TCP. A listener is its port and network namespace, learnt when it begins to listen; what it is stands in
 * `listeners`, as for local sockets.
 *
 * Who connects is known when its socket leaves for the server (SYN_SENT, the client is current), under which addresses when the
 * answer is back; that it reached a listener of this node when the server's socket is established, in whatever context the
 * packet arrived. So three steps, joined by the client's socket and then by the addresses, lead to one contact. A client that
 * no step of this node knows is elsewhere, or was translated on the way: its address is all there is of it.
 */
#ifndef HULLWATCH_TCP_API_H
#define HULLWATCH_TCP_API_H

#include "socket_contact.h"

#include <bpf/bpf_endian.h>

#define TCP_COOKIE (~0ULL) /* of connections over TCP: no local socket has it */

/*
 * Ports that are, or may be, a runtime's in some network namespace: what a connecting client is asked first. Full: a client of
 * a port that has no room is taken for one from elsewhere.
 */
struct tcp_port {
	__u32 netns;
	__u32 runtime; /* 1: known as such */
};
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct tcp_port);
} tcp_ports __weak SEC(".maps");

/* Addresses of a connection as its client sees them -> its socket's address. Evicted: taken for one from elsewhere. */
struct tcp_addresses {
	__u64 local[2], remote[2];
	__u16 local_port, remote_port;
	__u32 netns; /* of connections to oneself; else 0 */
};
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CONNECTIONS);
	__type(key, struct tcp_addresses);
	__type(value, __u64);
} tcp_clients __weak SEC(".maps");

HW_INLINE void tcp_listener(struct hw_listener *out, struct sock *sk)
{
	out->ino = GET(sk, __sk_common.skc_num);
	out->dev = HW_LISTENER_TCP;
	out->netns = GET(REACH(sk, __sk_common.skc_net.net), ns.inum);
}

/* ::ffff:a.b.c.d of an address in network order */
HW_INLINE void mapped_address(__u64 *out, __u32 address)
{
	out[0] = 0;
	out[1] = bpf_cpu_to_be64(0xffff00000000ULL | bpf_ntohl(address));
}

HW_INLINE bool is_mapped_loopback(const __u64 *address)
{
	return !address[0] && bpf_be64_to_cpu(address[1]) >> 24 == 0xffff7f;
}

/* Addresses of `sk`, from its own side or (`swap`) from its peer's. */
HW_PART void fill_addresses(struct tcp_addresses *out, struct sock *sk, bool swap)
{
	__u64 *local = swap ? out->remote : out->local, *remote = swap ? out->local : out->remote;
	__u16 port = bpf_ntohs(GET(sk, __sk_common.skc_dport));

	if (GET(sk, __sk_common.skc_family) == AF_INET) {
		mapped_address(local, GET(sk, __sk_common.skc_rcv_saddr));
		mapped_address(remote, GET(sk, __sk_common.skc_daddr));
	} else {
		bpf_probe_read_kernel(local, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		bpf_probe_read_kernel(remote, 16, &sk->__sk_common.skc_v6_daddr);
	}
	out->local_port = swap ? port : GET(sk, __sk_common.skc_num);
	out->remote_port = swap ? GET(sk, __sk_common.skc_num) : port;
	/* loopback addresses, and only they, are the same in every network namespace */
	if ((local[0] == remote[0] && local[1] == remote[1]) || is_mapped_loopback(out->remote))
		out->netns = GET(REACH(sk, __sk_common.skc_net.net), ns.inum);
}

/* Current's socket begins to listen. */
HW_INLINE void observe_tcp_listen(struct sock *sk)
{
	struct task_struct *task = current_task();
	__u32 port = GET(sk, __sk_common.skc_num), *class;
	struct hw_listener listener;
	struct tcp_port *known = bpf_map_lookup_elem(&tcp_ports, &port);
	struct hw_socket *r;

	tcp_listener(&listener, sk);
	class = bpf_map_lookup_elem(&listeners, &listener);
	/* a second listener of a runtime's port (another address, a successor) does not take the port from it */
	if (class && *class == HW_LISTENER_RUNTIME)
		return;
	if (!known || !known->runtime) {
		struct tcp_port pending = {.netns = listener.netns};

		bpf_map_update_elem(&tcp_ports, &port, &pending, BPF_ANY);
	}
	set_listener_class(&listener, HW_LISTENER_PENDING);
	if (!emit_admit(task, HW_SOCKET, false))
		return;
	r = EMIT_RESERVE(HW_SOCKET, struct hw_socket);
	if (!r)
		return;
	fill_header(&r->h, HW_SOCKET, HW_BY_ALWAYS, sizeof(*r));
	fill_ancestors(r->ancestors);
	r->listener = listener;
	r->op = HW_SOCKET_LISTEN;
	r->listener_class = HW_LISTENER_UNKNOWN;
	r->listener_tgid = GET(task, tgid);
	r->type = GET(sk, sk_type);
	emit_submit(HW_SOCKET, r);
}

/* A listener is closed. What is still open of its connections stays known by itself. */
HW_INLINE void observe_tcp_unlisten(struct sock *sk)
{
	/* a port that the kernel chose is given back by now; only here it is still to be read */
	__u32 port = bpf_ntohs(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
	struct tcp_port *known = bpf_map_lookup_elem(&tcp_ports, &port);
	struct hw_listener listener;

	tcp_listener(&listener, sk);
	listener.ino = port;
	bpf_map_delete_elem(&listeners, &listener);
	if (known && known->netns == listener.netns)
		bpf_map_delete_elem(&tcp_ports, &port);
}

/* Current connects. */
HW_INLINE void observe_tcp_connect(struct sock *sk)
{
	__u32 port = bpf_ntohs(GET(sk, __sk_common.skc_dport));
	struct hw_listener unknown = {.dev = HW_LISTENER_TCP};
	__u64 client = (__u64)sk;
	struct connection *c;

	if (!bpf_map_lookup_elem(&tcp_ports, &port))
		return;
	c = connection_make(client, &unknown);
	if (!c)
		return;
	c->cookie = TCP_COOKIE;
	fill_writer(c, current_task(), HW_BY_ALWAYS);
	opened_by_writer(c);
}

/* A client's connection is established: its addresses are final. */
HW_INLINE void observe_tcp_connected(struct sock *sk)
{
	struct tcp_addresses addresses = {};
	__u64 client = (__u64)sk;
	struct connection *c = bpf_map_lookup_elem(&connections, &client);

	if (!c || c->cookie != TCP_COOKIE)
		return;
	fill_addresses(&addresses, sk, false);
	bpf_map_update_elem(&tcp_clients, &addresses, &client, BPF_ANY);
}

/* Of the client, whoever is current. */
HW_PART void emit_tcp_contact(struct connection *c, struct sock *sk, __u32 class)
{
	struct hw_socket *r;

	if (!emit_admit_home(current_task(), c->writer.home, HW_SOCKET, class != HW_LISTENER_RUNTIME))
		return;
	r = EMIT_RESERVE(HW_SOCKET, struct hw_socket);
	if (!r)
		return;
	r->h = c->writer;
	r->h.kind = HW_SOCKET;
	r->h.size = sizeof(*r);
	r->h.time_ns = bpf_ktime_get_boot_ns();
	__builtin_memcpy(r->ancestors, c->ancestors, sizeof(r->ancestors));
	r->listener = c->listener;
	r->connection = c->id;
	r->op = HW_SOCKET_CONNECT;
	r->listener_class = class;
	r->type = GET(sk, sk_type);
	r->client = c->endpoint;
	emit_submit(HW_SOCKET, r);
}

/* A connection whose client nobody on this node knows, to be completed by the caller. */
HW_INLINE struct connection *connection_from_elsewhere(__u64 server, const struct hw_listener *listener)
{
	struct connection *c = connection_make(server, listener);

	if (c) {
		c->writer.kind = HW_REQUEST;
		c->writer.provider = HW_BY_ALWAYS;
		c->writer.flags = HW_F_HOME_INFERRED;
		c->writer.syscall = -1;
		c->cookie = TCP_COOKIE;
	}
	return c;
}

HW_INLINE void fill_endpoint(struct connection *c, const struct tcp_addresses *addresses)
{
	__builtin_memcpy(c->endpoint.address, addresses->local, 16);
	c->endpoint.port = addresses->local_port;
}

/* A server's connection is established. Current may be anybody. */
HW_INLINE void observe_tcp_accepted(struct sock *sk)
{
	struct tcp_addresses addresses = {};
	struct connection *c, *opened;
	struct hw_listener listener;
	__u64 server = (__u64)sk, *client;
	__u32 *class;

	tcp_listener(&listener, sk);
	class = bpf_map_lookup_elem(&listeners, &listener);
	if (!class || *class == HW_LISTENER_OTHER)
		return;
	fill_addresses(&addresses, sk, true);
	c = connection_from_elsewhere(server, &listener);
	if (!c)
		return;
	fill_endpoint(c, &addresses);
	client = bpf_map_lookup_elem(&tcp_clients, &addresses);
	opened = client ? bpf_map_lookup_elem(&connections, client) : NULL;
	if (opened && opened->cookie == TCP_COOKIE) {
		c->writer = opened->writer;
		__builtin_memcpy(c->ancestors, opened->ancestors, sizeof(c->ancestors));
		opened_by_writer(c);
	}
	emit_tcp_contact(c, sk, *class);
}

#endif
