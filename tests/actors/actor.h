/* What actors share: the truth about themselves, read from the kernel, as JSON members. Header only; one thread. */
#ifndef HULLWATCH_ACTOR_H
#define HULLWATCH_ACTOR_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A mistake in how the actor was called or set up is not an observation: exit 2. */
static inline void die(const char *what)
{
	fprintf(stderr, "actor: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* "name": [real, effective, saved, fs] ids and the five capability sets of the calling thread. */
static inline void print_credentials(const char *name)
{
	FILE *status = fopen("/proc/thread-self/status", "r");
	char line[512];
	unsigned id[4];
	uint64_t set;

	if (!status)
		die("/proc/thread-self/status");
	printf("\"%s\":{", name);
	while (fgets(line, sizeof(line), status)) {
		if (sscanf(line, "Uid: %u %u %u %u", id, id + 1, id + 2, id + 3) == 4)
			printf("\"uid\":[%u,%u,%u,%u],", id[0], id[1], id[2], id[3]);
		else if (sscanf(line, "Gid: %u %u %u %u", id, id + 1, id + 2, id + 3) == 4)
			printf("\"gid\":[%u,%u,%u,%u],", id[0], id[1], id[2], id[3]);
		else if (sscanf(line, "CapInh: %" SCNx64, &set) == 1)
			printf("\"inheritable\":%" PRIu64 ",", set);
		else if (sscanf(line, "CapPrm: %" SCNx64, &set) == 1)
			printf("\"permitted\":%" PRIu64 ",", set);
		else if (sscanf(line, "CapEff: %" SCNx64, &set) == 1)
			printf("\"effective\":%" PRIu64 ",", set);
		else if (sscanf(line, "CapBnd: %" SCNx64, &set) == 1)
			printf("\"bounding\":%" PRIu64 ",", set);
		else if (sscanf(line, "CapAmb: %" SCNx64, &set) == 1)
			printf("\"ambient\":%" PRIu64, set);
	}
	fclose(status);
	printf("}");
}

/* Inode number of one of the calling thread's namespaces ("mnt", "user", …). */
static inline unsigned long namespace_of(const char *kind)
{
	char link[64], target[64] = "";
	unsigned long inum = 0;

	snprintf(link, sizeof(link), "/proc/thread-self/ns/%s", kind);
	if (readlink(link, target, sizeof(target) - 1) < 0)
		die(link);
	sscanf(strchr(target, '[') ? strchr(target, '[') : "", "[%lu]", &inum);
	return inum;
}

static inline void print_namespaces(const char *name)
{
	printf("\"%s\":{\"mnt\":%lu,\"pid\":%lu,\"net\":%lu,\"uts\":%lu,\"ipc\":%lu,\"cgroup\":%lu,\"user\":%lu}", name,
	       namespace_of("mnt"), namespace_of("pid"), namespace_of("net"), namespace_of("uts"), namespace_of("ipc"),
	       namespace_of("cgroup"), namespace_of("user"));
}

/* The result as the kernel returned it: negative errno on failure. */
static inline long raw_result(long returned)
{
	return returned < 0 ? -errno : returned;
}

#endif
