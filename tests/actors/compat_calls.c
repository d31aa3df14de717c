/*
 * Makes 32-bit system calls from a 64-bit program, by int $0x80: their numbers mean other calls in the 64-bit table.
 *   compat_calls setuid UID       setresuid32(UID, UID, UID)
 *   compat_calls mount DIR        mount(2) of a tmpfs on DIR, refused: as uid 1000
 * Prints "supported":false where the kernel has no 32-bit entry.
 */
#include "actor.h"

#include <signal.h>
#include <sys/mman.h>

#if defined(__x86_64__)
#define COMPAT_GETPID	   20
#define COMPAT_MOUNT	   21
#define COMPAT_SETRESUID32 208

static long compat(long number, long a, long b, long c, long d, long e)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory", "cc", "r8", "r9", "r10", "r11");
	return (int)result;
}

/* A copy below 4 GiB, where 32-bit calls can reach it. */
static long low(const char *text)
{
	char *copy = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (copy == MAP_FAILED)
		die("mmap");
	return (long)strcpy(copy, text);
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
