// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/*
 * Connections to local stream sockets, at the security hook: the kernel has found the listener and room in its queue, so what
 * comes after cannot fail. Both ends are at hand, which the tracepoints of T3 must infer; descriptors that came some other way,
 *and requests, are seen by those tracepoints on T1 and T2 as well.
 *
 *	int security_unix_stream_connect(struct sock *sock, struct sock *other, struct sock *newsk)
 */
#include "observe/socket_contact.h"

HW_INLINE void connects(struct sock *client, struct sock *listener, __u32 provider)
{
	struct unix_sock *u = unix_sock_of(listener);
	struct unix_address *addr;

	if (!u)
		return;
	addr = SOCK_GET(u, addr);
	if (addr)
		observe_connect(u, addr, (__u64)client, provider);
}

/* T1. Loads but never fires where "bpf" is not an active LSM. */
SEC("?lsm/unix_stream_connect")
int BPF_PROG(lsm_unix_stream_connect, struct sock *client, struct sock *listener, struct sock *accepted)
{
	connects(client, listener, HW_BY_LSM);
	return 0; /* never a verdict */
}

/* T2 */
SEC("?fentry/security_unix_stream_connect")
int BPF_PROG(fentry_unix_stream_connect, struct sock *client, struct sock *listener, struct sock *accepted)
{
	connects(client, listener, HW_BY_FENTRY);
	return 0;
}
