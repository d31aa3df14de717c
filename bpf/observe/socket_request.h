/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The requests that are read from runtimes' sockets. Who wrote is known when data is queued (the client is current,
 * connection.h), what was written when the server reads it: bytes are complete there, however they were sent.
 */
#ifndef HULLWATCH_SOCKET_REQUEST_H
#define HULLWATCH_SOCKET_REQUEST_H

#include "tcp_api.h"

#define REQUEST_CHUNKS 16 /* of one read; the kernel queues at most 36 KiB in one buffer */

#if defined(__TARGET_ARCH_x86)
#define NR_RECVFROM 45
#define NR_RECVMSG  47
#define NR_RECVMMSG 299
#elif defined(__TARGET_ARCH_arm64)
#define NR_RECVFROM 207
#define NR_RECVMSG  212
#define NR_RECVMMSG 243
#endif
#define MSG_PEEK 2

extern int bpf_dynptr_from_skb(struct __sk_buff *skb, __u64 flags, struct bpf_dynptr *out) __weak __ksym;

/*
 * A socket that nobody holds for us: loads of what is no longer there read zeros, and no helper is given it.
 */
HW_INLINE struct unix_sock *unix_socket(struct sock *sk)
{
	return bpf_rdonly_cast ? bpf_rdonly_cast(sk, bpf_core_type_id_kernel(struct unix_sock)) : (struct unix_sock *)sk;
}

/* `length` bytes of `skb` from `offset` into the slot's tail: 0, or how many could not be had. */
HW_PART __u32 copy_bytes(struct slot *slot, struct sk_buff *skb, __u32 offset, __u32 length)
{
	__u32 linear = GET(skb, len) - GET(skb, data_len);
	__u64 n = length;
	struct bpf_dynptr bytes;

	barrier_var(n);
	if (n > HW_REQUEST_CHUNK)
		return length;
	if (offset + n <= linear)
		return bpf_probe_read_kernel(slot->record + sizeof(struct hw_request), n, GET(skb, data) + offset) ? length : 0;
	/* fragments: large writes, sendfile, splice */
	if (bpf_dynptr_from_skb)
		return bpf_dynptr_from_skb((struct __sk_buff *)skb, 0, &bytes) ||
			       bpf_dynptr_read(slot->record + sizeof(struct hw_request), n, &bytes, offset, 0)
			   ? length
			   : 0;
	return length;
}

/* One record: `length` bytes of the read, the first of them at `offset` of the buffer; none for the end mark. */
HW_PART void emit_request(struct connection *c, struct sk_buff *skb, __u32 offset, __u32 length, __u32 flags)
{
	struct task_struct *task = current_task();
	struct hw_request *r;
	struct slot *slot;
	__u32 which;

	if (!emit_admit_home(task, c->writer.home, HW_REQUEST, c->offset == 0))
		return;
	slot = slot_take(HW_REQUEST, sizeof(*r), &which);
	if (!slot)
		return;
	r = (void *)slot->record;
	r->h = c->writer;
	r->h.time_ns = bpf_ktime_get_boot_ns();
	__builtin_memcpy(r->ancestors, c->ancestors, sizeof(r->ancestors));
	r->listener = c->listener;
	r->connection = c->id;
	r->offset = c->offset;
	r->length = length;
	r->request_flags = flags;
	fill_program(&r->server, task);
	r->client = c->endpoint;
	if (length) {
		if (copy_bytes(slot, skb, offset, length)) {
			r->request_flags |= HW_REQUEST_UNREADABLE;
		} else {
			r->bytes.len = length;
			slot->used += length;
		}
	}
	slot_send(slot, HW_REQUEST);
}

/* A peek reads what the next call will read again. */
HW_INLINE bool is_peek(struct task_struct *task)
{
	__s32 call = syscall_number(task);

	if (compat_call(task))
		return false;
	if (call == NR_RECVFROM)
		return syscall_argument(task, 3) & MSG_PEEK;
	if (call == NR_RECVMSG)
		return syscall_argument(task, 2) & MSG_PEEK;
	return call == NR_RECVMMSG && (syscall_argument(task, 3) & MSG_PEEK);
}

