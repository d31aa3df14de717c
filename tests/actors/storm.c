/*
 * A fork bomb, bounded in time; the caller bounds it in number by pids.max:
 *   storm WAY SECONDS [go=FILE] [until=FILE] [payload=FILE] [cap=N]
 *     WAY      fork | clone3 | thread | vfork (child execs this program) | exec (fork, and the child execs this program)
 *              broad (one process forks, the others sleep: tens of thousands that all fork wait for one another's memory)
 *              doubling (every process forks once a second) | spawn (two processes whose children end at once: no bomb)
 *     go       begins when FILE appears
 *     until    ends when FILE appears
 *     payload  the process that made the 1,100th fork execs FILE at once, in the storm's midst however slow the machine, which
 * then burns for one second more cap      stops forking after N forks; 20000 without it, but spawn goes on to its end The first
 * process waits for the others and prints how many forks succeeded and were refused, threads included, when it began, and when
 * the 500th and the 1,100th fork were done (crossed_ns, midst_ns; CLOCK_BOOTTIME, 0: never).
 */
#include "actor.h"

#include <linux/sched.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define CROSSED	     500
#define MIDST	     1100
#define THREAD_STACK 16384

/* What all processes of the storm share. */
struct shared {
	_Atomic uint64_t forks, refused, tickets, crossed_ns, midst_ns, began_ns, end_ns;
};

static struct shared *storm;
static const char *way, *go, *until, *payload = "";
static char **arguments;
static uint64_t cap = 20000, spawn_cap = UINT64_MAX;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

static void pause_ms(long ms)
{
	struct timespec pause = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&pause, NULL);
}

static void count(long result)
{
	uint64_t forks;

	if (result < 0) {
		storm->refused++;
		storm->tickets--;
		pause_ms(1);
		return;
	}
	forks = ++storm->forks;
	if (forks == CROSSED)
		storm->crossed_ns = now_ns();
	if (forks == MIDST)
		storm->midst_ns = now_ns();
	if (forks == MIDST && *payload) {
		storm->end_ns = storm->midst_ns + 1000000000ULL;
		execl(payload, payload, (char *)NULL);
		die(payload);
	}
}

/* Whoever has a ticket forks. Many ask at once, and no more than the cap get one; if many, they ask seldom. */
static int may_fork(void)
{
	if (storm->tickets < cap && storm->tickets++ < cap)
		return 1;
	pause_ms((long)(cap / 4));
	return 0;
}

static int burning(void)
{
	struct stat there;

	if (until && !stat(until, &there))
		storm->end_ns = 0;
	return now_ns() < storm->end_ns;
}

static void exec_self(void)
{
	execv("/proc/self/exe", arguments);
	_exit(3);
}

static long fork_once(void)
{
	if (!strcmp(way, "clone3")) {
		struct clone_args args = {.exit_signal = SIGCHLD};

		return syscall(SYS_clone3, &args, sizeof(args));
	}
	return fork();
}

static void fork_bomb(int execs)
{
	while (burning()) {
		if (!may_fork())
			continue;
		long child = fork_once();

		if (child == 0 && execs)
			exec_self();
		if (child != 0)
			count(child);
	}
}

static void broad(void)
{
	while (burning()) {
		if (!may_fork())
			continue;
		pid_t child = fork();

		if (child != 0) {
			count(child);
			continue;
		}
		while (burning())
			pause_ms((long)(cap / 4));
	}
}

static void vfork_bomb(void)
{
	while (burning()) {
		if (!may_fork())
			continue;
		pid_t child = vfork();

		if (child == 0)
			exec_self();
		count(child);
	}
}

static void *sleep_to_end(void *unused)
{
	while (now_ns() < storm->end_ns)
		pause_ms(50);
	return unused;
}

