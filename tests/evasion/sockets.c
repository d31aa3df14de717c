/*
 * Families 5 to 8: ways to a runtime's socket. The runner's own "dockerd" listens on /rt/docker.sock (bound from the node), a
 * program of no runtime on /rt/decoy/docker.sock, a "containerd-shim" on an abstract name. Contact is what is judged here; what
 * is asked over it is always the same.
 */
#include "evade.h"

#include "../actors/unix_address.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/un.h>

int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#define HANDED 9 /* what contain gave us: a connection, or a socket it sends one over */
#define HELD   8 /* its own */

static const char request[] = "GET /v1.41/containers/json HTTP/1.1\r\nHost: docker\r\n\r\n";

void answered(int fd)
{
	char answer;

	must(shutdown(fd, SHUT_WR), "shutdown");
	must(read(fd, &answer, 1), "the server's answer");
	tell(getpid());
}

void ask(int fd)
{
	must(write(fd, request, sizeof(request) - 1), "write");
	answered(fd);
}

int connected(const char *path)
{
	struct sockaddr_un address;
	socklen_t length = unix_address(&address, path);
	int fd = (int)must(socket(AF_UNIX, SOCK_STREAM, 0), "socket");

	must(connect(fd, (struct sockaddr *)&address, length), path);
	return fd;
}

static void by_path(void)
{
	ask(connected(RUNTIME));
}

static void decoy(void)
{
	ask(connected(DECOY));
}

static void by_symlink(void)
{
	must(symlink(RUNTIME, "/tmp/app.sock"), "symlink");
	ask(connected("/tmp/app.sock"));
}

static void decoy_by_symlink(void)
{
	must(symlink(DECOY, "/tmp/docker.sock"), "symlink");
	ask(connected("/tmp/docker.sock"));
}

static void by_hard_link(void)
{
	char name[64];

	snprintf(name, sizeof(name), "/rt/app-%lu.sock", namespace_of("mnt"));
	if (link(RUNTIME, name))
		die("link");
	int fd = connected(name);
	unlink(name);
	ask(fd);
}

static void relative(void)
{
	must(chdir("/rt"), "chdir");
	ask(connected("./docker.sock"));
}

static void decoy_relative(void)
{
	must(chdir("/rt/decoy"), "chdir");
	ask(connected("./docker.sock"));
}

static void by_proc_root(void)
{
	ask(connected("/proc/self/root/rt/docker.sock"));
}

static void by_descriptor(void)
{
	char path[64];
	int fd = (int)must(open("/rt", O_PATH | O_DIRECTORY), "/rt");

	snprintf(path, sizeof(path), "/proc/self/fd/%d/docker.sock", fd);
	ask(connected(path));
}

static void by_bind(void)
{
	close((int)must(open("/tmp/app.sock", O_CREAT | O_WRONLY, 0600), "/tmp/app.sock"));
	must(mount(RUNTIME, "/tmp/app.sock", NULL, 4096, NULL), "bind");
	ask(connected("/tmp/app.sock"));
}

#define SHIM "@/containerd-shim/evasion.sock"
static void abstract(void)
{
	ask(connected(SHIM));
}

static void abstract_decoy(void)
{
	ask(connected("@/app/evasion.sock"));
}

/* ---- 1: the address changes while connect reads it ---- */

static struct sockaddr_un shared;
static volatile int stop;

static void *moves(void *unused)
{
	while (!stop) {
		memcpy(shared.sun_path, "/nowhere/other.s", 16);
		memcpy(shared.sun_path, RUNTIME, sizeof(RUNTIME));
	}
	return unused;
}

