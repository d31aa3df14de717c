/* Families 17 and 18: whose container a process is in, and whose namespaces. The runner binds the cgroup hierarchy on /cg. */
#include "evade.h"

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif
#define NESTED "docker-00000000000000000000000000000000000000000000000000000000000000ff.scope"

static void write_to(const char *path, const char *text)
{
	int fd = (int)must(open(path, O_WRONLY | O_CLOEXEC), path);

	must(write(fd, text, strlen(text)), path);
	close(fd);
}

/* Of the container, below /cg: what /proc says from the hierarchy's root, which this process does not see itself in. */
static const char *own_cgroup(const char *file)
{
	static char path[1024];
	const char *name = getenv("OWN_CGROUP");

	snprintf(path, sizeof(path), "/cg/%s/%s", name ? name : "", file);
	return path;
}

static void move_to(const char *directory)
{
	char path[1100];

	snprintf(path, sizeof(path), "%s/cgroup.procs", directory);
	write_to(path, "0");
}

static const char *made(const char *directory)
{
	if (mkdir(directory, 0755) && errno != EEXIST)
		die(directory);
	return directory;
}

static void to_root_cgroup(void)
{
	move_to("/cg");
	tell(getpid());
}

/* Where it belongs does not change: what it does afterwards is still the container's. */
static void acts_from_elsewhere(void)
{
	move_to("/cg");
	be_noticed();
	tell(getpid());
}

static void moves_within(void)
{
	move_to(made(own_cgroup("inner")));
	tell(getpid());
	move_to(own_cgroup(""));
	must(rmdir(own_cgroup("inner")), "rmdir");
}

static void look_alike_outside(void)
{
	char directory[1024];

	snprintf(directory, sizeof(directory), "/cg/%s", NESTED);
	move_to(made(directory));
	be_noticed();
	tell(getpid());
	move_to(own_cgroup(""));
	rmdir(directory);
}

static void look_alike_inside(void)
{
	move_to(made(own_cgroup(NESTED)));
	be_noticed();
	tell(getpid());
	move_to(own_cgroup(""));
	rmdir(own_cgroup(NESTED));
}

static long into_cgroup(const char *directory)
{
	uint64_t args[11] = {CLONE_INTO_CGROUP};

	args[4] = SIGCHLD;
	args[10] = (uint64_t)must(open(directory, O_PATH | O_DIRECTORY), directory);
	long child = syscall(SYS_clone3, args, sizeof(args));
	if (child < 0 && (errno == ENOSYS || errno == EINVAL || errno == EBADF))
		cannot("clone3 knows no CLONE_INTO_CGROUP here (cgroup v1?)");
	return must(child, "clone3");
}

static void born_elsewhere(void)
{
	long child = into_cgroup("/cg");

	if (child == 0) {
		be_noticed();
		_exit(0);
	}
	end_of((pid_t)child);
	tell((pid_t)child);
}

static void born_within(void)
{
	long child = into_cgroup(made(own_cgroup("inner")));

	if (child == 0)
		_exit(0);
	end_of((pid_t)child);
	rmdir(own_cgroup("inner"));
}

static void new_cgroup_namespace(void)
{
	must(unshare(CLONE_NEWCGROUP), "unshare");
	tell(getpid());
}

static void reads_its_cgroup(void)
{
	char line[512];
	FILE *cgroup = fopen("/proc/self/cgroup", "r");

	while (cgroup && fgets(line, sizeof(line), cgroup))
		;
	tell(getpid());
}

/* ---- 18 ---- */

/* A process of the node: contain. (Its init may be protected from all others.) */
static const char *of_the_node(const char *kind)
{
	static char path[64];

	snprintf(path, sizeof(path), "/proc/%s/ns/%s", getenv("CONTAIN_PID"), kind);
	return path;
}

static void enter(const char *kind, int flag)
{
	const char *path = of_the_node(kind);

	must(setns((int)must(open(path, O_RDONLY | O_CLOEXEC), path), flag), "setns");
	tell(getpid());
}

static void enters_uts(void)
{
	enter("uts", CLONE_NEWUTS);
}

static void enters_mnt(void)
{
	enter("mnt", CLONE_NEWNS);
}

static void enters_net(void)
{
	enter("net", CLONE_NEWNET);
}

static void enters_by_pidfd(void)
{
	int pidfd = (int)syscall(SYS_pidfd_open, atoi(getenv("CONTAIN_PID")), 0);

	if (pidfd < 0)
		cannot("the kernel has no pidfd_open");
	if (setns(pidfd, CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS)) {
		if (errno == EINVAL || errno == EBADF)
			cannot("setns takes no pidfd here");
		die("setns");
	}
	tell(getpid());
}

static void enters_and_acts(void)
{
	must(setns((int)must(open(of_the_node("mnt"), O_RDONLY), "namespace"), CLONE_NEWNS), "setns");
	be_noticed();
	tell(getpid());
}

static void opens_own(void)
{
	must(open("/proc/self/ns/uts", O_RDONLY), "/proc/self/ns/uts");
	tell(getpid());
}

static void unshares(void)
{
	must(unshare(CLONE_NEWNS | CLONE_NEWUTS), "unshare");
	tell(getpid());
}

static int ends_at_once(void *unused)
{
	(void)unused;
	return 0;
}

static void child_with_namespaces(void)
{
	static char stack[16384] __attribute__((aligned(16)));

	pid_t child =
	    (pid_t)must(clone(ends_at_once, stack + sizeof(stack), CLONE_NEWNS | CLONE_NEWPID | SIGCHLD, NULL), "clone");
	end_of(child);
	tell(getpid());
}

static void new_user_namespace(void)
{
	if (unshare(CLONE_NEWUSER))
		cannot("user namespaces are not allowed");
	write_to("/proc/self/setgroups", "deny");
	write_to("/proc/self/uid_map", "0 1000 1");
	/* root there, so allowed to have a mount namespace of its own */
	must(unshare(CLONE_NEWNS), "unshare(CLONE_NEWNS)");
	tell(getpid());
}

static void asks_its_ids(void)
{
	if (getuid() != 1000)
		die("not uid 1000");
	tell(getpid());
}

static void forks(void)
{
	tell(forked(nothing));
}

const struct row container_rows[] = {
    {"to_root_cgroup", to_root_cgroup, moves_within},
    {"acts_from_elsewhere", acts_from_elsewhere, moves_within},
    {"look_alike_outside", look_alike_outside, moves_within},
    {"look_alike_inside", look_alike_inside, moves_within},
    {"born_elsewhere", born_elsewhere, born_within},
    {"new_cgroup_namespace", new_cgroup_namespace, reads_its_cgroup},
    {"enters_uts", enters_uts, opens_own},
    {"enters_mnt", enters_mnt, opens_own},
    {"enters_net", enters_net, opens_own},
    {"enters_by_pidfd", enters_by_pidfd, opens_own},
    {"enters_and_acts", enters_and_acts, opens_own},
    {"unshares", unshares, forks},
    {"child_with_namespaces", child_with_namespaces, forks},
    {"new_user_namespace", new_user_namespace, asks_its_ids},
    {0},
};
