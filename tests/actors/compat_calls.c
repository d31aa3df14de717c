/*
 * Makes 32-bit system calls from a 64-bit program, by int $0x80: their numbers mean other calls in the 64-bit table.
 *   compat_calls setuid UID       setresuid32(UID, UID, UID)
 *   compat_calls mount DIR        mount(2) of a tmpfs on DIR, refused: as uid 1000
 *   compat_calls tree DIR         open_tree, move_mount, umount2, pivot_root and unshare on directories made below DIR, in a
 *                                 private mount namespace
 * Prints "supported":false where the kernel has no 32-bit entry.
 */
#include "compat.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>

#if defined(__x86_64__)
static long low(const char *text)
{
	return low_copy(text, strlen(text) + 1);
}

static void unsupported(int signal)
{
	(void)signal;
	static const char line[] = "{\"actor\":\"compat_calls\",\"supported\":false}\n";
	_exit(write(STDOUT_FILENO, line, sizeof(line) - 1) < 0);
}

static long told(const char *op, const char *source, const char *target, unsigned long flags, long result)
{
	printf("{\"actor\":\"compat_calls\",\"supported\":true,\"pid\":%d,\"op\":\"%s\",\"source\":\"%s\",\"target\":\"%s\","
	       "\"flags\":%lu,\"result\":%ld}\n",
	       getpid(), op, source, target, flags, result);
	return result;
}

static void tree(const char *dir)
{
	char from[256], to[256], put_old[300];

	snprintf(from, sizeof(from), "%s/compat-from", dir);
	snprintf(to, sizeof(to), "%s/compat-to", dir);
	snprintf(put_old, sizeof(put_old), "%s/put", from);
	mkdir(from, 0755);
	mkdir(to, 0755);
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("hullfs", from, "tmpfs", 0, NULL) || mkdir(put_old, 0755))
		die("private mount namespace");
	long fd = told("open_tree", "", from, 1, compat(COMPAT_OPEN_TREE, AT_FDCWD, low(from), 1, 0, 0));
	told("move_mount", "", to, 4, compat(COMPAT_MOVE_MOUNT, fd, low(""), AT_FDCWD, low(to), 4));
	told("umount2", "", to, 2, compat(COMPAT_UMOUNT2, low(to), 2, 0, 0, 0));
	told("unshare", "", "", CLONE_NEWUTS, compat(COMPAT_UNSHARE, CLONE_NEWUTS, 0, 0, 0, 0));
	told("pivot_root", put_old, from, 0, compat(COMPAT_PIVOT_ROOT, low(from), low(put_old), 0, 0, 0));
}

int main(int argc, char **argv)
{
	if (argc != 3)
		die("usage: see compat_calls.c");
	signal(SIGSEGV, unsupported);
	if (compat(COMPAT_GETPID, 0, 0, 0, 0, 0) != getpid())
		unsupported(0);
	if (!strcmp(argv[1], "setuid")) {
		long uid = atol(argv[2]);
		printf("{\"actor\":\"compat_calls\",\"supported\":true,\"pid\":%d,", getpid());
		print_credentials("before");
		printf(",\"result\":%ld,", compat(COMPAT_SETRESUID32, uid, uid, uid, 0, 0));
		print_credentials("after");
		printf("}\n");
		return 0;
	}
	if (!strcmp(argv[1], "tree")) {
		tree(argv[2]);
		return 0;
	}
	if (syscall(SYS_setresuid, 1000, 1000, 1000))
		die("setresuid");
	long result = compat(COMPAT_MOUNT, low("hullfs"), low(argv[2]), low("tmpfs"), 2, low("size=1m"));
	printf("{\"actor\":\"compat_calls\",\"supported\":true,\"pid\":%d,\"source\":\"hullfs\",\"target\":\"%s\","
	       "\"fstype\":\"tmpfs\",\"flags\":2,\"result\":%ld}\n",
	       getpid(), argv[2], result);
	return 0;
}
#else
int main(void)
{
	puts("{\"actor\":\"compat_calls\",\"supported\":false}");
	return 0;
}
#endif