static void address_race(void)
{
	pthread_t thread;
	int fd = (int)must(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
	socklen_t length = unix_address(&shared, RUNTIME);

	if (pthread_create(&thread, NULL, moves, NULL))
		die("thread");
	while (connect(fd, (struct sockaddr *)&shared, length))
		;
	stop = 1;
	pthread_join(thread, NULL);
	ask(fd);
}

/* ---- 7: connections that somebody else made ---- */

static void inherited(void)
{
	ask(HANDED);
}

/* It stays on its way, or where it was. */
static void not_taken(void)
{
	tell(getpid());
}

static void received(void)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	int fd;

	must(recvmsg(HANDED, &message, 0), "recvmsg");
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	if (!head || head->cmsg_type != SCM_RIGHTS)
		die("no descriptor came");
	memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	ask(fd);
}

static void taken(void)
{
	int pidfd = (int)syscall(SYS_pidfd_open, atoi(getenv("CONTAIN_PID")), 0);
	int fd = (int)syscall(SYS_pidfd_getfd, pidfd, HELD, 0);

	if (fd < 0 && errno == ENOSYS)
		cannot("the kernel has no pidfd_getfd");
	ask((int)must(fd, "pidfd_getfd"));
}

static void passed_on(void)
{
	int fd = connected(DECOY);
	pid_t child = (pid_t)must(fork(), "fork");

	if (child == 0) {
		ask(fd);
		exit(0);
	}
	end_of(child);
}

static void asked_by_child(void)
{
	int fd = connected(RUNTIME);
	pid_t child = (pid_t)must(fork(), "fork");

	if (child == 0) {
		ask(fd);
		exit(0);
	}
	end_of(child);
}

/* ---- 8: the API over TCP ---- */

int over_tcp(const char *variable)
{
	uint16_t port = (uint16_t)atoi(getenv(variable));
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = (int)must(socket(AF_INET, SOCK_STREAM, 0), "socket");

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		cannot("nothing listens: the port was taken");
	return fd;
}

static void tcp_api(void)
{
	ask(over_tcp("TCP_RUNTIME"));
}

static void tcp_other(void)
{
	ask(over_tcp("TCP_DECOY"));
}

/* A command in somebody's container. */
static void run_by_kubelet(const char *port)
{
	static const char run[] = "POST /run/default/pod/container HTTP/1.1\r\nHost: node\r\nContent-Length: 6\r\n\r\ncmd=id";
	int fd = over_tcp(port);

	must(write(fd, run, sizeof(run) - 1), "write");
	answered(fd);
}

static void kubelet(void)
{
	run_by_kubelet("TCP_KUBELET");
}

static void kubelet_decoy(void)
{
	run_by_kubelet("TCP_DECOY");
}

/* The first flight of a TLS client, as a kubelet is spoken to. */
static void greet(const char *port)
{
	static const unsigned char hello[] = {22, 3, 1, 0, 47, 1, 0, 0, 43, 3, 3, [43] = 0, 0, 2, 0x13, 1, 1, 0, 0, 0};
	int fd = over_tcp(port);

	must(write(fd, hello, sizeof(hello)), "write");
	answered(fd);
}

static void kubelet_by_tls(void)
{
	greet("TCP_KUBELET");
}

static void tls_decoy(void)
{
	greet("TCP_DECOY");
}

const struct row socket_rows[] = {
    {"socket_by_path", by_path, decoy},
    {"socket_by_symlink", by_symlink, decoy_by_symlink},
    {"socket_by_hard_link", by_hard_link, decoy},
    {"socket_relative", relative, decoy_relative},
    {"socket_by_proc_root", by_proc_root, decoy},
    {"socket_by_descriptor", by_descriptor, decoy},
    {"socket_by_bind", by_bind, decoy},
    {"socket_abstract", abstract, abstract_decoy},
    {"socket_address_race", address_race, decoy},
    {"socket_inherited", inherited, inherited},
    {"socket_received", received, not_taken},
    {"socket_taken", taken, not_taken},
    {"socket_of_parent", asked_by_child, passed_on},
    {"socket_tcp", tcp_api, tcp_other},
    {"socket_kubelet", kubelet, kubelet_decoy},
    {"socket_kubelet_tls", kubelet_by_tls, tls_decoy},
    {0},
};
