/*
 * Connects to a local stream socket, sends bytes of a known pattern, and waits for the server's answer:
 *   unix_client PATH WAY SEND BYTES
 *     WAY    path | relative | symlink | hardlink | bind (in a mount namespace of its own) | abstract
 *            bound (by path, with a name of its own)
 *     SEND   write | send | sendfile | splice | bytes (one at a time) | messages (64 at a time)
 *            fork (a child writes) | scm (a process that got the descriptor writes) | exec (writes after exec of itself)
 *            close (writes and is gone before the server reads) | none
 *   Links are made beside PATH and removed again.
 * Prints who connected, who wrote, how many bytes and their FNV-1a hash.
 */
#include "actor.h"

#include <fcntl.h>
#include <libgen.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

static char *pattern(size_t size)
{
	char *bytes = malloc(size + 1);

	if (!bytes)
		die("malloc");
	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)('a' + (i * 7 + i / 26) % 26);
	return bytes;
}

static uint64_t hash_of(const char *bytes, size_t size)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3ULL;
	return hash;
}

static int connect_to(const char *path, const char *own)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	socklen_t length = sizeof(address);

	if (own) {
		strncpy(address.sun_path, own, sizeof(address.sun_path) - 1);
		if (bind(fd, (struct sockaddr *)&address, length))
			die(own);
	}

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	if (path[0] == '@') {
		address.sun_path[0] = '\0';
		length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	}
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, length))
		die(path);
	return fd;
}

static int connect_by(const char *way, const char *path)
{
	char other[256], copy[256];
	int fd;

	snprintf(other, sizeof(other), "%s.%s", path, way);
	snprintf(copy, sizeof(copy), "%s", path);
	if (!strcmp(way, "path") || !strcmp(way, "abstract"))
		return connect_to(path, NULL);
	if (!strcmp(way, "relative")) {
		if (chdir(dirname(copy)))
			die("chdir");
		snprintf(copy, sizeof(copy), "%s", path);
		return connect_to(basename(copy), NULL);
	}
	if (!strcmp(way, "symlink") && symlink(path, other))
		die("symlink");
	if (!strcmp(way, "hardlink") && link(path, other))
		die("link");
	if (!strcmp(way, "bind")) {
		fd = open(other, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		if (fd < 0 || close(fd) || unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		    mount(path, other, NULL, MS_BIND, NULL))
			die("bind mount");
	}
	if (!strcmp(way, "bound"))
		fd = connect_to(path, other);
	else
		fd = connect_to(other, NULL);
	if (!strcmp(way, "bind"))
		umount(other);
	unlink(other);
	return fd;
}

static void write_all(int fd, const char *bytes, size_t size, size_t piece)
{
	while (size) {
		ssize_t sent = write(fd, bytes, size < piece ? size : piece);

		if (sent <= 0)
			die("write");
		bytes += sent;
		size -= (size_t)sent;
	}
}

static int file_of(const char *bytes, size_t size)
{
	int file = memfd_create("pattern", MFD_CLOEXEC);

	if (file < 0)
		die("memfd_create");
	write_all(file, bytes, size, size);
	lseek(file, 0, SEEK_SET);
	return file;
}

static void send_spliced(int fd, const char *bytes, size_t size)
{
	int file = file_of(bytes, size), ends[2];

	if (pipe(ends))
		die("pipe");
	while (size) {
		ssize_t in = splice(file, NULL, ends[1], NULL, size < 16384 ? size : 16384, 0);

		if (in <= 0)
			die("splice");
		size -= (size_t)in;
		while (in) {
			ssize_t out = splice(ends[0], NULL, fd, NULL, (size_t)in, 0);

			if (out <= 0)
				die("splice");
			in -= out;
		}
	}
}

static void pass(int channel, int fd)
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

static int receive(int channel)
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

/* Writes from a child: one that inherited the descriptor, or one forked before that receives it. Returns the child's pid. */
static pid_t write_from_child(const char *how, const char *way, const char *path, int *fd, const char *bytes, size_t size)
{
	int passing = !strcmp(how, "scm"), channel[2], status;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, channel))
		die("socketpair");
	if (!passing)
		*fd = connect_by(way, path);
	child = fork();
	if (child == 0) {
		write_all(passing ? receive(channel[1]) : *fd, bytes, size, size);
		_exit(0);
	}
	if (passing) {
		*fd = connect_by(way, path);
		pass(channel[0], *fd);
	}
	if (waitpid(child, &status, 0) != child || status)
		die("child");
	return child;
}

int main(int argc, char **argv)
{
	size_t size = argc > 4 ? strtoul(argv[4], NULL, 0) : 0;
	const char *how = argc > 3 ? argv[3] : "";
	pid_t writer = getpid();
	char *bytes, answer;
	int fd = -1;

	if (argc < 5)
		die("usage: unix_client PATH WAY SEND BYTES");
	bytes = pattern(size);
	if (!strcmp(how, "fork") || !strcmp(how, "scm")) {
		writer = write_from_child(how, argv[2], argv[1], &fd, bytes, size);
	} else if (argc > 5) { /* after exec: the descriptor is handed on */
		fd = atoi(argv[5]);
		write_all(fd, bytes, size, size);
	} else {
		fd = connect_by(argv[2], argv[1]);
	}
	if (!strcmp(how, "exec") && argc == 5) {
		char number[16];

		snprintf(number, sizeof(number), "%d", fd);
		execl("/proc/self/exe", argv[0], argv[1], argv[2], how, argv[4], number, NULL);
		die("exec");
	}
	if (!strcmp(how, "write") || !strcmp(how, "close"))
		write_all(fd, bytes, size, size);
	if (!strcmp(how, "send") && send(fd, bytes, size, 0) != (ssize_t)size)
		die("send");
	if (!strcmp(how, "bytes"))
		write_all(fd, bytes, size, 1);
	if (!strcmp(how, "messages"))
		write_all(fd, bytes, size, 64);
	if (!strcmp(how, "sendfile") && sendfile(fd, file_of(bytes, size), NULL, size) != (ssize_t)size)
		die("sendfile");
	if (!strcmp(how, "splice"))
		send_spliced(fd, bytes, size);
	printf("{\"actor\":\"unix_client\",\"pid\":%d,\"writer\":%d,\"bytes\":%zu,\"hash\":%" PRIu64 "}\n", getpid(), writer,
	       size, hash_of(bytes, size));
	if (!strcmp(how, "close"))
		return 0;
	shutdown(fd, SHUT_WR);
	return read(fd, &answer, 1) < 0;
}
