/* Families 9, 10, 13, 20: who a process is and whose child, and acting where many act. */
#include "evade.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

/* ---- 9: whose child ---- */

static void clone_parent(void)
{
	be_noticed();
	tell(getpid());
}

static void plain_forks(void)
{
	tell(forked(nothing));
}

#define CLONE_ARGS_SIZE 64
static void clone3_parent(void)
{
	uint64_t args[CLONE_ARGS_SIZE / 8] = {CLONE_PARENT};

	long child = syscall(SYS_clone3, args, sizeof(args));
	if (child == 0)
		_exit(0);
	must(child, "clone3");
	tell(getpid());
}

static void clone3_plain(void)
{
	uint64_t args[CLONE_ARGS_SIZE / 8] = {0};

	args[4] = SIGCHLD;
	long child = syscall(SYS_clone3, args, sizeof(args));
	if (child == 0)
		_exit(0);
	must(child, "clone3");
	end_of((pid_t)child);
}

/* The grandchild that acts has lost its parent: its creator is still told. */
static int said[2];

static void middle(void)
{
	if (must(fork(), "fork"))
		_exit(0);
	setsid();
	while (getppid() != 1)
		sched_yield();
	be_noticed();
	pid_t self = getpid();
	must(write(said[1], &self, sizeof(self)), "write");
	_exit(0);
}

static void middle_quiet(void)
{
	if (must(fork(), "fork"))
		_exit(0);
	setsid();
	pid_t self = getpid();
	must(write(said[1], &self, sizeof(self)), "write");
	_exit(0);
}

static void orphan(void (*act)(void))
{
	pid_t acted = 0;

	must(pipe2(said, O_CLOEXEC), "pipe");
	forked(act);
	must(read(said[0], &acted, sizeof(acted)), "read");
	tell(acted);
	while (wait(NULL) > 0)
		;
}

static void double_fork(void)
{
	orphan(middle);
}

static void double_fork_quiet(void)
{
	orphan(middle_quiet);
}

static void adopts(void)
{
	must(prctl(PR_SET_CHILD_SUBREAPER, 1), "PR_SET_CHILD_SUBREAPER");
	pid_t parent = getpid();
	pid_t first = (pid_t)must(fork(), "fork");
	if (first == 0) {
		if (must(fork(), "fork"))
			_exit(0);
		while (getppid() != parent)
			sched_yield();
		be_noticed();
		pid_t self = getpid();
		must(write(said[1], &self, sizeof(self)), "write");
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
}

static void subreaper(void)
{
	pid_t acted = 0;

	must(pipe2(said, O_CLOEXEC), "pipe");
	forked(adopts);
	must(read(said[0], &acted, sizeof(acted)), "read");
	tell(acted);
}

static void subreaper_quiet(void)
{
	must(prctl(PR_SET_CHILD_SUBREAPER, 1), "PR_SET_CHILD_SUBREAPER");
	orphan(middle_quiet);
}

static void vfork_exec(void)
{
	static char *const args[] = {"evade", "@noticed", NULL};
	pid_t child = vfork();

	if (child == 0) {
		execve(SELF, args, NULL);
		_exit(126);
	}
	end_of(child);
	tell(child);
}

static void vfork_quiet(void)
{
	static char *const args[] = {"evade", "@true", NULL};
	pid_t child = vfork();

	if (child == 0) {
		execve(SELF, args, NULL);
		_exit(126);
	}
	end_of(child);
}

/* ---- 10: what a process says of itself ---- */

static char *arguments_start(void)
{
	FILE *stat = fopen("/proc/self/stat", "r");
	unsigned long start = 0;

	/* arg_start is field 48; the name, field 2, is ours and has no blanks */
	for (int field = 1; stat && field < 48; field++)
		if (fscanf(stat, "%*s") != 0)
			break;
	if (!stat || fscanf(stat, "%lu", &start) != 1)
		die("/proc/self/stat");
	fclose(stat);
	return (char *)start;
}

static void argv_overwritten(void)
{
	memcpy(arguments_start(), "nginx: worker", 14);
	be_noticed();
	tell(getpid());
}

static void argv_overwritten_quiet(void)
{
	memcpy(arguments_start(), "nginx: worker", 14);
	tell(getpid());
}

static void renamed(void)
{
	must(prctl(PR_SET_NAME, "kworker/0:1"), "PR_SET_NAME");
	be_noticed();
	tell(getpid());
}

static void renamed_quiet(void)
{
	must(prctl(PR_SET_NAME, "worker"), "PR_SET_NAME");
	tell(getpid());
}

static void exec_as(const char *name, const char *step)
{
	char *args[] = {(char *)name, (char *)step, NULL};

	run_program(AT_FDCWD, SELF, args, (char *[]){NULL}, 0);
}

static void exec_a(void)
{
	exec_as("[kworker/0:1]", "@noticed");
}

static void exec_a_quiet(void)
{
	exec_as("-evade", "@true");
}

/* The name the kernel gives a process of descriptor 3 is "3". */
static void exec_by_fd(void)
{
	static char *const args[] = {"sshd", "@noticed", NULL};

	run_program(open_self(), "", args, (char *[]){NULL}, AT_EMPTY_PATH);
}

static void exec_by_fd_quiet(void)
{
	static char *const args[] = {"sshd", "@true", NULL};

	run_program(open_self(), "", args, (char *[]){NULL}, AT_EMPTY_PATH);
}

static void mm_exe_file(void)
{
	int other = (int)must(open("/bin/busybox", O_RDONLY | O_CLOEXEC), "/bin/busybox");

	/* refused while the old file is mapped, and without CAP_SYS_RESOURCE (CAP_CHECKPOINT_RESTORE) */
	long moved = prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, other, 0, 0);
	long start = prctl(PR_SET_MM, PR_SET_MM_ARG_START, arguments_start() + 4, 0, 0);
	if (moved && start && errno == EPERM)
		cannot("PR_SET_MM needs a capability the container lacks");
	be_noticed();
	tell(getpid());
}

