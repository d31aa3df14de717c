/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Connections to runtimes' sockets when the call that made or used them is over. Its descriptor is looked at as it is now, not
 * the address the caller named. Another thread may have put something else in its place, and a server may have read what was
 * written: the request is known all the same, by its reader (quiet/runtime_socket.bpf.c), as its connection's last user's.
 */
#ifndef HULLWATCH_DISPATCH_SOCKETS_H
#define HULLWATCH_DISPATCH_SOCKETS_H

#include "observe/socket_descriptor.h"
#include "uses.h"

#define SOCKETCALL_CONNECT  3
#define SOCKETCALL_SEND	    9
#define SOCKETCALL_SENDTO   11
#define SOCKETCALL_SENDMSG  16
#define SOCKETCALL_SENDMMSG 20

/* Global functions: each is verified once, and in frames of its own. */
__weak __noinline int socket_connected(__u32 fd)
{
	struct file *file = open_file(current_task(), fd);

	if (file)
		observe_connected(file, HW_BY_DISPATCH);
	return 0;
}

__weak __noinline int socket_written(__u32 fd)
{
	struct file *file = open_file(current_task(), fd);

	if (file)
		observe_written(file, HW_BY_DISPATCH);
	return 0;
}

__weak __noinline int socket_got(__u32 fd)
{
	struct file *file = open_file(current_task(), fd);

	if (file)
		observe_holding(file, HW_SOCKET_RECEIVE, HW_BY_DISPATCH);
	return 0;
}

HW_INLINE __u32 use_of_socketcall(__u64 which)
{
	switch (which) {
	case SOCKETCALL_CONNECT:
		return USE_CONNECT;
	case SOCKETCALL_SEND:
	case SOCKETCALL_SENDTO:
	case SOCKETCALL_SENDMSG:
	case SOCKETCALL_SENDMMSG:
		return USE_WRITE;
	default:
		return USE_NOTHING;
	}
}

HW_INLINE void socket_returns(struct task_struct *task, __u32 use, __s64 result)
{
	__u32 fd = (__u32)call_argument(task, use == USE_SPLICE ? 2 : 0);

	if (use == USE_SOCKETCALL) {
		use = use_of_socketcall(fd);
		if (bpf_probe_read_user(&fd, sizeof(fd), (void *)call_argument(task, 1)))
			return;
	}
	if (use == USE_CONNECT) {
		if (result == 0)
			socket_connected(fd);
	} else if (use == USE_GETFD) {
		if (result >= 0)
			socket_got((__u32)result);
	} else if (use != USE_NOTHING && result > 0) {
		socket_written(fd);
	}
}

#endif
