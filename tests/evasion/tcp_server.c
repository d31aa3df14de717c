/*
 * tcp_server [PORT]: listens on that port of 127.0.0.1, or on a free one where it is taken, and reads each connection to its
 * end, one after the other, answering with one byte. Prints {"listening":PORT}. Under the name "dockerd" it stands for Docker's
 * API over TCP, under "kubelet" for the kubelet's.
 */
#include "../actors/actor.h"

#include <netinet/in.h>
#include <sys/socket.h>

static int bound(int listener, uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};

	return bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address;
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char bytes[4096];

	if (listener < 0 || !((argc > 1 && bound(listener, (uint16_t)atoi(argv[1]))) || bound(listener, 0)) ||
	    listen(listener, 16) || getsockname(listener, (struct sockaddr *)&address, &length))
		die("listen");
	printf("{\"listening\":%d}\n", ntohs(address.sin_port));
	fflush(stdout);
	for (;;) {
		int client = accept(listener, NULL, NULL);

		if (client < 0)
			die("accept");
		while (read(client, bytes, sizeof(bytes)) > 0)
			;
		send(client, "k", 1, MSG_NOSIGNAL);
		close(client);
	}
}
