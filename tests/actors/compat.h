/* 32-bit system calls from a 64-bit program, by int $0x80. x86-64 only. */
#ifndef HULLWATCH_COMPAT_H
#define HULLWATCH_COMPAT_H

#include "actor.h"

#include <sys/mman.h>

#if defined(__x86_64__)
#define COMPAT_WRITE	   4
#define COMPAT_GETPID	   20
#define COMPAT_MOUNT	   21
#define COMPAT_UMOUNT2	   52
#define COMPAT_SETRESUID32 208
#define COMPAT_PIVOT_ROOT  217
#define COMPAT_UNSHARE	   310
#define COMPAT_CONNECT	   362
#define COMPAT_OPEN_TREE   428
#define COMPAT_MOVE_MOUNT  429

static inline long compat(long number, long a, long b, long c, long d, long e)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory", "cc", "r8", "r9", "r10", "r11");
	return (int)result;
}

/* A copy below 4 GiB, where 32-bit calls can reach it. */
static inline long low_copy(const void *bytes, size_t size)
{
	void *copy = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (copy == MAP_FAILED)
		die("mmap");
	return (long)memcpy(copy, bytes, size);
}
#endif

#endif
