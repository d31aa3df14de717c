/*
 * Writes settings of the kernel, in ways that change nothing of the machine's, and prints each write.
 *
 *   setting_writes rewrite NAME         what /proc/sys/NAME holds, again
 *   setting_writes read NAME            reads it
 *   setting_writes name VALUE           the host name, in a UTS namespace of its own
 *   setting_writes long LENGTH          the same, of so many bytes
 *   setting_writes pieces FIRST SECOND  the same by writev
 *   setting_writes network VALUE        net/ipv4/ip_default_ttl, in a network namespace of its own
 *   setting_writes flood COUNT NAME     the host name so often, each another one; then NAME as for rewrite
 *   setting_writes agent VALUE          release_agent of a cgroup v1 hierarchy that is made for it and goes with the process
 *   setting_writes agent_spliced VALUE  the same by sendfile
 */
#include "actor.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define HOST_NAME "/proc/sys/kernel/hostname"

static void told(const char *name, const char *value, size_t length, long result)
{
	printf("{\"actor\":\"setting_writes\",\"pid\":%d,\"name\":\"%s\",\"value\":\"%s\",\"length\":%zu,\"result\":%ld}\n",
	       getpid(), name, value, length, raw_result(result));
	fflush(stdout);
}

static int opened(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd < 0)
		die(path);
	return fd;
}

/* What the file holds, and at least a line's end: so that nothing is changed by writing it. Its length. */
static size_t contents(const char *path, char *text, size_t size)
{
	int fd = opened(path, O_RDONLY);
	ssize_t got = read(fd, text, size - 1);

	if (got < 0)
		die(path);
	close(fd);
	if (got == 0)
		text[got++] = '\n';
	text[got] = '\0';
	return (size_t)got;
}

static void write_to(const char *path, const char *name, const char *text, size_t length)
{
	int fd = opened(path, O_WRONLY);
	long result = write(fd, text, length);
	char line[256] = "";

	for (size_t i = 0; i < length && i < sizeof(line) - 1 && text[i] != '\n'; i++)
		line[i] = text[i];
	told(name, line, length, result);
	close(fd);
}

static void rewrite(const char *name)
{
	char path[256], text[4096];

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	size_t length = contents(path, text, sizeof(text));
	write_to(path, name, text, length);
}

static void alone(int flags)
{
	if (unshare(flags))
		die("unshare");
}

static void write_long(size_t length)
{
	char *text = malloc(length);

	if (!text)
		die("malloc");
	memset(text, 'y', length);
	write_to(HOST_NAME, "kernel/hostname", text, length);
}

static void write_pieces(char *first, char *second)
{
	struct iovec pieces[] = {{first, strlen(first)}, {second, strlen(second)}};
	int fd = opened(HOST_NAME, O_WRONLY);
	char all[256];

	long result = writev(fd, pieces, 2);
	snprintf(all, sizeof(all), "%s%s", first, second);
	told("kernel/hostname", all, strlen(all), result);
	close(fd);
}

/* In a mount namespace of its own, below a tmpfs. */
static void write_agent(const char *value, int by_sendfile)
{
	alone(CLONE_NEWNS);
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount("tmpfs", "/tmp", "tmpfs", 0, NULL) ||
	    mkdir("/tmp/a", 0755))
		die("tmpfs");
	if (mount("cgroup", "/tmp/a", "cgroup", 0, "none,name=hullwatch_settings")) {
		printf("{\"actor\":\"setting_writes\",\"cannot\":\"no cgroup v1 hierarchy can be mounted\"}\n");
		return;
	}
	if (!by_sendfile) {
		write_to("/tmp/a/release_agent", "release_agent", value, strlen(value));
		return;
	}
	int from = opened("/tmp/text", O_RDWR | O_CREAT);
	int to = opened("/tmp/a/release_agent", O_WRONLY);
	if (write(from, value, strlen(value)) != (ssize_t)strlen(value) || lseek(from, 0, SEEK_SET))
		die("/tmp/text");
	told("release_agent", value, strlen(value), sendfile(to, from, NULL, strlen(value)));
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	char text[4096];

	if (!strcmp(what, "rewrite") && argc == 3) {
		rewrite(argv[2]);
	} else if (!strcmp(what, "read") && argc == 3) {
		snprintf(text, sizeof(text), "/proc/sys/%s", argv[2]);
		char value[4096];
		told(argv[2], "", contents(text, value, sizeof(value)), 0);
	} else if (!strcmp(what, "name") && argc == 3) {
		alone(CLONE_NEWUTS);
		write_to(HOST_NAME, "kernel/hostname", argv[2], strlen(argv[2]));
	} else if (!strcmp(what, "long") && argc == 3) {
		alone(CLONE_NEWUTS);
		write_long(strtoul(argv[2], NULL, 10));
	} else if (!strcmp(what, "pieces") && argc == 4) {
		alone(CLONE_NEWUTS);
		write_pieces(argv[2], argv[3]);
	} else if (!strcmp(what, "network") && argc == 3) {
		alone(CLONE_NEWNET);
		write_to("/proc/sys/net/ipv4/ip_default_ttl", "net/ipv4/ip_default_ttl", argv[2], strlen(argv[2]));
	} else if (!strcmp(what, "flood") && argc == 4) {
		int fd;
		alone(CLONE_NEWUTS);
		fd = opened(HOST_NAME, O_WRONLY);
		for (long i = 0, n = strtol(argv[2], NULL, 10); i < n; i++) {
			int length = snprintf(text, sizeof(text), "name%ld", i);
			if (pwrite(fd, text, (size_t)length, 0) != length)
				die(HOST_NAME);
		}
		rewrite(argv[3]);
	} else if ((!strcmp(what, "agent") || !strcmp(what, "agent_spliced")) && argc == 3) {
		write_agent(argv[2], !strcmp(what, "agent_spliced"));
	} else {
		fprintf(stderr, "usage: setting_writes rewrite|read|name|long|pieces|network|flood|agent|agent_spliced …\n");
		return 2;
	}
	return 0;
}
