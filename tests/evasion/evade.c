/* evade ROW attack|twin: see evade.h. `evade @STEP` is what rows exec: @true ends at once, @noticed does be_noticed(). */
#include "evade.h"

#include <sys/sendfile.h>

static const char *row_name;

void tell(pid_t pid)
{
	printf("{\"row\":\"%s\",\"pid\":%d}\n", row_name, pid);
	fflush(stdout);
}

void cannot(const char *why)
{
	printf("{\"row\":\"%s\",\"cannot\":\"%s\"}\n", row_name, why);
	fflush(stdout);
	_exit(77);
}

long must(long result, const char *what)
{
	if (result < 0)
		die(what);
	return result;
}

int end_of(pid_t child)
{
	int status = 0;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

pid_t forked(void (*act)(void))
{
	pid_t child = (pid_t)must(fork(), "fork");

	if (child == 0) {
		act();
		_exit(0);
	}
	if (end_of(child))
		_exit(2);
	return child;
}

static int ends(void *unused)
{
	(void)unused;
	_exit(0);
}

void be_noticed(void)
{
	static char stack[16384] __attribute__((aligned(16)));

	must(clone(ends, stack + sizeof(stack), CLONE_PARENT | SIGCHLD, NULL), "clone(CLONE_PARENT)");
}

void nothing(void)
{
}

int open_self(void)
{
	return (int)must(open(SELF, O_RDONLY | O_CLOEXEC), SELF);
}

int copy_self(int to)
{
	int from = open_self();
	struct stat size;

	must(fstat(from, &size), SELF);
	for (off_t at = 0; at < size.st_size;)
		must(sendfile(to, from, &at, (size_t)(size.st_size - at)), "sendfile");
	close(from);
	return to;
}

void run_program(int dir, const char *path, char *const argv[], char *const envp[], int flags)
{
	pid_t child = (pid_t)must(fork(), "fork");

	if (child == 0) {
		syscall(SYS_execveat, dir, path, argv, envp, flags);
		_exit(126);
	}
	if (end_of(child))
		die(path);
	tell(child);
}

static void step(const char *name)
{
	if (!strcmp(name, "@noticed"))
		be_noticed();
	exit(strcmp(name, "@true") && strcmp(name, "@noticed"));
}

/* The first process of a pid namespace may not do everything: a child of it acts, and it reaps whoever is left over. */
static int as_init(void (*act)(void))
{
	pid_t child = (pid_t)must(fork(), "fork"), ended;
	int status = 0;

	if (child == 0) {
		act();
		exit(0);
	}
	do
		ended = wait(&status);
	while (ended != child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	static const struct row *const families[] = {program_rows, process_rows, mount_rows, container_rows, privilege_rows,
						     socket_rows,  request_rows, ring_rows,  monitor_rows};

	/* As an interpreter it is given the script's path last. */
	for (int i = 1; i < argc; i++)
		if (argv[i][0] == '@')
			step(argv[i]);
	if (argc != 3)
		die("usage: evade ROW attack|twin");
	row_name = argv[1];
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		for (const struct row *row = families[i]; row->name; row++)
			if (!strcmp(row->name, row_name))
				return as_init(strcmp(argv[2], "twin") ? row->attack : row->twin);
	errno = ENOENT;
	die(row_name);
	return 2;
}
