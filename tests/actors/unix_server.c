/*
 * Listens on a local stream socket and reads each connection to its end, one after the other:
 *   unix_server PATH CONNECTIONS [READ_SIZE] [held | peek | acknowledge | datagram]     "@name" is an abstract name
 *     held         accepts only after a byte on stdin
 *     peek         looks at bytes (MSG_PEEK) before it reads them
 *     acknowledge  answers each read with a byte and how much it read
 *     datagram     CONNECTIONS counts datagrams
 * Prints {"listening":PATH,"pid":…}, then for each connection how many bytes it read and their FNV-1a hash; answers each client
 * that still listens with one byte.
 */
#include "socket_ways.h"

#define HASH_SEED 0xcbf29ce484222325ULL

static uint64_t hash_of(uint64_t hash, const unsigned char *bytes, ssize_t count)
{
	for (ssize_t i = 0; i < count; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3ULL;
	return hash;
}

static void say(uint64_t bytes, uint64_t hash)
{
	printf("{\"actor\":\"unix_server\",\"bytes\":%" PRIu64 ",\"hash\":%" PRIu64 "}\n", bytes, hash);
	fflush(stdout);
}

static void serve(int client, size_t read_size, const char *option)
{
	unsigned char buffer[65536];
	uint64_t hash = HASH_SEED, total = 0;
	ssize_t got;

	while ((got = !strcmp(option, "peek") ? recv(client, buffer, read_size, MSG_PEEK) : 1) > 0 &&
	       (got = read(client, buffer, read_size)) > 0) {
		struct {
			char byte;
			unsigned count;
		} __attribute__((packed)) answer = {'a', (unsigned)got};

		hash = hash_of(hash, buffer, got);
		total += (uint64_t)got;
		if (!strcmp(option, "acknowledge"))
			send(client, &answer, sizeof(answer), MSG_NOSIGNAL);
	}
	say(total, hash);
	send(client, "k", 1, MSG_NOSIGNAL);
	close(client);
}

static void serve_datagrams(int socket, long count)
{
	unsigned char buffer[65536];

	while (count-- > 0) {
		ssize_t got = read(socket, buffer, sizeof(buffer));

		if (got < 0)
			die("read");
		say((uint64_t)got, hash_of(HASH_SEED, buffer, got));
	}
}

int main(int argc, char **argv)
{
	const char *option = argc > 4 ? argv[4] : "";
	size_t read_size = argc > 3 ? strtoul(argv[3], NULL, 0) : 4096;
	int datagrams = !strcmp(option, "datagram");
	int listener = socket(AF_UNIX, (datagrams ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;
	socklen_t length;
	char go;

	if (argc < 3 || listener < 0 || read_size == 0 || read_size > 65536)
		die("usage: unix_server PATH CONNECTIONS [READ_SIZE] [held | peek | acknowledge | datagram]");
	length = unix_address(&address, argv[1]);
	if (bind(listener, (struct sockaddr *)&address, length) || (!datagrams && listen(listener, 64)))
		die(argv[1]);
	printf("{\"actor\":\"unix_server\",\"listening\":\"%s\",\"pid\":%d}\n", argv[1], getpid());
	fflush(stdout);
	if (datagrams) {
		serve_datagrams(listener, strtol(argv[2], NULL, 0));
		return 0;
	}
	if (!strcmp(option, "held") && read(STDIN_FILENO, &go, 1) < 0)
		die("stdin");
	for (long i = strtol(argv[2], NULL, 0); i > 0; i--) {
		int client = accept(listener, NULL, NULL);

		if (client < 0)
			die("accept");
		serve(client, read_size, option);
	}
	return 0;
}
