/* Families 3, 18, 22, 23: other ways into the kernel, and what needs a capability. */
#include "evade.h"

#include <linux/bpf.h>
#include <linux/filter.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timex.h>

#if defined(__x86_64__)
static long compat(long number, long a, long b, long c, long d, long e)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory", "cc", "r8", "r9", "r10", "r11");
	return (int)result;
}

static void no_compat(int signal)
{
	(void)signal;
	cannot("the kernel has no 32-bit entry");
}

enum { COMPAT_GETPID = 20, COMPAT_MOUNT = 21, COMPAT_CLONE = 120, COMPAT_EXECVE = 11, COMPAT_UNSHARE = 310 };

static void need_compat(void)
{
	signal(SIGSEGV, no_compat);
	if (compat(COMPAT_GETPID, 0, 0, 0, 0, 0) != getpid())
		no_compat(0);
}

/* A copy below 4 GiB, where 32-bit calls can reach it. */
static void *low(const void *bytes, size_t size)
{
	void *copy = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (copy == MAP_FAILED)
		die("mmap");
	return memcpy(copy, bytes, size);
}
static long low_text(const char *text)
{
	return (long)low(text, strlen(text) + 1);
}

static void compat_mount(void)
{
	need_compat();
	mkdir("/mnt/a", 0755);
	errno = (int)-compat(COMPAT_MOUNT, low_text("x"), low_text("/mnt/a"), low_text("tmpfs"), 0, 0);
	if (errno)
		die("32-bit mount");
	tell(getpid());
}

static void compat_clone(void)
{
	need_compat();
	long child = compat(COMPAT_CLONE, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
	if (child == 0)
		_exit(0);
	if (child < 0)
		die("32-bit clone");
	tell(getpid());
}

static void compat_exec(void)
{
	int32_t words[3] = {0};
	pid_t child;

	need_compat();
	close(copy_self((int)must(open("/dev/shm/x", O_CREAT | O_WRONLY, 0755), "/dev/shm/x")));
	words[0] = (int32_t)low_text("evade");
	words[1] = (int32_t)low_text("@true");
	child = (pid_t)must(fork(), "fork");
	if (child == 0) {
		compat(COMPAT_EXECVE, low_text("/dev/shm/x"), (long)low(words, sizeof(words)), 0, 0, 0);
		_exit(126);
	}
	if (end_of(child))
		die("32-bit execve");
	tell(child);
}

static void compat_unshare(void)
{
	need_compat();
	errno = (int)-compat(COMPAT_UNSHARE, CLONE_NEWNS, 0, 0, 0, 0);
	if (errno)
		die("32-bit unshare");
	tell(getpid());
}

static void compat_getpid(void)
{
	need_compat();
	tell(getpid());
}
#else
static void no_compat_calls(void)
{
	cannot("the machine has no 32-bit entry of this kind");
}
#define compat_mount   no_compat_calls
#define compat_clone   no_compat_calls
#define compat_exec    no_compat_calls
#define compat_unshare no_compat_calls
#define compat_getpid  no_compat_calls
#endif

/* ---- 18: privilege within ---- */

/* The setuid copy of this program in the image, which makes its caller root. */
static void setuid_file(void)
{
	static char *const args[] = {"evade", "@true", NULL};

	run_program(AT_FDCWD, "/bin/evade_setuid", args, (char *[]){NULL}, 0);
}

static void setuid_refused(void)
{
	static char *const args[] = {"evade", "@true", NULL};

	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
	run_program(AT_FDCWD, "/bin/evade_setuid", args, (char *[]){NULL}, 0);
}

/* ---- 19: what an exploit does, by the test's own kernel module (tests/vm/module) ---- */

static void exploit(const char *mode)
{
	int file = open("/proc/hw_exploit", O_WRONLY | O_CLOEXEC);

	if (file < 0)
		cannot("the test's kernel module is not loaded");
	must(write(file, mode, 1), "/proc/hw_exploit");
	forked(nothing);
	tell(getpid());
}

static void overwritten(void)
{
	exploit("0");
}

static void committed(void)
{
	exploit("1");
}

static void swapped(void)
{
	exploit("2");
}

static void capabilities_only(void)
{
	exploit("3");
}

static void committed_unchanged(void)
{
	exploit("4");
}

/* ---- 22, 23 ---- */

static void loads_bpf(void)
{
	union bpf_attr attr = {0};
	struct bpf_insn program[2] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K}, {.code = BPF_JMP | BPF_EXIT}};

	attr.prog_type = BPF_PROG_TYPE_KPROBE;
	attr.insns = (uint64_t)(uintptr_t)program;
	attr.insn_cnt = 2;
	attr.license = (uint64_t)(uintptr_t) "GPL";
	if (syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)) < 0 && errno != EPERM && errno != EINVAL)
		die("bpf");
	tell(getpid());
}

/* A classic filter, as tcpdump and DHCP clients have it: anybody may filter what comes over a socket of his own. */
static void socket_filter(void)
{
	struct sock_filter accept_all = {.code = 0x06 /* ret */, .k = 0xffff};
	struct sock_fprog program = {.len = 1, .filter = &accept_all};
	int fd = (int)must(socket(AF_UNIX, SOCK_DGRAM, 0), "socket");

	must(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)), "SO_ATTACH_FILTER");
	tell(getpid());
}

static void lists_modules(void)
{
	char line[256];
	FILE *modules = fopen("/proc/modules", "re");

	while (modules && fgets(line, sizeof(line), modules))
		;
	tell(getpid());
}

static void sets_time(void)
{
	struct timex now = {0};

	must(adjtimex(&now), "adjtimex");
	now.modes = ADJ_STATUS; /* to what it is */
	must(adjtimex(&now), "adjtimex");
	tell(getpid());
}

static void reads_time(void)
{
	struct timex now = {0};

	must(adjtimex(&now), "adjtimex");
	tell(getpid());
}

static void loads_module(void)
{
	if (syscall(SYS_init_module, "", 0UL, "") == 0)
		die("a module that cannot be loaded");
	if (errno == ENOSYS)
		cannot("the kernel has no modules");
	tell(getpid());
}

const struct row privilege_rows[] = {
    {"compat_mount", compat_mount, compat_getpid},
    {"compat_clone", compat_clone, compat_getpid},
    {"compat_exec", compat_exec, compat_getpid},
    {"compat_unshare", compat_unshare, compat_getpid},
    {"setuid_file", setuid_file, setuid_refused},
    {"cred_overwritten", overwritten, committed_unchanged},
    {"cred_committed", committed, committed_unchanged},
    {"cred_swapped", swapped, committed_unchanged},
    {"cred_capabilities", capabilities_only, committed_unchanged},
    {"loads_bpf", loads_bpf, socket_filter},
    {"sets_time", sets_time, reads_time},
    {"loads_module", loads_module, lists_modules},
    {0},
};
