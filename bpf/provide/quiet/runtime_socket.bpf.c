// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/*
 * Runtime sockets without a hook on the system-call path:
 *
 *	tp_btf/sk_data_ready             a connect wakes the listener, data wakes the accepted socket; the client is current
 *	tp_btf/skb_copy_datagram_iovec   the server copies what it reads: bytes are complete, however they were sent
 *
 * Both fire for every socket of the machine, so both leave at once for what has no bound address (pairs, answers to clients)
 * and, after one lookup, for ports that are no runtime's.
 *
 * Not seen: bytes a server takes by splice (no runtime does for requests); bytes of datagrams; a page sent by sendfile or
 * splice can be changed between this look at it and the server's copy. SEQPACKET counts as a stream.
 */
#include "observe/socket_request.h"

/* Set where lsm/ or fentry/ unix_stream_connect is loaded (bpf/provide/lsm): a connect is known by the time it wakes the
 * listener. */
const volatile bool connects_by_hook = false;

/* void trace_sk_data_ready(const struct sock *sk) */
SEC("tp_btf/sk_data_ready")
int BPF_PROG(quiet_sk_data_ready, struct sock *sk)
{
	struct unix_address *addr;
	struct unix_sock *u;

	if (GET(sk, __sk_common.skc_family) != AF_UNIX)
		return 0;
	u = unix_sock_of(sk);
	if (!u)
		return 0;
	addr = SOCK_GET(u, addr);
	if (!addr)
		return 0;
	if (GET(sk, sk_type) == SOCK_DGRAM) {
		if (!connects_by_hook)
			observe_datagram(u, addr, HW_BY_QUIET);
	} else if (GET(sk, __sk_common.skc_state) != TCP_LISTEN)
		observe_write(u, addr, HW_BY_QUIET);
	else if (!connects_by_hook)
		observe_connect(u, addr, 0, HW_BY_QUIET);
	return 0;
}

/* Does a server read from a connection to a runtime, and what of it is to be sent? */
HW_INLINE bool reads_request(struct sk_buff *skb, int length, struct sending *sending)
{
	struct sock *sk = GET(skb, sk); /* the sender's, held by the buffer; over TCP the receiver's */
	struct unix_sock *client, *server = NULL;
	struct sock *peer;

	if (!sk || length <= 0)
		return false;
	if (GET(sk, __sk_common.skc_family) != AF_UNIX)
		return GET(sk, sk_protocol) == IPPROTO_TCP && observe_tcp_read(skb, sk, (__u32)length, sending);
	if (GET(sk, sk_type) == SOCK_DGRAM)
		return false;
	client = unix_socket(sk);
	peer = SOCK_GET(client, peer); /* the socket being read; gone from here once the client has closed */
	if (peer) {
		server = unix_socket(peer);
		if (!SOCK_GET(server, addr))
			return false;
	}
	return observe_read(skb, sk, server, (__u32)length, sending);
}

/* void trace_skb_copy_datagram_iovec(const struct sk_buff *skb, int len) */
SEC("tp_btf/skb_copy_datagram_iovec")
int BPF_PROG(quiet_skb_copy, struct sk_buff *skb, int length)
{
	struct sending sending = {};

	if (reads_request(skb, length, &sending)) {
		/* not a plain loop: the verifier would follow emit_request() through every round */
		bpf_loop(REQUEST_CHUNKS, send_chunk, &sending, 0);
		sent(&sending);
	}
	return 0;
}

/* The same without bpf_loop (HW_MODERN). */
SEC("tp_btf/skb_copy_datagram_iovec")
int BPF_PROG(quiet_skb_copy_old, struct sk_buff *skb, int length)
{
	struct sending sending = {};

	if (reads_request(skb, length, &sending)) {
		for (__u32 i = 0; i < REQUEST_CHUNKS; i++)
			if (send_chunk(i, &sending))
				break;
		sent(&sending);
	}
	return 0;
}
