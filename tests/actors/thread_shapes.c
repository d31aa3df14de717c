/*
 * Processes whose threads do not do what one expects; each runs PROGRAM … at its end:
 *   thread_shapes leader_exits PROGRAM …       the leader thread exits; another thread forks, and the child execs
 *   thread_shapes exec_from_thread PROGRAM …   a thread that is not the leader execs
 *   thread_shapes leaderless PROGRAM …         the leader exits; then another says "ready", reads a line, gives up its ids
 *                                              (2000, 1000, 0) for 1000 and forks; the child execs
 *   thread_shapes worker_forks PROGRAM …       four threads; says "ready", reads a line, then a worker forks; its child execs
 *
 * Exit: the program's status, or 2.
 */
#include "actor.h"

#include <pthread.h>
#include <sys/wait.h>

static char **program;

static void exec_program(void)
{
	execv(program[0], program);
	die(program[0]);
}

static void fork_program(void)
{
	int status = 0;
	pid_t child = fork();

	if (child < 0)
		die("fork");
	if (child == 0)
		exec_program();
	if (waitpid(child, &status, 0) != child)
		die("waitpid");
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : 2);
}

/* The state of the leader as the kernel tells it: Z once it has exited. */
static char leader_state(void)
{
	char state = '?';
	FILE *stat = fopen("/proc/self/stat", "r");

	if (!stat || fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
		die("/proc/self/stat");
	fclose(stat);
	return state;
}

static void *after_leader(void *unused)
{
	while (leader_state() != 'Z')
		sched_yield();
	fork_program();
	return unused;
}

static void *wait_after_leader(void *unused)
{
	char line[16];

	while (leader_state() != 'Z')
		sched_yield();
	if (syscall(SYS_setresuid, 2000, 1000, 0))
		die("setresuid");
	printf("ready\n");
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		die("stdin");
	if (syscall(SYS_setresuid, 1000, 1000, 1000))
		die("setresuid");
	fork_program();
	return unused;
}

static void *exec_here(void *unused)
{
	exec_program();
	return unused;
}

static void *fork_when_told(void *unused)
{
	char line[16];

	printf("ready\n");
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		die("stdin");
	fork_program();
	return unused;
}

static void *idle(void *unused)
{
	pause();
	return unused;
}

static void start(void *(*body)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, body, NULL))
		die("pthread_create");
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr,
			"usage: thread_shapes leader_exits|leaderless|exec_from_thread|worker_forks PROGRAM [ARGUMENT...]\n");
		return 2;
	}
	program = argv + 2;
	if (!strcmp(argv[1], "leader_exits")) {
		start(after_leader);
		pthread_exit(NULL);
	}
	if (!strcmp(argv[1], "leaderless")) {
		start(wait_after_leader);
		pthread_exit(NULL);
	}
	if (!strcmp(argv[1], "exec_from_thread"))
		start(exec_here);
	if (!strcmp(argv[1], "worker_forks")) {
		for (int i = 0; i < 3; i++)
			start(idle);
		start(fork_when_told);
	}
	pause();
	return 2;
}
