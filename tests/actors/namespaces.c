/*
 * Changes namespaces and prints their inode numbers around each step:
 *   namespaces unshare FLAGS [FLAGS…]   one unshare(2) per argument (CLONE_NEW* as a number)
 *   namespaces setns FILE FLAGS         setns(2) on FILE
 *   namespaces clone FLAGS              a child by clone(2); the child prints
 *   namespaces usemap                   unshare(CLONE_NEWUSER), then writes its uid_map: the first use of the new credentials
 */
#include "actor.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

static void begin(const char *did)
{
	printf("{\"actor\":\"namespaces\",\"did\":\"%s\",\"pid\":%d,", did, getpid());
	print_namespaces("before");
}

static void end(long result)
{
	printf(",\"result\":%ld,", result);
	print_namespaces("after");
	printf("}\n");
	fflush(stdout);
}

static void write_map(void)
{
	int map = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);

	if (map < 0 || write(map, "0 0 1\n", 6) != 6)
		die("/proc/self/uid_map");
	close(map);
}

static void clone_child(unsigned long flags)
{
	int status = 0;

	begin("clone");
	fflush(stdout);
	long pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0) {
		end(getppid());
		_exit(0);
	}
	if (pid < 0)
		end(raw_result(pid));
	else
		waitpid((pid_t)pid, &status, 0);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "unshare") && argc > 2) {
		for (int i = 2; i < argc; i++) {
			begin("unshare");
			end(raw_result(unshare((int)strtol(argv[i], NULL, 0))));
		}
	} else if (!strcmp(what, "setns") && argc == 4) {
		int file = open(argv[2], O_RDONLY | O_CLOEXEC);
		if (file < 0)
			die(argv[2]);
		begin("setns");
		end(raw_result(setns(file, (int)strtol(argv[3], NULL, 0))));
	} else if (!strcmp(what, "clone") && argc == 3) {
		clone_child(strtoul(argv[2], NULL, 0));
	} else if (!strcmp(what, "usemap")) {
		begin("unshare");
		end(raw_result(unshare(CLONE_NEWUSER)));
		write_map();
	} else {
		errno = EINVAL;
		die("usage: see namespaces.c");
	}
	return 0;
}
