/*
 * Changes its ids, one way per run, by raw system calls (the calling thread only) and prints its credentials around each:
 *   setid resuid R E S | resgid R E S | fsuid N | groups N | keepcaps
 *   setid toggle N          setresuid(1000,1000,0), then N seteuid calls between 0 and 1000
 *   setid flood N           N times seteuid to another id and back: 2 N changes, no two alike
 *   setid threads N UID     N threads and the main one, all by glibc's setresuid
 *   setid as UID PROGRAM …  becomes UID, then execs PROGRAM
 *   setid show              prints its credentials: the target of a setuid exec
 */
#include "actor.h"

#include <pthread.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>

static long number(char **argv, int at)
{
	if (!argv[at]) {
		errno = EINVAL;
		die("missing argument");
	}
	return strtol(argv[at], NULL, 0);
}

static void *wait_for_end(void *barrier)
{
	pthread_barrier_wait(barrier);
	return NULL;
}

static long become_with_threads(long threads, uid_t uid)
{
	pthread_barrier_t end;
	pthread_t ids[64];
	long result;

	if (threads < 1 || threads > 64)
		die("threads: 1 to 64");
	pthread_barrier_init(&end, NULL, (unsigned)threads + 1);
	for (long i = 0; i < threads; i++)
		if (pthread_create(&ids[i], NULL, wait_for_end, &end))
			die("pthread_create");
	result = raw_result(setresuid(uid, uid, uid));
	pthread_barrier_wait(&end);
	for (long i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	return result;
}

static long toggle(long times)
{
	long failed = syscall(SYS_setresuid, 1000, 1000, 0) != 0;

	for (long i = 0; i < times; i++)
		failed += syscall(SYS_setresuid, -1, i % 2 ? 1000 : 0, -1) != 0;
	return -failed;
}

static long flood(long times)
{
	long failed = 0;

	for (long i = 0; i < times; i++) {
		failed += syscall(SYS_setresuid, -1, 100000 + i, -1) != 0;
		failed += syscall(SYS_setresuid, -1, 0, -1) != 0;
	}
	return -failed;
}

static long act(char **argv)
{
	const char *what = argv[1];

	if (!strcmp(what, "resuid"))
		return raw_result(syscall(SYS_setresuid, number(argv, 2), number(argv, 3), number(argv, 4)));
	if (!strcmp(what, "resgid"))
		return raw_result(syscall(SYS_setresgid, number(argv, 2), number(argv, 3), number(argv, 4)));
	if (!strcmp(what, "fsuid"))
		return syscall(SYS_setfsuid, number(argv, 2));
	if (!strcmp(what, "groups")) {
		gid_t group = (gid_t)number(argv, 2);
		return raw_result(syscall(SYS_setgroups, 1, &group));
	}
	if (!strcmp(what, "keepcaps"))
		return raw_result(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
	if (!strcmp(what, "toggle"))
		return toggle(number(argv, 2));
	if (!strcmp(what, "flood"))
		return flood(number(argv, 2));
	if (!strcmp(what, "threads"))
		return become_with_threads(number(argv, 2), (uid_t)number(argv, 3));
	if (!strcmp(what, "as")) {
		uid_t uid = (uid_t)number(argv, 2);
		return raw_result(setresgid(uid, uid, uid)) | raw_result(setresuid(uid, uid, uid));
	}
	if (!strcmp(what, "show"))
		return 0;
	errno = EINVAL;
	die(what);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		errno = EINVAL;
		die("usage: see setid.c");
	}
	printf("{\"actor\":\"setid\",\"did\":\"%s\",\"pid\":%d,", argv[1], getpid());
	print_credentials("before");
	printf(",\"result\":%ld,", act(argv));
	print_credentials("after");
	printf("}\n");
	fflush(stdout);
	if (!strcmp(argv[1], "as") && argv[3]) {
		execv(argv[3], argv + 3);
		die(argv[3]);
	}
	return 0;
}
