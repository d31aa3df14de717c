/* Families 1, 4, 11, 12: what is run, and with which arguments and environment. */
#include "evade.h"

#include <pthread.h>

static char *const plain_env[] = {NULL};
static char *const true_args[] = {"evade", "@true", NULL};

static void twin_exec(void)
{
	run_program(AT_FDCWD, SELF, true_args, plain_env, 0);
}

/* ---- 4: where the program's bytes are ---- */

static int memfd(const char *name, unsigned flags)
{
	return copy_self((int)must(syscall(SYS_memfd_create, name, flags), "memfd_create"));
}

static void memfd_execveat(void)
{
	run_program(memfd("x", 0), "", true_args, plain_env, AT_EMPTY_PATH);
}

static void twin_execveat(void)
{
	run_program(open_self(), "", true_args, plain_env, AT_EMPTY_PATH);
}

static void memfd_cloexec(void)
{
	run_program(memfd("x", MFD_CLOEXEC), "", true_args, plain_env, AT_EMPTY_PATH);
}

static void through_proc(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	run_program(AT_FDCWD, path, true_args, plain_env, 0);
}

static void memfd_proc_fd(void)
{
	through_proc(memfd("x", 0));
}

static void twin_proc_fd(void)
{
	through_proc(open_self());
}

/* A name made to look like a library's. */
static void memfd_named(void)
{
	run_program(memfd("../lib/x86_64-linux-gnu/libc.so.6", 0), "", true_args, plain_env, AT_EMPTY_PATH);
}

static void memfd_script(void)
{
	static const char text[] = "#!" SELF " @true\n";
	int fd = (int)must(syscall(SYS_memfd_create, "s", 0), "memfd_create");

	must(write(fd, text, sizeof(text) - 1), "write");
	run_program(fd, "", true_args, plain_env, AT_EMPTY_PATH);
}

/* A file written, then opened for reading only: a program that is open for writing cannot be run. */
static int written(const char *path)
{
	close(copy_self((int)must(open(path, O_CREAT | O_WRONLY | O_TRUNC, 0755), path)));
	return (int)must(open(path, O_RDONLY), path);
}

static void deleted(void)
{
	int fd = written("/tmp/gone");

	must(unlink("/tmp/gone"), "unlink");
	run_program(fd, "", true_args, plain_env, AT_EMPTY_PATH);
}

