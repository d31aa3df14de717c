/*
 * Makes 32-bit system calls from a 64-bit program, by int $0x80: their numbers mean other calls in the 64-bit table.
 *   compat_calls setuid UID       setresuid32(UID, UID, UID)
 *   compat_calls mount DIR        mount(2) of a tmpfs on DIR, refused: as uid 1000
 * Prints "supported":false where the kernel has no 32-bit entry.
 */
#include "compat.h"

#include <signal.h>

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
