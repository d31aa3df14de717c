/*
 * Tries to be somebody else, in one of the known ways, and then runs PROGRAM:
 *   impostor stay PROGRAM …                does nothing first: the honest twin
 *   impostor move PROCS PROGRAM …          writes itself into PROCS (a cgroup.procs)
 *   impostor mkdir DIRECTORY PROGRAM …     makes a cgroup; the program runs where it was
 *   impostor mkdir_move DIRECTORY PROGRAM … makes a cgroup and moves into it
 *   impostor clone_into DIRECTORY PROGRAM … makes a child in that cgroup (clone3 with CLONE_INTO_CGROUP), which runs it
 *   impostor clone_parent PROGRAM …        makes a sibling (CLONE_PARENT), which runs it
 *   impostor double_fork PROGRAM …         a grandchild whose parent is gone runs it
 *   impostor subreaper PROGRAM …           the same below a process that adopts orphans (PR_SET_CHILD_SUBREAPER)
 *   impostor unshare FLAGS PROGRAM …       in new namespaces (CLONE_NEW* as a number); a child, so that a pid namespace counts
 *   impostor enter PID FLAGS PROGRAM …     in the namespaces of PID; likewise
 *
 * Prints {"actor":"impostor","did":…,"pid":…} of the process that runs the program. Exit: the program's status, or 2.
 */
#include "actor.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const char *did;

static void run(char **program)
{
	printf("{\"actor\":\"impostor\",\"did\":\"%s\",\"pid\":%d}\n", did, getpid());
	fflush(stdout);
	execv(program[0], program);
	die(program[0]);
}

static void write_self(const char *procs)
{
	int fd = open(procs, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "0", 1) != 1)
		die(procs);
	close(fd);
}

static void exit_as(pid_t child)
{
	int status = 0;

	if (waitpid(child, &status, 0) != child)
		die("waitpid");
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : 2);
}

static void make_cgroup(const char *directory)
{
	if (mkdir(directory, 0755) && errno != EEXIST)
		die(directory);
}

static void move_into(const char *directory)
{
	char procs[4096];

	snprintf(procs, sizeof(procs), "%s/cgroup.procs", directory);
	write_self(procs);
}

static void clone_into(const char *directory, char **program)
{
	struct clone_args args = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD};
	int fd = open(directory, O_RDONLY | O_CLOEXEC);
	long child;

	if (fd < 0)
		die(directory);
	args.cgroup = (__u64)fd;
	child = syscall(SYS_clone3, &args, sizeof(args));
	if (child < 0)
		die("clone3");
	if (child == 0)
		run(program);
	exit_as((pid_t)child);
}

/* The sibling's parent, who need not expect it, is told by its end alone: nobody here can wait for it, a pipe says when it
 * ended. */
static void clone_parent(char **program)
{
	int ended[2];
	char byte;

	if (pipe(ended))
		die("pipe");
	long child = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
	if (child < 0)
		die("clone");
	if (child == 0)
		run(program);
	close(ended[1]);
	while (read(ended[0], &byte, 1) > 0)
		;
}

/* The pipe ends with the grandchild, which keeps its writing side over the exec. */
static void double_fork(char **program)
{
	int ended[2];
	char byte;
	pid_t child;

	if (pipe(ended))
		die("pipe");
	child = fork();
	if (child < 0)
		die("fork");
	if (child == 0) {
		pid_t middle = getpid();
		if (fork() > 0)
			_exit(0);
		while (getppid() == middle)
			sched_yield();
		run(program);
	}
	waitpid(child, NULL, 0);
	close(ended[1]);
	while (read(ended[0], &byte, 1) > 0)
		;
	while (waitpid(-1, NULL, 0) > 0)
		;
}

static void enter(const char *pid, int flags)
{
	static const struct {
		const char *name;
		int flag;
	} kinds[] = {{"user", CLONE_NEWUSER}, {"ipc", CLONE_NEWIPC}, {"uts", CLONE_NEWUTS},
		     {"net", CLONE_NEWNET},   {"pid", CLONE_NEWPID}, {"mnt", CLONE_NEWNS}};
	int fds[6];

	for (int i = 0; i < 6; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/%s/ns/%s", pid, kinds[i].name);
		fds[i] = flags & kinds[i].flag ? open(path, O_RDONLY | O_CLOEXEC) : -1;
		if (flags & kinds[i].flag && fds[i] < 0)
			die(path);
	}
	for (int i = 0; i < 6; i++)
		if (fds[i] >= 0 && setns(fds[i], kinds[i].flag))
			die("setns");
}

static void run_in_child(char **program)
{
	pid_t child = fork();

	if (child < 0)
		die("fork");
	if (child == 0)
		run(program);
	exit_as(child);
}

int main(int argc, char **argv)
{
	did = argc > 2 ? argv[1] : "";
	if (!strcmp(did, "stay"))
		run(argv + 2);
	if (!strcmp(did, "clone_parent")) {
		clone_parent(argv + 2);
		return 0;
	}
	if (!strcmp(did, "subreaper") || !strcmp(did, "double_fork")) {
		if (!strcmp(did, "subreaper") && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
			die("prctl");
		double_fork(argv + 2);
		return 0;
	}
	if (argc > 3 && !strcmp(did, "move")) {
		write_self(argv[2]);
		run(argv + 3);
	}
	if (argc > 3 && (!strcmp(did, "mkdir") || !strcmp(did, "mkdir_move"))) {
		make_cgroup(argv[2]);
		if (!strcmp(did, "mkdir_move"))
			move_into(argv[2]);
		run(argv + 3);
	}
	if (argc > 3 && !strcmp(did, "clone_into"))
		clone_into(argv[2], argv + 3);
	if (argc > 3 && !strcmp(did, "unshare")) {
		if (unshare((int)strtol(argv[2], NULL, 0)))
			die("unshare");
		run_in_child(argv + 3);
	}
	if (argc > 4 && !strcmp(did, "enter")) {
		enter(argv[2], (int)strtol(argv[3], NULL, 0));
		run_in_child(argv + 4);
	}
	errno = EINVAL;
	die("usage: see impostor.c");
	return 2;
}
