/* The ways to a local socket that unix_client can go, and how a connected descriptor gets to another process. */
#ifndef HULLWATCH_SOCKET_WAYS_H
#define HULLWATCH_SOCKET_WAYS_H

#include "compat.h"
#include "unix_address.h"
#include "uring.h"

#include <fcntl.h>
#include <libgen.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

enum connect_call { BY_CALL, BY_URING, BY_URING_WORKER, BY_COMPAT };

static inline int call_connect(enum connect_call how, int fd, const void *address, socklen_t length)
{
	struct io_uring_sqe operation = {.opcode = IORING_OP_CONNECT,
					 .fd = fd,
					 .addr = (unsigned long)address,
					 .off = length,
					 .flags = how == BY_URING_WORKER ? IOSQE_ASYNC : 0};

	if (how == BY_CALL)
		return connect(fd, address, length);
	if (how == BY_COMPAT) {
#if defined(__x86_64__)
		return (int)compat(COMPAT_CONNECT, fd, low_copy(address, length), (long)length, 0, 0);
#else
		die("no 32-bit calls on this architecture");
#endif
	}
	return uring_run(operation);
}

/* Connects to `path`; `own`: the name to bind to first. */
static inline int connect_as(enum connect_call how, int type, const char *path, const char *own)
{
	struct sockaddr_un address;
	int fd = socket(AF_UNIX, type, 0);
	socklen_t length;

	if (own) {
		length = unix_address(&address, own);
		if (bind(fd, (struct sockaddr *)&address, length))
			die(own);
	}
	length = unix_address(&address, path);
	if (fd < 0 || call_connect(how, fd, &address, length))
		die(path);
	return fd;
}

static inline int connect_to(const char *path)
{
	return connect_as(BY_CALL, SOCK_STREAM, path, NULL);
}

static inline void own_mounts(void)
{
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		die("mount namespace");
}

/* In a mount namespace of its own, `path` bound over a file beside it. */
static inline int connect_by_file_bind(const char *path, const char *other)
{
	int fd = open(other, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	if (fd < 0 || close(fd))
		die(other);
	own_mounts();
	if (mount(path, other, NULL, MS_BIND, NULL))
		die("bind mount");
	fd = connect_to(other);
	umount(other);
	unlink(other);
	return fd;
}

/* The same of its directory. */
static inline int connect_by_directory_bind(const char *path, const char *other)
{
	char copy[256], inside[512];
	int fd;

	snprintf(copy, sizeof(copy), "%s", path);
	if (mkdir(other, 0700))
		die(other);
	own_mounts();
	if (mount(dirname(copy), other, NULL, MS_BIND, NULL))
		die("bind mount");
	snprintf(copy, sizeof(copy), "%s", path);
	snprintf(inside, sizeof(inside), "%s/%s", other, basename(copy));
	fd = connect_to(inside);
	umount2(other, MNT_DETACH);
	rmdir(other);
	return fd;
}

static inline int connect_by(const char *way, const char *path)
{
	char other[256], copy[256], longer[512];
	int fd;

	snprintf(other, sizeof(other), "%s.%s", path, way);
	snprintf(copy, sizeof(copy), "%s", path);
	if (!strcmp(way, "path") || !strcmp(way, "abstract"))
		return connect_to(path);
	if (!strcmp(way, "uring"))
		return connect_as(BY_URING, SOCK_STREAM, path, NULL);
	if (!strcmp(way, "uring_worker"))
		return connect_as(BY_URING_WORKER, SOCK_STREAM, path, NULL);
	if (!strcmp(way, "compat"))
		return connect_as(BY_COMPAT, SOCK_STREAM, path, NULL);
	if (!strcmp(way, "datagram"))
		return connect_as(BY_CALL, SOCK_DGRAM, path, NULL);
	if (!strcmp(way, "bind"))
		return connect_by_file_bind(path, other);
	if (!strcmp(way, "directory"))
		return connect_by_directory_bind(path, other);
	if (!strcmp(way, "procroot")) {
		snprintf(longer, sizeof(longer), "/proc/%d/root%s", getppid(), path);
		return connect_to(longer);
	}
	if (!strcmp(way, "descriptor")) { /* of the socket's file, opened without connecting */
		snprintf(longer, sizeof(longer), "/proc/self/fd/%d", open(path, O_PATH | O_CLOEXEC));
		return connect_to(longer);
	}
	if (!strcmp(way, "relative")) {
		if (chdir(dirname(copy)))
			die("chdir");
		snprintf(copy, sizeof(copy), "%s", path);
		return connect_to(basename(copy));
	}
	if (!strcmp(way, "rename")) { /* and back, so that the server can remove it */
		if (rename(path, other))
			die("rename");
		fd = connect_to(other);
		rename(other, path);
		return fd;
	}
	if (!strcmp(way, "symlink") && symlink(path, other))
		die("symlink");
	if (!strcmp(way, "hardlink") && link(path, other))
		die("link");
	fd = !strcmp(way, "bound") ? connect_as(BY_CALL, SOCK_STREAM, path, other) : connect_to(other);
	unlink(other);
	return fd;
}

static inline void pass(int channel, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
	struct iovec byte = {.iov_base = "x", .iov_len = 1};
	struct msghdr message = {.msg_iov = &byte, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	if (sendmsg(channel, &message, 0) != 1)
		die("sendmsg");
}

static inline int receive(int channel)
{
	char room[CMSG_SPACE(sizeof(int))], byte;
	struct iovec into = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {.msg_iov = &into, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room)};
	int fd;

	if (recvmsg(channel, &message, 0) != 1 || !CMSG_FIRSTHDR(&message))
		die("recvmsg");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

/* Takes descriptor `fd` of process `pid`. */
static inline int take(pid_t pid, int fd)
{
	int process = (int)syscall(SYS_pidfd_open, pid, 0);
	int taken = process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, fd, 0);

	if (taken < 0)
		die("pidfd_getfd");
	return taken;
}

#endif
