// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/*
 * Runtime sockets without a hook on the system-call path:
 *
 *	tp_btf/sk_data_ready             a connect wakes the listener, data wakes the accepted socket; the client is current
 *	tp_btf/skb_copy_datagram_iovec   the server copies what it reads: bytes are complete, however they were sent
 *
 * Both fire for every socket of the machine, so both leave at once for what has no bound address: TCP, pairs, answers to
 * clients.
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

	if (sk->__sk_common.skc_family != AF_UNIX)
		return 0;
	u = bpf_skc_to_unix_sock(sk);
	if (!u)
		return 0;
	addr = u->addr;
	if (!addr)
		return 0;
	if (sk->sk_type == SOCK_DGRAM)
		observe_datagram(u, addr, HW_BY_QUIET);
	else if (sk->__sk_common.skc_state != TCP_LISTEN)
		observe_write(u, addr, HW_BY_QUIET);
	else if (!connects_by_hook)
		observe_connect(u, addr, 0, HW_BY_QUIET);
	return 0;
}

/* void trace_skb_copy_datagram_iovec(const struct sk_buff *skb, int len) */
SEC("tp_btf/skb_copy_datagram_iovec")
int BPF_PROG(quiet_skb_copy, struct sk_buff *skb, int length)
{
	struct sock *sk = skb->sk; /* the sender's, held by the buffer */
	struct unix_sock *client, *server = NULL;
	struct sock *peer;

	if (!sk || sk->__sk_common.skc_family != AF_UNIX || sk->sk_type == SOCK_DGRAM || length <= 0)
		return 0;
	client = unix_socket(sk);
	if (!client)
		return 0;
	peer = client->peer; /* the socket being read; gone from here once the client has closed */
	if (peer) {
		server = unix_socket(peer);
		if (!server->addr)
			return 0;
	}
	observe_read(skb, sk, server, length);
	return 0;
}