/* The connection of client socket `sk`, whose bytes the socket `server` (NULL: the client has closed) reads. */
HW_INLINE struct connection *connection_read(struct sock *sk, struct unix_sock *server)
{
	__u64 client = (__u64)sk;
	struct hw_listener listener;
	struct unix_address *addr;
	struct connection *c;
	__u32 *class = NULL;

	if (server) { /* most sockets are no runtime's: they leave after one lookup */
		addr = SOCK_GET(server, addr);
		if (!addr)
			return NULL;
		fill_listener(&listener, server, addr);
		class = bpf_map_lookup_elem(&listeners, &listener);
		if (class && *class == HW_LISTENER_OTHER)
			return NULL;
	}
	/* a listener that was closed has no class any more; what it accepted is still served */
	c = bpf_map_lookup_elem(&connections, &client);
	if (c && connection_is_of(c, sk, server)) {
		class = bpf_map_lookup_elem(&listeners, &c->listener);
		return class && *class == HW_LISTENER_OTHER ? NULL : c;
	}
	if (!server || !class || SOCK_GET(addr, refcnt.refs.counter) < 2) /* as in class_at_write() */
		return NULL;
	/* evicted, or its writer was not seen: io_uring where nothing but system calls is, a server that does not sleep */
	c = connection_make(client, &listener);
	if (c) {
		fill_absent_writer(c, server);
		c->listener_tgid = peer_pid((struct unix_sock *)sk);
	}
	return c;
}

/* A read that is being sent, chunk by chunk. */
struct sending {
	struct connection *c;
	struct sk_buff *skb;
	__u64 end;    /* offset in the client's stream */
	__u32 offset; /* in skb */
	__u32 pad;
};

static long send_chunk(__u64 index, struct sending *s)
{
	struct connection *c = s->c;
	__u64 left = s->end - c->offset;
	__u32 part = left < HW_REQUEST_CHUNK ? left : HW_REQUEST_CHUNK;

	if (c->offset >= s->end)
		return 1;
	emit_request(c, s->skb, s->offset, part, index == REQUEST_CHUNKS - 1 && left > part ? HW_REQUEST_CUT : 0);
	c->offset += part;
	s->offset += part;
	return 0;
}

/*
 * Current, a server, reads `length` bytes of `skb`, from `offset` in it, over `c`. True: `sending` is what is to be sent of
 * them, and the program does so, chunk by chunk, by send_chunk() and sent().
 */
HW_INLINE bool observe_bytes(struct connection *c, struct sk_buff *skb, __u32 offset, __u32 length, struct sending *sending)
{
	struct hw_request_window *window = bpf_map_lookup_elem(&request_windows, &c->id);
	__u64 send_to = HW_REQUEST_WINDOW, skip_to = 0;

	if (window) {
		skip_to = window->skip_to;
		send_to = window->send_to;
	}
	sending->skb = skb;
	sending->c = c;
	sending->end = c->offset + length;
	sending->offset = offset;
	if (sending->end <= skip_to) {
		c->offset = sending->end;
		return false;
	}
	if (c->offset >= send_to) {
		if (!c->stopped)
			emit_request(c, skb, 0, 0, HW_REQUEST_LAST);
		c->stopped = 1;
		c->offset = sending->end;
		return false;
	}
	c->stopped = 0;
	if (c->offset < skip_to) {
		sending->offset += skip_to - c->offset;
		c->offset = skip_to;
	}
	return true;
}

HW_INLINE void sent(struct sending *sending)
{
	sending->c->offset = sending->end;
}

/* A read of what client socket `sk` sent; `server` is the socket being read, NULL when the client has closed. */
HW_INLINE bool observe_read(struct sk_buff *skb, struct sock *sk, struct unix_sock *server, __u32 length,
			    struct sending *sending)
{
	struct connection *c = connection_read(sk, server);

	if (!c || is_peek(current_task()))
		return false;
	return observe_bytes(c, skb, ((struct unix_skb_parms *)skb->cb)->consumed, length, sending);
}

/*
 * A read of TCP socket `sk`. How far it has been read stands in the socket until the read is over, where the buffer begins in
 * the buffer. Data that came with a SYN (fast open) is not at its place; no runtime's server accepts that.
 */
HW_INLINE bool observe_tcp_read(struct sk_buff *skb, struct sock *sk, __u32 length, struct sending *sending)
{
	__u64 server = (__u64)sk;
	struct hw_listener listener;
	struct connection *c;
	__u32 *class;

	tcp_listener(&listener, sk);
	class = bpf_map_lookup_elem(&listeners, &listener);
	if (!class || *class == HW_LISTENER_OTHER || is_peek(current_task()))
		return false;
	c = bpf_map_lookup_elem(&connections, &server);
	if (!c || c->cookie != TCP_COOKIE) { /* older than hullwatch */
		struct tcp_addresses addresses = {};

		c = connection_from_elsewhere(server, &listener);
		if (!c)
			return false;
		fill_addresses(&addresses, sk, true);
		fill_endpoint(c, &addresses);
	}
	return observe_bytes(
	    c, skb, BPF_CORE_READ((struct tcp_sock *)sk, copied_seq) - BPF_CORE_READ((struct tcp_skb_cb *)skb->cb, seq), length,
	    sending);
}

#endif
