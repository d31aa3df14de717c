/*
 * Listens on a free port of 127.0.0.1 and reads each connection to its end, one after the other, answering with one byte.
 * Prints {"listening":PORT}. Under the name "dockerd" it stands for Docker's API over TCP.
 */
#include "../actors/actor.h"

#include <netinet/in.h>
#include <sys/socket.h>

int main(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char bytes[4096];

	if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) || listen(listener, 16) ||
	    getsockname(listener, (struct sockaddr *)&address, &length))
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
