/*
 * Connects to a local socket, sends bytes of a known pattern, and waits for the server's answer:
 *   unix_client PATH WAY SEND BYTES
 *     WAY    path | relative | symlink | hardlink | rename | bind (in a mount namespace of its own) | directory (the same, its
 *            directory) | procroot (through /proc/PID/root) | descriptor (through /proc/self/fd) | abstract
 *            uring | uring_worker (io_uring) | compat (int $0x80) | datagram | bound (by path, with a name of its own)
 *     SEND   write | send | sendfile | splice | vmsplice | bytes (one at a time) | messages (64 at a time) | uring
 *            halves (the second once the server said that it read the first; a server with `acknowledge`)
 *            fork (a child writes) | scm (a process that got the descriptor writes) | pidfd (one that took it writes)
 *            exec (writes after exec of itself) | close (writes and is gone before the server reads) | none
 *   Links are made beside PATH and removed again.
 * Prints who connected, who wrote, how many bytes and their FNV-1a hash.
 */
#include "socket_ways.h"

#include <sys/sendfile.h>
#include <sys/uio.h>
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

/* From a file, or from this process's own pages: the socket gets references to pages, not copies. */
static void send_pages(int fd, const char *bytes, size_t size, int own_pages)
{
	int file = own_pages ? -1 : file_of(bytes, size), ends[2];

	if (pipe(ends))
		die("pipe");
	while (size) {
		struct iovec part = {.iov_base = (void *)bytes, .iov_len = size < 16384 ? size : 16384};
		ssize_t in = own_pages ? vmsplice(ends[1], &part, 1, 0) : splice(file, NULL, ends[1], NULL, part.iov_len, 0);

		if (in <= 0)
			die("splice");
		size -= (size_t)in;
		bytes += in;
		while (in) {
			ssize_t out = splice(ends[0], NULL, fd, NULL, (size_t)in, 0);

			if (out <= 0)
				die("splice");
			in -= out;
		}
	}
}

static void send_by_uring(int fd, const char *bytes, size_t size)
{
	while (size) {
		struct io_uring_sqe operation = {
		    .opcode = IORING_OP_SEND, .fd = fd, .addr = (unsigned long)bytes, .len = (unsigned)size};
		int sent = uring_run(operation);

		if (sent <= 0)
			die("IORING_OP_SEND");
		bytes += sent;
		size -= (size_t)sent;
	}
}

static void send_halves(int fd, const char *bytes, size_t size)
{
	char acknowledged;

	write_all(fd, bytes, size / 2, size);
	for (size_t read_there = 0; read_there < size / 2;) {
		unsigned count = 0;

		if (read(fd, &acknowledged, 1) != 1 || read(fd, &count, sizeof(count)) != sizeof(count))
			die("no acknowledgement");
		read_there += count;
	}
	write_all(fd, bytes + size / 2, size - size / 2, size);
}

/* Writes from a child: one that inherited the descriptor, or one forked before that receives or takes it. Returns its pid. */
static pid_t write_from_child(const char *how, const char *way, const char *path, int *fd, const char *bytes, size_t size)
{
	int inherits = !strcmp(how, "fork"), takes = !strcmp(how, "pidfd"), channel[2], status;
	pid_t parent = getpid(), child;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, channel))
		die("socketpair");
	if (inherits)
		*fd = connect_by(way, path);
	child = fork();
	if (child == 0) {
		int number = *fd;

		if (takes && read(channel[1], &number, sizeof(number)) != sizeof(number))
			die("which descriptor");
		if (takes)
			number = take(parent, number);
		else if (!inherits)
			number = receive(channel[1]);
		write_all(number, bytes, size, size);
		_exit(0);
	}
	if (!inherits) {
		*fd = connect_by(way, path);
		if (!takes)
			pass(channel[0], *fd);
		else if (write(channel[0], fd, sizeof(*fd)) != sizeof(*fd))
			die("tell the child");
	}
	if (waitpid(child, &status, 0) != child || status)
		die("child");
	return child;
}

static void send_as(const char *how, int fd, const char *bytes, size_t size)
{
	if (!strcmp(how, "write") || !strcmp(how, "close"))
		write_all(fd, bytes, size, size);
	else if (!strcmp(how, "send") && send(fd, bytes, size, 0) != (ssize_t)size)
		die("send");
	else if (!strcmp(how, "bytes"))
		write_all(fd, bytes, size, 1);
	else if (!strcmp(how, "messages"))
		write_all(fd, bytes, size, 64);
	else if (!strcmp(how, "sendfile") && sendfile(fd, file_of(bytes, size), NULL, size) != (ssize_t)size)
		die("sendfile");
	else if (!strcmp(how, "splice") || !strcmp(how, "vmsplice"))
		send_pages(fd, bytes, size, how[0] == 'v');
	else if (!strcmp(how, "uring"))
		send_by_uring(fd, bytes, size);
	else if (!strcmp(how, "halves"))
		send_halves(fd, bytes, size);
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
	if (!strcmp(how, "fork") || !strcmp(how, "scm") || !strcmp(how, "pidfd")) {
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
	if (argc == 5)
		send_as(how, fd, bytes, size);
	printf("{\"actor\":\"unix_client\",\"pid\":%d,\"writer\":%d,\"bytes\":%zu,\"hash\":%" PRIu64 "}\n", getpid(), writer,
	       size, hash_of(bytes, size));
	if (!strcmp(how, "close") || !strcmp(argv[2], "datagram"))
		return 0;
	shutdown(fd, SHUT_WR);
	while (read(fd, &answer, 1) > 0) {
	}
	return 0;
}
