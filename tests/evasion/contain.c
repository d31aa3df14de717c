/*
 * The least a container runtime does, for machines without one: the suite's rows run in what this makes.
 *   contain CGROUP ROOT OPTIONS COMMAND [ARG…]
 *     CGROUP   a directory of a cgroup hierarchy, made here; its name is the container's
 *     ROOT     a directory: lower layer of the container's overlay, or, without overlayfs, bound with a tmpfs on /tmp
 *     OPTIONS  "-" or words joined by commas: caps=HEX (default: docker's set; of it what this machine has) uid=N hostpid
 * hostnet bind=FROM:TO (TO is made) connect=PATH (descriptor 9 is a connection the node made) hand=PATH (it comes over
 * descriptor 9, by SCM_RIGHTS) hold=PATH (the node's process of CONTAIN_PID keeps it as descriptor 8) The container is in place
 * before the command's exec, as with a real runtime: the cgroup by the host, then the namespaces. The environment tells
 * OWN_CGROUP (the directory's last two names), CONTAIN_PID, and OVERLAY where the root is one. Prints nothing of its own; ends
 * as the command did; 125: it could not be made.
 */
#include "../actors/actor.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#define DOCKERS_CAPABILITIES 0xa80425fbULL

struct options {
	uint64_t capabilities;
	unsigned uid;
	int host_pid, host_net;
	char *bind_from[4], *bind_to[4];
	int binds;
	char *connect, *hand, *hold;
};

static void fail(const char *what)
{
	fprintf(stderr, "contain: %s: %s\n", what, strerror(errno));
	_exit(125);
}

static int must(int result, const char *what)
{
	if (result < 0)
		fail(what);
	return result;
}

static struct options read_options(char *text)
{
	struct options o = {.capabilities = DOCKERS_CAPABILITIES};

	for (char *word = strtok(text, ","); word; word = strtok(NULL, ",")) {
		if (!strncmp(word, "caps=", 5))
			o.capabilities = strtoull(word + 5, NULL, 16);
		else if (!strncmp(word, "uid=", 4))
			o.uid = (unsigned)atoi(word + 4);
		else if (!strcmp(word, "hostpid"))
			o.host_pid = 1;
		else if (!strcmp(word, "hostnet"))
			o.host_net = 1;
		else if (!strncmp(word, "connect=", 8))
			o.connect = word + 8;
		else if (!strncmp(word, "hand=", 5))
			o.hand = word + 5;
		else if (!strncmp(word, "hold=", 5))
			o.hold = word + 5;
		else if (!strncmp(word, "bind=", 5) && strchr(word, ':') && o.binds < 4) {
			o.bind_from[o.binds] = word + 5;
			o.bind_to[o.binds] = strchr(word, ':');
			*o.bind_to[o.binds++]++ = '\0';
		} else if (strcmp(word, "-")) {
			errno = EINVAL;
			fail(word);
		}
	}
	return o;
}

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fail(path);
	close(fd);
}

static void make(const char *path)
{
	if (mkdir(path, 0755) && errno != EEXIST)
		fail(path);
}

static void bind_in_root(int from, const char *to)
{
	struct stat kind;
	char source[64], target[512];

	snprintf(source, sizeof(source), "/proc/self/fd/%d", from);
	snprintf(target, sizeof(target), "/tmp/root%s", to);
	must(stat(source, &kind), source);
	if (S_ISDIR(kind.st_mode))
		make(target);
	else
		close(must(open(target, O_CREAT | O_WRONLY | O_CLOEXEC, 0644), target));
	must(mount(source, target, NULL, MS_BIND | MS_REC, NULL), target);
}

static void make_devices(void)
{
	must(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), "/proc");
	must(mount("tmpfs", "/dev", "tmpfs", MS_NOSUID, "mode=755"), "/dev");
	make("/dev/shm");
	must(mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777"), "/dev/shm");
	must(mknod("/dev/null", S_IFCHR | 0666, 1 << 8 | 3), "/dev/null");
}

