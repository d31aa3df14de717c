/*
 * Blinds a monitor as a root of its own node could: stops PID with ptrace and makes it close every descriptor whose link in
 * /proc/PID/fd contains TEXT ("bpf_link", "bpf-link"), which detaches what is not pinned.
 *   fd_closer PID TEXT
 * Prints {"actor":"fd_closer","closed":N}. x86-64 only: elsewhere it says so and exits 3.
 */
#include "actor.h"

#if defined(__x86_64__)
#include <dirent.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

/* Lets the process enter and leave its next system call: only there do the bytes before its instruction pointer make one. */
static void end_of_call(pid_t pid, struct user_regs_struct *regs)
{
	for (int stop = 0; stop < 2; stop++)
		if (ptrace(PTRACE_SYSCALL, pid, NULL, NULL) || waitpid(pid, NULL, __WALL) != pid)
			die("ptrace");
	if (ptrace(PTRACE_GETREGS, pid, NULL, regs))
		die("ptrace");
}

/* Runs close(fd) in the stopped process: the two bytes before its instruction pointer are the syscall instruction it is in. */
static int close_in(pid_t pid, const struct user_regs_struct *saved, int fd)
{
	struct user_regs_struct regs = *saved;

	regs.rip -= 2;
	regs.rax = SYS_close;
	regs.orig_rax = (unsigned long long)-1;
	regs.rdi = (unsigned long long)fd;
	if (ptrace(PTRACE_SETREGS, pid, NULL, &regs) || ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) ||
	    waitpid(pid, NULL, __WALL) != pid || ptrace(PTRACE_GETREGS, pid, NULL, &regs))
		die("ptrace");
	return regs.rax == 0;
}

int main(int argc, char **argv)
{
	struct user_regs_struct saved;
	char path[300], target[128];
	int closed = 0;
	struct dirent *entry;

	if (argc != 3) {
		errno = EINVAL;
		die("usage: fd_closer PID TEXT");
	}
	pid_t pid = (pid_t)atoi(argv[1]);
	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) || waitpid(pid, NULL, __WALL) != pid)
		die("ptrace");
	end_of_call(pid, &saved);
	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	DIR *fds = opendir(path);
	if (!fds)
		die(path);
	while ((entry = readdir(fds))) {
		ssize_t length;

		snprintf(path, sizeof(path), "/proc/%d/fd/%s", pid, entry->d_name);
		length = readlink(path, target, sizeof(target) - 1);
		if (length < 0)
			continue;
		target[length] = 0;
		if (strstr(target, argv[2]))
			closed += close_in(pid, &saved, atoi(entry->d_name));
	}
	closedir(fds);
	if (ptrace(PTRACE_SETREGS, pid, NULL, &saved) || ptrace(PTRACE_DETACH, pid, NULL, NULL))
		die("ptrace");
	printf("{\"actor\":\"fd_closer\",\"closed\":%d}\n", closed);
	return closed > 0 ? 0 : 1;
}
#else
int main(void)
{
	fprintf(stderr, "actor: fd_closer: x86-64 only\n");
	return 3;
}
#endif
