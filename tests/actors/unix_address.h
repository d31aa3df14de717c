/* A local socket's address from a path, or from "@name" for an abstract one. */
#ifndef HULLWATCH_UNIX_ADDRESS_H
#define HULLWATCH_UNIX_ADDRESS_H

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static inline socklen_t unix_address(struct sockaddr_un *address, const char *path)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	strncpy(address->sun_path, path, sizeof(address->sun_path) - 1);
	if (path[0] != '@')
		return sizeof(*address);
	address->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
}

#endif