/* A tmpfs holds what the container writes; the new root is an overlay on ROOT, or ROOT itself. */
static void make_root(const char *root, const struct options *o)
{
	char data[1024];
	int from[4];

	must(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), "private mounts");
	int image = must(open(root, O_PATH | O_DIRECTORY | O_CLOEXEC), root);
	for (int i = 0; i < o->binds; i++)
		from[i] = must(open(o->bind_from[i], O_PATH | O_CLOEXEC), o->bind_from[i]);
	must(mount("tmpfs", "/tmp", "tmpfs", 0, "mode=755"), "tmpfs");
	make("/tmp/upper");
	make("/tmp/work");
	make("/tmp/root");
	snprintf(data, sizeof(data), "lowerdir=/proc/self/fd/%d,upperdir=/tmp/upper,workdir=/tmp/work", image);
	if (mount("overlay", "/tmp/root", "overlay", 0, data) == 0) {
		setenv("OVERLAY", "1", 1);
	} else {
		snprintf(data, sizeof(data), "/proc/self/fd/%d", image);
		must(mount(data, "/tmp/root", NULL, MS_BIND, NULL), "bind of the root");
		must(mount("tmpfs", "/tmp/root/tmp", "tmpfs", 0, "mode=1777"), "tmpfs on /tmp");
	}
	for (int i = 0; i < o->binds; i++)
		bind_in_root(from[i], o->bind_to[i]);
	must(chdir("/tmp/root"), "chdir");
	must((int)syscall(SYS_pivot_root, ".", "."), "pivot_root");
	must(umount2(".", MNT_DETACH), "umount of the old root");
	must(chdir("/"), "chdir");
	make_devices();
}

/* ---- what the node's process does for the rows about descriptors ---- */

#define HANDED 9
#define HELD   8

static int connected(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = must(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	must(connect(fd, (struct sockaddr *)&address, sizeof(address)), path);
	return fd;
}

static void hand_over(int through, const char *path)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	int fd = connected(path);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	must((int)sendmsg(through, &message, 0), "sendmsg");
	close(fd);
}

/* Descriptors are in place before the container's first process is made. */
static void prepare(const struct options *o)
{
	char text[16];
	int pair[2];

	snprintf(text, sizeof(text), "%d", getpid());
	setenv("CONTAIN_PID", text, 1);
	if (o->connect)
		must(dup2(connected(o->connect), HANDED), "dup2");
	if (o->hold)
		must(dup3(connected(o->hold), HELD, O_CLOEXEC), "dup3");
	if (o->hand) {
		must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
		hand_over(pair[0], o->hand);
		must(dup2(pair[1], HANDED), "dup2");
	}
}

static void tell_cgroup(const char *directory)
{
	const char *name = strrchr(directory, '/');

	while (name && name > directory && *--name != '/')
		;
	setenv("OWN_CGROUP", name ? name + 1 : directory, 1);
}

static void drop(const struct options *o)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2] = {0};

	for (int cap = 0; cap <= 63; cap++)
		if (!(o->capabilities >> cap & 1) && prctl(PR_CAPBSET_READ, cap) == 1)
			must(prctl(PR_CAPBSET_DROP, cap), "bounding set");
	must(setgroups(0, NULL), "setgroups");
	if (o->uid) {
		must((int)syscall(SYS_setresgid, o->uid, o->uid, o->uid), "setresgid");
		must((int)syscall(SYS_setresuid, o->uid, o->uid, o->uid), "setresuid");
	}
	/* never more than this machine gave us */
	must((int)syscall(SYS_capget, &header, sets), "capget");
	for (int half = 0; half < 2; half++) {
		uint32_t wanted = o->uid ? 0 : (uint32_t)(o->capabilities >> 32 * half);

		sets[half].effective = sets[half].permitted &= wanted;
		sets[half].inheritable = 0;
	}
	must((int)syscall(SYS_capset, &header, sets), "capset");
}

static int result_of(pid_t child)
{
	int status = 0;

	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	char procs[512];

	if (argc < 5)
		fail("usage: see contain.c");
	struct options o = read_options(argv[3]);
	make(argv[1]);
	tell_cgroup(argv[1]);
	prepare(&o);
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", argv[1]);
	pid_t init = must(fork(), "fork");
	if (init) {
		close(HANDED);
		return result_of(init);
	}

	write_text(procs, "0");
	must(unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP | (o.host_pid ? 0 : CLONE_NEWPID) |
		     (o.host_net ? 0 : CLONE_NEWNET)),
	     "unshare");
	pid_t first = must(fork(), "fork");
	if (first)
		_exit(result_of(first));
	setsid();
	make_root(argv[2], &o);
	drop(&o);
	execv(argv[4], argv + 4);
	fail(argv[4]);
}