static void thread_bomb(void)
{
	pthread_attr_t small;
	pthread_t id;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, THREAD_STACK);
	while (burning()) {
		if (may_fork())
			count(pthread_create(&id, &small, sleep_to_end, NULL) ? -1 : 0);
	}
}

static void doubling(void)
{
	uint64_t second = (now_ns() - storm->began_ns) / 1000000000ULL;

	while (burning()) {
		if ((now_ns() - storm->began_ns) / 1000000000ULL > second && storm->forks < cap) {
			long child = fork();

			if (child)
				count(child);
			second = (now_ns() - storm->began_ns) / 1000000000ULL;
		}
		pause_ms(20);
	}
}

static void spawn(void)
{
	if (fork() < 0)
		die("fork");
	while (burning() && storm->forks < spawn_cap) {
		pid_t child = vfork();

		if (child == 0)
			_exit(0);
		count(child);
		if (child > 0)
			waitpid(child, NULL, 0);
	}
}

static void rage(void)
{
	if (!strcmp(way, "fork") || !strcmp(way, "clone3"))
		fork_bomb(0);
	else if (!strcmp(way, "exec"))
		fork_bomb(1);
	else if (!strcmp(way, "broad"))
		broad();
	else if (!strcmp(way, "vfork"))
		vfork_bomb();
	else if (!strcmp(way, "thread"))
		thread_bomb();
	else if (!strcmp(way, "doubling"))
		doubling();
	else if (!strcmp(way, "spawn"))
		spawn();
	else
		die("storm: no such way");
}

static void parse(int argc, char **argv)
{
	if (argc < 3) {
		errno = EINVAL;
		die("usage: see storm.c");
	}
	arguments = argv;
	way = argv[1];
	for (int i = 3; i < argc; i++) {
		if (!strncmp(argv[i], "go=", 3))
			go = argv[i] + 3;
		else if (!strncmp(argv[i], "until=", 6))
			until = argv[i] + 6;
		else if (!strncmp(argv[i], "payload=", 8))
			payload = argv[i] + 8;
		else if (!strncmp(argv[i], "cap=", 4))
			cap = spawn_cap = strtoull(argv[i] + 4, NULL, 10);
	}
}

/* Counts live in a memfd, whose number reaches children that exec through the environment. */
static int share(void)
{
	const char *inherited = getenv("STORM_FD");
	int fd = inherited ? atoi(inherited) : memfd_create("storm", 0);
	char number[16];

	if (fd < 0 || (!inherited && ftruncate(fd, sizeof(*storm))))
		die("memfd");
	storm = mmap(NULL, sizeof(*storm), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (storm == MAP_FAILED)
		die("mmap");
	snprintf(number, sizeof(number), "%d", fd);
	setenv("STORM_FD", number, 1);
	return inherited != NULL;
}

int main(int argc, char **argv)
{
	pid_t first = getpid();
	struct stat there;

	parse(argc, argv);
	if (share()) {
		rage();
		return 0;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	while (go && stat(go, &there))
		pause_ms(5);
	storm->began_ns = now_ns();
	storm->end_ns = storm->began_ns + strtoull(argv[2], NULL, 10) * 1000000000ULL;
	if (*payload) { /* the first stays, to tell how it went */
		if (fork()) {
			while (now_ns() < storm->end_ns)
				pause_ms(50);
		} else {
			storm->forks++;
			rage();
		}
	} else {
		rage();
	}
	if (getpid() != first)
		_exit(0);
	while (wait(NULL) > 0 || errno == EINTR) {
	}
	printf("{\"actor\":\"storm\",\"way\":\"%s\",\"pid\":%d,\"forks\":%" PRIu64 ",\"refused\":%" PRIu64
	       ",\"began_ns\":%" PRIu64 ",\"crossed_ns\":%" PRIu64 ",\"midst_ns\":%" PRIu64 "}\n",
	       way, first, storm->forks, storm->refused, storm->began_ns, storm->crossed_ns, storm->midst_ns);
	return 0;
}
