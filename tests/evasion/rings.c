/* Family 2: io_uring, without its library. */
#include "evade.h"

#include "../actors/unix_address.h"

#include <linux/io_uring.h>
#include <sys/socket.h>
#include <sys/un.h>

struct ring {
	int fd;
	struct io_uring_params params;
	char *submissions, *completions;
	struct io_uring_sqe *entries;
};

static struct ring ring_with(unsigned flags)
{
	struct ring ring = {.params = {.flags = flags, .sq_thread_idle = 1000}};

	ring.fd = (int)syscall(SYS_io_uring_setup, 4, &ring.params);
	if (ring.fd < 0)
		cannot("the kernel lets nobody make an io_uring");
	size_t length = ring.params.sq_off.array + ring.params.sq_entries * sizeof(uint32_t);
	size_t done = ring.params.cq_off.cqes + ring.params.cq_entries * sizeof(struct io_uring_cqe);
	ring.submissions = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring.fd, IORING_OFF_SQ_RING);
	ring.completions = mmap(NULL, done, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring.fd, IORING_OFF_CQ_RING);
	ring.entries = mmap(NULL, ring.params.sq_entries * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_POPULATE, ring.fd, IORING_OFF_SQES);
	if (ring.submissions == MAP_FAILED || ring.completions == MAP_FAILED || ring.entries == MAP_FAILED)
		die("mmap of the ring");
	return ring;
}

static unsigned *word(char *base, unsigned offset)
{
	return (unsigned *)(base + offset);
}

/* One request, waited for; its result. */
static int perform(struct ring *ring, const struct io_uring_sqe *entry)
{
	unsigned *tail = word(ring->submissions, ring->params.sq_off.tail);
	unsigned *head = word(ring->completions, ring->params.cq_off.head);
	unsigned index = *tail & *word(ring->submissions, ring->params.sq_off.ring_mask);

	ring->entries[index] = *entry;
	word(ring->submissions, ring->params.sq_off.array)[index] = index;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (ring->params.flags & IORING_SETUP_SQPOLL) {
		/* the kernel's thread looks by itself, unless it has gone to sleep */
		while (__atomic_load_n(word(ring->completions, ring->params.cq_off.tail), __ATOMIC_ACQUIRE) == *head) {
			syscall(SYS_io_uring_enter, ring->fd, 0, 0, IORING_ENTER_SQ_WAKEUP, NULL, 0);
			sched_yield();
		}
	} else {
		must(syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0), "io_uring_enter");
	}
	struct io_uring_cqe *done = (struct io_uring_cqe *)(ring->completions + ring->params.cq_off.cqes) +
				    (*head & *word(ring->completions, ring->params.cq_off.ring_mask));
	int result = done->res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return result;
}

static void connect_through(unsigned setup, unsigned flags, const char *path)
{
	struct ring ring = ring_with(setup);
	struct sockaddr_un address;
	socklen_t length = unix_address(&address, path);
	int fd = (int)must(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
	struct io_uring_sqe entry = {.opcode = IORING_OP_CONNECT, .flags = (uint8_t)flags, .fd = fd};

	entry.addr = (uint64_t)(uintptr_t)&address;
	entry.off = length;
	int result = perform(&ring, &entry);
	if (result) {
		errno = -result;
		die("connect by io_uring");
	}
	ask(fd);
}

static void ring_made(void)
{
	ring_with(0);
	tell(getpid());
}

static void no_ring(void)
{
	tell(getpid());
}

static void ring_connect(void)
{
	connect_through(0, 0, RUNTIME);
}

static void ring_connect_async(void)
{
	connect_through(0, IOSQE_ASYNC, RUNTIME);
}

static void ring_connect_polled(void)
{
	connect_through(IORING_SETUP_SQPOLL, 0, RUNTIME);
}

static void connect_decoy(void)
{
	ask(connected(DECOY));
}

static void personality(void)
{
	struct ring ring = ring_with(0);

	must(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_PERSONALITY, NULL, 0), "IORING_REGISTER_PERSONALITY");
	tell(getpid());
}

const struct row ring_rows[] = {
    {"ring_made", ring_made, no_ring},
    {"ring_personality", personality, no_ring},
    {"ring_connect", ring_connect, connect_decoy},
    {"ring_connect_async", ring_connect_async, connect_decoy},
    {"ring_connect_polled", ring_connect_polled, connect_decoy},
    {0},
};
