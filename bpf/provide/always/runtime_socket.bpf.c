// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/*
 * What is seen of runtimes' sockets on every kernel:
 *
 *	tp_btf/sched_process_exec    connections a container's program is started with
 *	tp_btf/inet_sock_set_state   runtimes' APIs over TCP: listening, connecting, established
 *
 * The second fires at changes of state only, never for data. This file's name comes after process.bpf.c: programs of one hook
 * run in the order they are attached, and the exec must have been counted.
 */
#include "observe/socket_descriptor.h"
#include "observe/tcp_api.h"

/* trace_sched_process_exec(struct task_struct *p, pid_t old_pid, struct linux_binprm *bprm): p is current */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(socket_held_at_exec, struct task_struct *task)
{
	if (home_of(task))
		observe_inherited(task);
	return 0;
}

/* void trace_inet_sock_set_state(const struct sock *sk, const int oldstate, const int newstate) */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(tcp_state, struct sock *sk, int before, int after)
{
	if (GET(sk, sk_protocol) != IPPROTO_TCP)
		return 0;
	if (after == TCP_LISTEN)
		observe_tcp_listen(sk);
	else if (before == TCP_LISTEN && after == TCP_CLOSE) /* a clone of it, for a client, also leaves this state */
		observe_tcp_unlisten(sk);
	else if (after == TCP_SYN_SENT)
		observe_tcp_connect(sk);
	else if (before == TCP_SYN_SENT && after == TCP_ESTABLISHED)
		observe_tcp_connected(sk);
	else if (before == TCP_SYN_RECV && after == TCP_ESTABLISHED)
		observe_tcp_accepted(sk);
	return 0;
}
