/*
 * Fills the critical ring as fast as one container can, for SECONDS: one process toggles its effective id, one mounts and
 * unmounts in a user namespace of its own and at last tries to mount a disk, one makes and removes a cgroup below CGROUP_DIR
 * (left out when that is ""):
 *   critical_flood SECONDS CGROUP_DIR
 * Prints how many of each it did.
 */
#include "actor.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

static struct timespec end;

static int going(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec < end.tv_sec || (now.tv_sec == end.tv_sec && now.tv_nsec < end.tv_nsec);
}

/* No two transitions alike: the kernel counts repeats of one, this is about what it must send. */
static void toggle(_Atomic uint64_t *done)
{
	for (uid_t id = 100000; going(); id++)
		for (int i = 0; i < 100; i++, id++)
			*done += !syscall(SYS_setresuid, -1, id, -1) + !syscall(SYS_setresuid, -1, 0, -1);
}

static void mounts(_Atomic uint64_t *done)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		die("unshare");
	while (going())
		for (int i = 0; i < 20; i++)
			*done += !mount("flood", "/mnt", "tmpfs", 0, NULL) + !umount2("/mnt", MNT_DETACH);
	mount("/dev/the-disk", "/mnt", "ext4", 0, NULL); /* what the flood is to hide */
}

static void cgroups(_Atomic uint64_t *done, const char *below)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/flood", below);
	while (going())
		for (int i = 0; i < 20; i++)
			*done += !mkdir(path, 0755) + !rmdir(path);
}

int main(int argc, char **argv)
{
	_Atomic uint64_t *done = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (argc < 3 || done == MAP_FAILED) {
		errno = EINVAL;
		die("usage: see critical_flood.c");
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += strtol(argv[1], NULL, 10);
	for (int i = 0; i < 3; i++) {
		if (fork())
			continue;
		if (i == 0)
			toggle(&done[0]);
		else if (i == 1)
			mounts(&done[1]);
		else if (*argv[2])
			cgroups(&done[2], argv[2]);
		_exit(0);
	}
	while (wait(NULL) > 0) {
	}
	printf("{\"actor\":\"critical_flood\",\"setuid\":%" PRIu64 ",\"mount\":%" PRIu64 ",\"cgroup\":%" PRIu64 "}\n", done[0],
	       done[1], done[2]);
	return 0;
}
