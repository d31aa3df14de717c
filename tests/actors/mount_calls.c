/*
 * Makes every mount call in a private mount namespace and prints, for each, what it asked and what the kernel answered:
 *   mount_calls all DIR      the whole set, on directories made below DIR
 *   mount_calls denied DIR   mount(2), umount2(2), fsopen(2) as uid 1000 without capabilities: each EPERM
 *   mount_calls failed DIR   mount(2) of an unknown filesystem: ENODEV
 *   mount_calls flood DIR    FLOOD mounts of a tmpfs, then twice one of a disk that is not there; tells of these only
 *   mount_calls absent DIR   pivot_root(2) with strings in pages that were never touched
 */
#include "actor.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>

#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#define MS_REC_PRIVATE (16384 | 1 << 18)
#define MS_BIND_FLAG   4096
#define FLOOD	       300

int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
int umount2(const char *target, int flags);

static long told(const char *op, const char *source, const char *target, const char *type, unsigned long flags, long result)
{
	printf("{\"actor\":\"mount_calls\",\"op\":\"%s\",\"pid\":%d,\"source\":\"%s\",\"target\":\"%s\",\"fstype\":\"%s\","
	       "\"flags\":%lu,\"result\":%ld}\n",
	       op, getpid(), source, target, type, flags, result);
	return result;
}

static void do_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)
{
	told("mount", source, target, type, flags, raw_result(mount(source, target, type, flags, data)));
}

static void do_umount(const char *target, int flags)
{
	told("umount2", "", target, "", (unsigned long)flags, raw_result(umount2(target, flags)));
}

static const char *below(const char *dir, const char *name)
{
	static char paths[8][512];
	static int next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	if (mkdir(path, 0755) && errno != EEXIST)
		die(path);
	return path;
}

static void new_api(const char *target)
{
	long fs = told("fsopen", "", "", "tmpfs", 0, raw_result(syscall(SYS_fsopen, "tmpfs", 0)));

	syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "source", "hulltest", 0);
	told("fsconfig", "hulltest", "", "tmpfs", 0, raw_result(syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0)));
	long mnt = told("fsmount", "hulltest", "", "tmpfs", MOUNT_ATTR_NOSUID,
			raw_result(syscall(SYS_fsmount, fs, 0, MOUNT_ATTR_NOSUID)));
	told("move_mount", "", target, "", MOVE_MOUNT_F_EMPTY_PATH,
	     raw_result(syscall(SYS_move_mount, mnt, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH)));
	struct {
		uint64_t set, clr, propagation, userns;
	} attr = {.set = MOUNT_ATTR_RDONLY, .clr = MOUNT_ATTR_NOSUID};
	told("mount_setattr", "", target, "", attr.set,
	     raw_result(syscall(SYS_mount_setattr, AT_FDCWD, target, 0, &attr, sizeof(attr))));
	long picked = told("fspick", "", target, "", 0, raw_result(syscall(SYS_fspick, AT_FDCWD, target, 0)));
	told("open_tree", "", target, "", OPEN_TREE_CLONE,
	     raw_result(syscall(SYS_open_tree, AT_FDCWD, target, OPEN_TREE_CLONE)));
	close((int)picked);
	close((int)mnt);
	close((int)fs);
}

static void enter_private_namespace(void)
{
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC_PRIVATE, NULL))
		die("private mount namespace");
}

static void all(const char *dir)
{
	const char *old = below(dir, "old"), *bound = below(dir, "bound"), *api = below(dir, "api");

	enter_private_namespace();
	do_mount("hullfs", old, "tmpfs", 2, "size=1m,mode=700");
	do_mount(old, bound, "", MS_BIND_FLAG, NULL);
	do_umount(bound, 2);
	new_api(api);
	do_umount(api, 2);
	const char *put_old = below(old, "put");
	told("pivot_root", put_old, old, "", 0, raw_result(syscall(SYS_pivot_root, old, put_old)));
}

static void denied(const char *dir)
{
	const char *target = below(dir, "denied");

	if (syscall(SYS_setresgid, 1000, 1000, 1000) || syscall(SYS_setresuid, 1000, 1000, 1000))
		die("setresuid");
	do_mount("hullfs", target, "tmpfs", 0, NULL);
	do_umount(target, 0);
	told("fsopen", "", "", "tmpfs", 0, raw_result(syscall(SYS_fsopen, "tmpfs", 0)));
}

/* A string from a file's page cache: mapped, but not in this process's page table until somebody touches it. */
static const char *untouched(const char *text)
{
	char name[] = "/tmp/hullwatch-actor-XXXXXX";
	int file = mkstemp(name);

	if (file < 0 || unlink(name) || write(file, text, strlen(text) + 1) < 0)
		die(name);
	const char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, file, 0);
	if (page == MAP_FAILED)
		die("mmap");
	close(file);
	return page;
}

static void absent(const char *dir)
{
	const char *old = below(dir, "old");

	enter_private_namespace();
	do_mount("hullfs", old, "tmpfs", 0, NULL);
	const char *put_old = below(old, "put");
	long result = raw_result(syscall(SYS_pivot_root, untouched(old), untouched(put_old)));
	told("pivot_root", put_old, old, "", 0, result);
}

static void flood(const char *dir)
{
	const char *target = below(dir, "flood");

	enter_private_namespace();
	for (int i = 0; i < FLOOD; i++)
		if (mount("flood", target, "tmpfs", 0, NULL))
			die("mount");
	for (int i = 0; i < 2; i++)
		do_mount("/dev/no-such-disk", target, "ext4", 0, NULL);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		errno = EINVAL;
		die("usage: see mount_calls.c");
	}
	if (!strcmp(argv[1], "all"))
		all(argv[2]);
	else if (!strcmp(argv[1], "denied"))
		denied(argv[2]);
	else if (!strcmp(argv[1], "flood"))
		flood(argv[2]);
	else if (!strcmp(argv[1], "absent"))
		absent(argv[2]);
	else if (!strcmp(argv[1], "failed")) {
		enter_private_namespace();
		do_mount("hullfs", below(argv[2], "failed"), "no-such-fs", 0, NULL);
	} else {
		errno = EINVAL;
		die(argv[1]);
	}
	return 0;
}
