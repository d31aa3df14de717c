// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/*
 * Connections to local sockets, at the security hooks:
 *
 *	int security_unix_stream_connect(struct sock *sock, struct sock *other, struct sock *newsk)
 *	    the kernel has found the listener and room in its queue, so what comes after cannot fail; both ends are at hand,
 *	    which the tracepoints of T3 must infer
 *	int security_unix_may_send(struct socket *sock, struct socket *other)
 *	    a datagram, or a connect for datagrams
 *	int security_file_receive(struct file *file)
 *	    a descriptor that came by SCM_RIGHTS, pidfd_getfd or seccomp's user notification, before it is used
 *
 * Use of connections, and requests, are seen by the tracepoints of T3 on T1 and T2 as well.
 */
#include "observe/socket_descriptor.h"

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

HW_INLINE void sends(struct socket *to, __u32 provider)
{
	struct sock *sk = GET(to, sk);
	struct unix_address *addr;
	struct unix_sock *u;

	if (!sk)
		return;
	u = unix_sock_of(sk);
	if (!u)
		return;
	addr = SOCK_GET(u, addr);
	if (addr)
		observe_datagram(u, addr, provider);
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

SEC("?lsm/unix_may_send")
int BPF_PROG(lsm_unix_may_send, struct socket *from, struct socket *to)
{
	sends(to, HW_BY_LSM);
	return 0;
}

SEC("?fentry/security_unix_may_send")
int BPF_PROG(fentry_unix_may_send, struct socket *from, struct socket *to)
{
	sends(to, HW_BY_FENTRY);
	return 0;
}

SEC("?lsm/file_receive")
int BPF_PROG(lsm_file_receive, struct file *file)
{
	observe_holding(file, HW_SOCKET_RECEIVE, HW_BY_LSM);
	return 0;
}

SEC("?fentry/security_file_receive")
int BPF_PROG(fentry_file_receive, struct file *file)
{
	observe_holding(file, HW_SOCKET_RECEIVE, HW_BY_FENTRY);
	return 0;
}
