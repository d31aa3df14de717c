/*
 * What must arrive whatever else happens: for SECONDS, each second one setuid gain, one mount and one request to a runtime, a
 * third of a second apart. To be run as root in a container that may mount:
 *   trickle SECONDS SOCKET GAIN_PROGRAM       GAIN_PROGRAM is installed setuid root and execs its arguments
 * Each carries a mark: the gain in its arguments, the mount as its source, the request as its image. Prints one object for each
 * act, with the mark.
 */
#include "actor.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

static void gain(const char *program, const char *mark)
{
	pid_t child = fork();
	int status = 0;

	if (child < 0)
		die("fork");
	if (child == 0) {
		close(STDOUT_FILENO);
		if (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000))
			_exit(3);
		execl(program, program, "/bin/true", mark, (char *)NULL);
		_exit(3);
	}
	if (waitpid(child, &status, 0) != child || status)
		die(program);
}

static void mount_and_back(const char *mark)
{
	if (mount(mark, "/mnt", "tmpfs", 0, NULL) || umount2("/mnt", MNT_DETACH))
		die("mount");
}

static void ask(const char *path, const char *mark)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char body[256], request[1024], answer[64];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	snprintf(body, sizeof(body), "{\"Image\":\"%s\",\"HostConfig\":{\"Privileged\":true}}", mark);
	snprintf(request, sizeof(request),
		 "POST /v1.41/containers/create HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\n"
		 "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
		 strlen(body), body);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    write(fd, request, strlen(request)) != (ssize_t)strlen(request) || shutdown(fd, SHUT_WR))
		die("ask");
	while (read(fd, answer, sizeof(answer)) > 0) {
	}
	close(fd);
}

int main(int argc, char **argv)
{
	static const char *const kinds[] = {"gain", "mount", "ask"};
	struct timespec next;
	char mark[64];

	if (argc < 4) {
		errno = EINVAL;
		die("usage: see trickle.c");
	}
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (long i = 0; i < 3 * strtol(argv[1], NULL, 10); i++) {
		const char *kind = kinds[i % 3];

		snprintf(mark, sizeof(mark), "trickle-%s-%03ld", kind, i / 3);
		if (i % 3 == 0)
			gain(argv[3], mark);
		else if (i % 3 == 1)
			mount_and_back(mark);
		else
			ask(argv[2], mark);
		printf("{\"actor\":\"trickle\",\"act\":\"%s\",\"mark\":\"%s\"}\n", kind, mark);
		fflush(stdout);
		next.tv_nsec += 333333333;
		if (next.tv_nsec >= 1000000000) {
			next.tv_nsec -= 1000000000;
			next.tv_sec++;
		}
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	return 0;
}
