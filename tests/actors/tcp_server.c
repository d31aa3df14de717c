/*
 * Listens on a TCP port of 127.0.0.1 (0: any) and reads each connection to its end, one after the other:
 *   tcp_server PORT CONNECTIONS [READ_SIZE]
 * Prints {"port":…,"pid":…}, then for each connection how many bytes it read and their FNV-1a hash; answers with one byte.
 */
#include "actor.h"

#include <netinet/in.h>
#include <sys/socket.h>

static void serve(int client, size_t read_size)
{
	unsigned char buffer[65536];
	uint64_t hash = 0xcbf29ce484222325ULL, total = 0;
	ssize_t got;

	while ((got = read(client, buffer, read_size)) > 0) {
		for (ssize_t i = 0; i < got; i++)
			hash = (hash ^ buffer[i]) * 0x100000001b3ULL;
		total += (uint64_t)got;
	}
	printf("{\"actor\":\"tcp_server\",\"bytes\":%" PRIu64 ",\"hash\":%" PRIu64 "}\n", total, hash);
	fflush(stdout);
	send(client, "k", 1, MSG_NOSIGNAL);
	close(client);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	size_t read_size = argc > 3 ? strtoul(argv[3], NULL, 0) : 4096;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
	socklen_t length = sizeof(address);

	if (argc < 3 || read_size == 0 || read_size > 65536)
		die("usage: tcp_server PORT CONNECTIONS [READ_SIZE]");
	address.sin_port = htons((uint16_t)atoi(argv[1]));
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 64) ||
	    getsockname(listener, (struct sockaddr *)&address, &length))
		die("listen");
	printf("{\"actor\":\"tcp_server\",\"port\":%d,\"pid\":%d}\n", ntohs(address.sin_port), getpid());
	fflush(stdout);
	for (long i = strtol(argv[2], NULL, 0); i > 0; i--) {
		int client = accept(listener, NULL, NULL);

		if (client < 0)
			die("accept");
		serve(client, read_size);
	}
	return 0;
}