static int without_name(const char *directory)
{
	char path[64];
	int fd = open(directory, O_TMPFILE | O_WRONLY, 0755);

	if (fd < 0)
		cannot("the file system makes no O_TMPFILE");
	copy_self(fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int again = (int)must(open(path, O_RDONLY), path);
	close(fd);
	return again;
}

static void tmpfile_exec(void)
{
	run_program(without_name("/dev/shm"), "", true_args, plain_env, AT_EMPTY_PATH);
}

static void tmpfile_linked(void)
{
	char path[64];
	int fd = without_name("/dev/shm");

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	must(linkat(AT_FDCWD, path, AT_FDCWD, "/dev/shm/late", AT_SYMLINK_FOLLOW), "linkat");
	run_program(AT_FDCWD, "/dev/shm/late", true_args, plain_env, 0);
}

static void dev_shm(void)
{
	close(written("/dev/shm/x"));
	run_program(AT_FDCWD, "/dev/shm/x", true_args, plain_env, 0);
}

static void need_layers(void)
{
	if (!getenv("OVERLAY"))
		cannot("the container is no overlay: the kernel has no overlayfs");
}

static void upper_layer(void)
{
	need_layers();
	close(written("/root/x"));
	run_program(AT_FDCWD, "/root/x", true_args, plain_env, 0);
}

static void written_not_run(void)
{
	close(written("/root/x"));
	twin_exec();
}

/* The image's own file, changed in place: copied up. */
static void image_overwritten(void)
{
	need_layers();
	close(written("/bin/other"));
	run_program(AT_FDCWD, "/bin/other", true_args, plain_env, 0);
}

static void loader(const char *program)
{
	static char path[] = "/lib64/ld-linux-x86-64.so.2";
	char *args[] = {path, (char *)program, "@true", NULL};

	if (access(path, X_OK))
		cannot("no dynamic loader at /lib64/ld-linux-x86-64.so.2");
	run_program(AT_FDCWD, path, args, plain_env, 0);
}

static void loader_runs(void)
{
	loader("/bin/dynamic");
}

/* The loader at its own work, and asked about itself. */
static void loaded_program(void)
{
	loader("--version");
	run_program(AT_FDCWD, "/bin/dynamic", true_args, plain_env, 0);
}

static void shebang_chain(void)
{
	static const char first[] = "#!" SELF " @true\n", second[] = "#!/dev/shm/first\n";
	int fd = (int)must(open("/dev/shm/first", O_CREAT | O_WRONLY, 0755), "first");

	must(write(fd, first, sizeof(first) - 1), "write");
	close(fd);
	fd = (int)must(open("/dev/shm/second", O_CREAT | O_WRONLY, 0755), "second");
	must(write(fd, second, sizeof(second) - 1), "write");
	close(fd);
	run_program(AT_FDCWD, "/dev/shm/second", true_args, plain_env, 0);
}

static void shebang_image(void)
{
	run_program(AT_FDCWD, "/bin/script", true_args, plain_env, 0);
}

/* ---- 12: what does not fit into a record ---- */

static void pad(char *at, size_t size)
{
	memset(at, 'x', size - 1);
	at[size - 1] = '\0';
}

static void long_script(void)
{
	static char script[6000];
	char *args[] = {"sh", "-c", script, NULL};

	pad(script, sizeof(script));
	script[0] = ':';
	script[1] = ' ';
	memcpy(script + 5000, "; exit 0 #payload", 17);
	run_program(AT_FDCWD, "/bin/sh", args, plain_env, 0);
}

static void short_script(void)
{
	char *args[] = {"sh", "-c", ": xxxx; exit 0 #payload", NULL};

	run_program(AT_FDCWD, "/bin/sh", args, plain_env, 0);
}

static void many_arguments(void)
{
	static char text[120];
	char *args[60] = {"evade", "@true"};

	pad(text, sizeof(text));
	for (int i = 2; i < 59; i++)
		args[i] = text;
	run_program(AT_FDCWD, SELF, args, plain_env, 0);
}

static void payload_after_padding(void)
{
	static char text[5000];
	char *args[] = {"evade", "@true", text, "--payload-at-the-end", NULL};

	pad(text, sizeof(text));
	run_program(AT_FDCWD, SELF, args, plain_env, 0);
}

static void deep(const char *top)
{
	must(chdir(top), top);
	for (int i = 0; i < 40; i++) {
		must(mkdir("d", 0755), "mkdir");
		must(chdir("d"), "chdir");
	}
	close(written("x"));
	run_program(AT_FDCWD, "./x", true_args, plain_env, 0);
}

static void deep_path(void)
{
	deep("/dev/shm");
}

/* ---- 11: what the dynamic loader is told ---- */

static void with_variable(const char *variable)
{
	char *env[] = {"PATH=/bin", (char *)variable, "HOME=/root", NULL};

	run_program(AT_FDCWD, SELF, true_args, env, 0);
}

static void ld_preload(void)
{
	with_variable("LD_PRELOAD=/tmp/x.so");
}

static void ld_audit(void)
{
	with_variable("LD_AUDIT=/tmp/x.so");
}

static void ld_library_path(void)
{
	with_variable("LD_LIBRARY_PATH=/tmp");
}

static void glibc_tunables(void)
{
	with_variable("GLIBC_TUNABLES=glibc.malloc.mxfast=glibc.malloc.mxfast=A");
}

static void like_ld_preload(void)
{
	with_variable("NOTE=LD_PRELOAD=/tmp/x.so");
}

static void behind_padding(const char *variable)
{
	static char text[30000];
	char *env[] = {text, (char *)variable, NULL};

	pad(text, sizeof(text));
	memcpy(text, "A=", 2);
	run_program(AT_FDCWD, SELF, true_args, env, 0);
}

static void ld_preload_far(void)
{
	behind_padding("LD_PRELOAD=/tmp/x.so");
}

static void long_environment(void)
{
	behind_padding("NOTE=LD_PRELOAD=/tmp/x.so");
}

/* ---- 1: arguments changed while they are read ---- */

static char moving[] = "@noticed-or-not";
static volatile int stop;

static void *moves(void *unused)
{
	while (!stop) {
		moving[1] = 'x';
		moving[1] = 'n';
	}
	return unused;
}

/* The name the kernel copied is the truth: what ran is what the alert must show. */
static void arguments_race(void)
{
	char *args[] = {"evade", "@noticed", moving, NULL};
	pthread_t thread;
	pid_t child = (pid_t)must(fork(), "fork");

	if (child == 0) {
		if (pthread_create(&thread, NULL, moves, NULL))
			_exit(126);
		execve(SELF, args, plain_env);
		_exit(126);
	}
	end_of(child);
	tell(child);
}

static void arguments_still(void)
{
	char *args[] = {"evade", "@true", moving, NULL};

	run_program(AT_FDCWD, SELF, args, plain_env, 0);
}

const struct row program_rows[] = {
    {"memfd_execveat", memfd_execveat, twin_execveat},
    {"memfd_cloexec", memfd_cloexec, twin_execveat},
    {"memfd_proc_fd", memfd_proc_fd, twin_proc_fd},
    {"memfd_named", memfd_named, twin_execveat},
    {"memfd_script", memfd_script, shebang_image},
    {"deleted", deleted, written_not_run},
    {"tmpfile_exec", tmpfile_exec, twin_exec},
    {"tmpfile_linked", tmpfile_linked, twin_exec},
    {"dev_shm", dev_shm, twin_exec},
    {"upper_layer", upper_layer, written_not_run},
    {"image_overwritten", image_overwritten, written_not_run},
    {"loader_runs", loader_runs, loaded_program},
    {"shebang_chain", shebang_chain, shebang_image},
    {"long_script", long_script, short_script},
    {"payload_after_padding", payload_after_padding, many_arguments},
    {"deep_path", deep_path, twin_exec},
    {"ld_preload", ld_preload, like_ld_preload},
    {"ld_audit", ld_audit, ld_library_path},
    {"glibc_tunables", glibc_tunables, like_ld_preload},
    {"ld_preload_far", ld_preload_far, long_environment},
    {"arguments_race", arguments_race, arguments_still},
    {0},
};