static void mm_untouched(void)
{
	tell(getpid());
}

/* ---- 13, 20: where much happens at once ---- */

/* A flood is a matter of its rate: on a slow machine a second of it will do. */
static int within_a_second(const struct timespec *began)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - began->tv_sec) * 1000 + (now.tv_nsec - began->tv_nsec) / 1000000 < 1000;
}

static void many_execs(void)
{
	static char *const args[] = {"evade", "@true", NULL};
	struct timespec began;

	clock_gettime(CLOCK_MONOTONIC, &began);
	for (int i = 0; i < 300 && within_a_second(&began); i++) {
		pid_t child = vfork();
		if (child == 0) {
			execve(SELF, args, NULL);
			_exit(126);
		}
		end_of(child);
	}
}

static void exec_flood(void)
{
	many_execs();
	be_noticed();
	tell(getpid());
	many_execs();
}

static void exec_flood_quiet(void)
{
	many_execs();
	tell(getpid());
}

/* Root of a container may change its ids as often as it likes; one call is what is to be hidden. */
static void ids_flood(void)
{
	for (int i = 0; i < 3000; i++) {
		must(syscall(SYS_setresuid, -1, 1000, -1), "setresuid");
		must(syscall(SYS_setresuid, -1, 0, -1), "setresuid");
	}
}

static void credential_flood(void)
{
	ids_flood();
	be_noticed();
	tell(getpid());
}

static void few_changes(void)
{
	for (int i = 0; i < 20; i++) {
		must(syscall(SYS_setresuid, -1, 1000, -1), "setresuid");
		must(syscall(SYS_setresuid, -1, 0, -1), "setresuid");
	}
}

static void forks_that_end(void)
{
	struct timespec began;

	clock_gettime(CLOCK_MONOTONIC, &began);
	for (int i = 0; i < 1000 && within_a_second(&began); i++)
		forked(nothing);
}

static void hidden_by_fork_flood(void)
{
	forks_that_end();
	be_noticed();
	tell(getpid());
}

static void acts_by_turns(void)
{
	for (int i = 0; i < 20; i++) {
		be_noticed();
		sched_yield();
	}
}

/* Eight processes act in turns: a program that is skipped because it runs already, or was preempted, would miss some. Told is
 * one whose own fork may be among those. */
static void acts_at_once(void)
{
	pid_t children[7];

	for (int i = 0; i < 7; i++) {
		children[i] = (pid_t)must(fork(), "fork");
		if (children[i] == 0) {
			acts_by_turns();
			_exit(0);
		}
	}
	acts_by_turns();
	tell(children[6]);
	for (int i = 0; i < 7; i++)
		end_of(children[i]);
	while (wait(NULL) > 0)
		;
}

static void forks_at_once(void)
{
	for (int i = 0; i < 8; i++)
		if (must(fork(), "fork") == 0) {
			for (int n = 0; n < 20; n++)
				forked(nothing);
			_exit(0);
		}
	while (wait(NULL) > 0)
		;
}

/* ---- 15: there before hullwatch ---- */

static void waits_for_hullwatch(void (*act)(void))
{
	char byte;

	printf("{\"waits\":true}\n");
	fflush(stdout);
	must(read(0, &byte, 1), "stdin");
	act();
	tell(getpid());
}

static void was_there(void)
{
	waits_for_hullwatch(be_noticed);
}

static void was_there_quiet(void)
{
	waits_for_hullwatch(nothing);
}

const struct row process_rows[] = {
    {"clone_parent", clone_parent, plain_forks},
    {"clone3_parent", clone3_parent, clone3_plain},
    {"double_fork", double_fork, double_fork_quiet},
    {"subreaper", subreaper, subreaper_quiet},
    {"vfork_exec", vfork_exec, vfork_quiet},
    {"argv_overwritten", argv_overwritten, argv_overwritten_quiet},
    {"renamed", renamed, renamed_quiet},
    {"exec_a", exec_a, exec_a_quiet},
    {"exec_by_fd", exec_by_fd, exec_by_fd_quiet},
    {"mm_exe_file", mm_exe_file, mm_untouched},
    {"exec_flood", exec_flood, exec_flood_quiet},
    {"credential_flood", credential_flood, few_changes},
    {"fork_flood", hidden_by_fork_flood, forks_that_end},
    {"acts_at_once", acts_at_once, forks_at_once},
    {"was_there", was_there, was_there_quiet},
    {0},
};
