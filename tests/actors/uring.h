/* One operation at a time by io_uring, without liburing. */
#ifndef HULLWATCH_URING_H
#define HULLWATCH_URING_H

#include "actor.h"

#include <linux/io_uring.h>
#include <sys/mman.h>

/*
 * Submits `operation` with `flags` (IOSQE_ASYNC: always by a worker thread) and waits for it; its result is returned.
 * Submission thread mode is not used.
 */
static inline int uring_run(struct io_uring_sqe operation)
{
	struct io_uring_params params = {0};
	int ring = (int)syscall(SYS_io_uring_setup, 1, &params);
	size_t length = params.sq_off.array + params.sq_entries * sizeof(unsigned);
	size_t completions = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
	char *rings, *results;
	struct io_uring_sqe *entries;
	int result;

	if (ring < 0)
		die("io_uring_setup");
	rings = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQ_RING);
	results = mmap(NULL, completions, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_CQ_RING);
	entries = mmap(NULL, params.sq_entries * sizeof(*entries), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring,
		       IORING_OFF_SQES);
	if (rings == MAP_FAILED || results == MAP_FAILED || entries == MAP_FAILED)
		die("mmap of a ring");
	entries[0] = operation;
	((unsigned *)(rings + params.sq_off.array))[0] = 0;
	__atomic_store_n((unsigned *)(rings + params.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		die("io_uring_enter");
	result = ((struct io_uring_cqe *)(results + params.cq_off.cqes))[0].res;
	munmap(entries, params.sq_entries * sizeof(*entries));
	munmap(results, completions);
	munmap(rings, length);
	close(ring);
	return result;
}

#endif
