/*
 * Listens on a local stream socket and reads each connection to its end, one after the other:
 *   unix_server PATH CONNECTIONS [READ_SIZE] [held | peek]     "@name" is an abstract name
 *     held   accepts only after a byte on stdin
 *     peek   looks at bytes (MSG_PEEK) before it reads them
 * Prints {"listening":PATH,"pid":…}, then for each connection how many bytes it read and their FNV-1a hash; answers each client
 * that still listens with one byte.
 */
#include "actor.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static socklen_t address_of(struct sockaddr_un *address, const char *path)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	strncpy(address->sun_path, path, sizeof(address->sun_path) - 1);
	if (path[0] != '@')
		return sizeof(*address);
	address->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
}

static void serve(int client, size_t read_size, int peeks)
{
	unsigned char buffer[65536];
	uint64_t hash = 0xcbf29ce484222325ULL, total = 0;
	ssize_t got;

	while ((got = peeks ? recv(client, buffer, read_size, MSG_PEEK) : 1) > 0 &&
	       (got = read(client, buffer, read_size)) > 0) {
		for (ssize_t i = 0; i < got; i++)
			hash = (hash ^ buffer[i]) * 0x100000001b3ULL;
		total += (uint64_t)got;
	}
	printf("{\"actor\":\"unix_server\",\"bytes\":%" PRIu64 ",\"hash\":%" PRIu64 "}\n", total, hash);
	fflush(stdout);
	send(client, "k", 1, MSG_NOSIGNAL);
	close(client);
}

int main(int argc, char **argv)
{
	struct sockaddr_un address;
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t read_size = argc > 3 ? strtoul(argv[3], NULL, 0) : 4096;
	socklen_t length;
	char go;

	if (argc < 3 || listener < 0 || read_size == 0 || read_size > 65536)
		die("usage: unix_server PATH CONNECTIONS [READ_SIZE] [held | peek]");
	length = address_of(&address, argv[1]);
	if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 64))
		die(argv[1]);
	printf("{\"actor\":\"unix_server\",\"listening\":\"%s\",\"pid\":%d}\n", argv[1], getpid());
	fflush(stdout);
	if (argc > 4 && !strcmp(argv[4], "held") && read(STDIN_FILENO, &go, 1) < 0)
		die("stdin");
	for (long i = strtol(argv[2], NULL, 0); i > 0; i--) {
		int client = accept(listener, NULL, NULL);

		if (client < 0)
			die("accept");
		serve(client, read_size, argc > 4 && !strcmp(argv[4], "peek"));
	}
	return 0;
}
