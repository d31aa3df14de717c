/*
 * Connects to a TCP port and sends:
 *   tcp_client ADDRESS PORT CALL WHAT
 *     CALL   call | uring | uring_worker | compat: how connect(2) is called
 *     WHAT   a number: so many bytes of a known pattern; else the text itself, in which \r and \n stand for their characters
 * Waits for the end of the server's answer. Prints its pid, how many bytes it sent, their FNV-1a hash, and the first line of
 * the answer.
 */
#include "socket_ways.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>

static size_t make_bytes(const char *what, char **bytes)
{
	size_t size = 0;

	if (isdigit((unsigned char)what[0])) {
		size = strtoul(what, NULL, 0);
		*bytes = malloc(size + 1);
		for (size_t i = 0; i < size; i++)
			(*bytes)[i] = (char)('a' + (i * 7 + i / 26) % 26);
		return size;
	}
	*bytes = malloc(strlen(what) + 1);
	for (; *what; what++) {
		char c = *what;

		if (c == '\\' && (what[1] == 'r' || what[1] == 'n'))
			c = *++what == 'r' ? '\r' : '\n';
		(*bytes)[size++] = c;
	}
	return size;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	uint64_t hash = 0xcbf29ce484222325ULL;
	enum connect_call how = BY_CALL;
	char *bytes, answer[4096] = "";
	size_t size, sent = 0;
	ssize_t got, have = 0;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (argc != 5 || inet_pton(AF_INET, argv[1], &address.sin_addr) != 1)
		die("usage: tcp_client ADDRESS PORT CALL WHAT");
	address.sin_port = htons((uint16_t)atoi(argv[2]));
	if (!strcmp(argv[3], "uring"))
		how = BY_URING;
	else if (!strcmp(argv[3], "uring_worker"))
		how = BY_URING_WORKER;
	else if (!strcmp(argv[3], "compat"))
		how = BY_COMPAT;
	if (call_connect(how, fd, &address, sizeof(address)))
		die("connect");
	size = make_bytes(argv[4], &bytes);
	while (sent < size) {
		ssize_t now = write(fd, bytes + sent, size - sent);

		if (now <= 0)
			die("write");
		sent += (size_t)now;
	}
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3ULL;
	shutdown(fd, SHUT_WR);
	while ((got = read(fd, answer + have, sizeof(answer) - 1 - (size_t)have)) > 0)
		have += got;
	for (ssize_t i = 0; i < have; i++)
		if (!isprint((unsigned char)answer[i]) || answer[i] == '"' || answer[i] == '\\')
			answer[i] = '\0';
	printf("{\"actor\":\"tcp_client\",\"pid\":%d,\"bytes\":%zu,\"hash\":%" PRIu64 ",\"answer\":\"%s\"}\n", getpid(), size,
	       hash, answer);
	return 0;
}
