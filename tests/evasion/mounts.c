/* Families 16 and 21: every way to mount, and the helpers the kernel itself runs. The twins hold the same capabilities. */
#include "evade.h"

#include <linux/mount.h>
#include <sys/sysmacros.h>

int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
int umount2(const char *target, int flags);

#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#define BIND	4096
#define REMOUNT 32
#define RDONLY	1

static void done(long result, const char *what)
{
	must(result, what);
	tell(getpid());
}

static void looks_at_mounts(void)
{
	char line[512];
	FILE *mounts = fopen("/proc/self/mountinfo", "r");

	if (!mounts)
		die("/proc/self/mountinfo");
	while (fgets(line, sizeof(line), mounts))
		;
	fclose(mounts);
	tell(getpid());
}

static const char *made(const char *directory)
{
	if (mkdir(directory, 0755) && errno != EEXIST)
		die(directory);
	return directory;
}

static void mount_tmpfs(void)
{
	done(mount("x", made("/mnt/a"), "tmpfs", 0, NULL), "mount");
}

static void mount_refused(void)
{
	if (!mount("x", made("/mnt/a"), "tmpfs", 0, NULL) || errno != EPERM)
		die("a mount that must be refused");
	tell(getpid());
}

static void bind_root(void)
{
	done(mount("/", made("/mnt/a"), NULL, BIND, NULL), "bind");
}

static void bind_proc(void)
{
	done(mount("/proc", made("/mnt/a"), NULL, BIND, NULL), "bind");
}

static void fresh_proc(void)
{
	done(mount("proc", made("/mnt/a"), "proc", 0, NULL), "proc");
}

static void remount(void)
{
	done(mount(NULL, "/dev/shm", NULL, REMOUNT | RDONLY, NULL), "remount");
}

static void unmount(void)
{
	done(umount2("/dev/shm", 0), "umount2");
}

static void symlink_target(void)
{
	made("/mnt/real");
	must(symlink("/mnt/real", "/mnt/link"), "symlink");
	done(mount("x", "/mnt/link", "tmpfs", 0, NULL), "mount");
}

static void through_descriptor(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", (int)must(open(made("/mnt/a"), O_PATH), "O_PATH"));
	done(mount("x", path, "tmpfs", 0, NULL), "mount");
}

static void chroot_pivot(void)
{
	made("/mnt/a");
	must(mount("x", "/mnt/a", "tmpfs", 0, NULL), "mount");
	made("/mnt/a/old");
	done(syscall(SYS_pivot_root, "/mnt/a", "/mnt/a/old"), "pivot_root");
}

static int opened_fs(const char *type)
{
	int fs = (int)syscall(SYS_fsopen, type, 0);

	if (fs < 0 && errno == ENODEV)
		cannot("the file system is not in this kernel");
	must(fs, "fsopen");
	must(syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0), "fsconfig");
	return (int)must(syscall(SYS_fsmount, fs, 0, 0), "fsmount");
}

static void new_api(void)
{
	int mnt = opened_fs("tmpfs");

	done(syscall(SYS_move_mount, mnt, "", AT_FDCWD, made("/mnt/a"), MOVE_MOUNT_F_EMPTY_PATH), "move_mount");
}

/* Never attached anywhere: used through its descriptor. */
static void detached_fs(void)
{
	int mnt = opened_fs("proc");

	done(openat(mnt, "version", O_RDONLY), "a file of a detached mount");
}

static void detached_tree(void)
{
	int tree = (int)must(syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE), "open_tree");

	done(openat(tree, "bin/evade", O_RDONLY), "a file of a detached tree");
}

static void tree_without_clone(void)
{
	must(syscall(SYS_open_tree, AT_FDCWD, "/", 0), "open_tree");
	tell(getpid());
}

static void tree_moved(void)
{
	int tree = (int)must(syscall(SYS_open_tree, AT_FDCWD, "/proc", OPEN_TREE_CLONE), "open_tree");

	done(syscall(SYS_move_mount, tree, "", AT_FDCWD, made("/mnt/a"), MOVE_MOUNT_F_EMPTY_PATH), "move_mount");
}

static void attributes(void)
{
	struct {
		uint64_t set, clr, propagation, userns;
	} attr = {.clr = MOUNT_ATTR_NOSUID};
	long result = syscall(SYS_mount_setattr, AT_FDCWD, "/dev/shm", 0, &attr, sizeof(attr));

	if (result && errno == ENOSYS)
		cannot("the kernel has no mount_setattr");
	done(result, "mount_setattr");
}

static void overlay_on_image(void)
{
	must(mount("x", made("/mnt/w"), "tmpfs", 0, NULL), "tmpfs");
	made("/mnt/w/upper");
	made("/mnt/w/work");
	long result =
	    mount("overlay", made("/mnt/a"), "overlay", 0, "lowerdir=/lib64,upperdir=/mnt/w/upper,workdir=/mnt/w/work");
	if (result && errno == ENODEV)
		cannot("the kernel has no overlayfs");
	done(result, "overlay");
}

/* A disk of the node, by its number: of a loop device, whose file system is the node's. Whatever else has a number stays shut.
 */
static void block_device(void)
{
	for (unsigned minor = 0; minor < 8; minor++) {
		must(mknod("/dev/disk", S_IFBLK | 0600, makedev(7, minor)), "mknod");
		if (!mount("/dev/disk", made("/mnt/a"), "ext4", 0, NULL)) {
			tell(getpid());
			umount2("/mnt/a", 0);
			return;
		}
		unlink("/dev/disk");
	}
	cannot("no loop device of the node has a file system that can be mounted");
}

static void device_made(void)
{
	must(mknod("/dev/zero", S_IFCHR | 0666, makedev(1, 5)), "mknod");
	tell(getpid());
}

/* ---- 21: what the kernel runs on the node ---- */

static void release_agent(void)
{
	static const char *const hierarchies[] = {"memory", "pids", "rdma", "misc", "perf_event", "net_cls"};
	const char *target = made("/mnt/a");

	for (size_t i = 0; i < sizeof(hierarchies) / sizeof(hierarchies[0]); i++) {
		if (mount("cgroup", target, "cgroup", 0, hierarchies[i]) == 0) {
			tell(getpid());
			return;
		}
	}
	cannot("no cgroup v1 hierarchy can be mounted");
}

/* Opened for writing, and nothing written: the setting is the machine's. */
static void helper_path(const char *path)
{
	must(mount("proc", made("/mnt/a"), "proc", 0, NULL), "proc");
	int fd = open(path, O_WRONLY);
	if (fd < 0)
		cannot("the kernel has no such setting");
	tell(getpid());
}

static void core_pattern(void)
{
	helper_path("/mnt/a/sys/kernel/core_pattern");
}

/* What it holds, so that nothing changes: the setting is the machine's. */
static void write_again(const char *path)
{
	char text[4096];
	int fd = open(path, O_RDONLY);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (length < 0)
		cannot("the kernel has no such setting");
	fd = open(path, O_WRONLY);
	must(fd, path);
	must(write(fd, text, (size_t)length) == length ? 0 : -1, "write");
	tell(getpid());
}

/* The runtime's own /proc, writable as in a privileged container: no mount is needed. */
static void core_pattern_in_place(void)
{
	write_again("/proc/sys/kernel/core_pattern");
}

/* What belongs to the container's own namespaces, as honest ones set it. */
static void own_settings(void)
{
	write_again("/proc/sys/net/ipv4/ip_default_ttl");
	write_again("/proc/sys/kernel/shmmni");
	write_again("/proc/sys/kernel/hostname");
}

/* The node gave it a hierarchy that nothing is in, so that the machine's keep theirs. */
static void release_agent_written(void)
{
	int fd = open("/v1/release_agent", O_WRONLY);

	if (fd < 0)
		cannot("no cgroup v1 hierarchy can be mounted");
	must(write(fd, "/bin/evade", 10) == 10 ? 0 : -1, "write");
	tell(getpid());
}

static void release_agent_read(void)
{
	char text[256];
	int fd = open("/v1/release_agent", O_RDONLY);

	if (fd < 0)
		cannot("no cgroup v1 hierarchy can be mounted");
	must(read(fd, text, sizeof(text)), "read");
	tell(getpid());
}

static void core_pattern_read(void)
{
	done(open("/proc/sys/kernel/core_pattern", O_RDONLY), "core_pattern");
}

/* A directory that the node gave it. */
static void node_file_written(void)
{
	int fd = open("/rt/written", O_CREAT | O_WRONLY, 0600);

	must(fd, "/rt/written");
	must(write(fd, "x", 1) == 1 ? 0 : -1, "write");
	tell(getpid());
}

static void own_file_written(void)
{
	must(open("/tmp/written", O_CREAT | O_WRONLY, 0600), "/tmp/written");
	tell(getpid());
}

static void debugfs(void)
{
	long result = mount("x", made("/mnt/a"), "tracefs", 0, NULL);

	if (result && errno == ENODEV)
		cannot("the kernel has no tracefs");
	done(result, "tracefs");
}

const struct row mount_rows[] = {
    {"mount_tmpfs", mount_tmpfs, looks_at_mounts},
    {"mount_refused", mount_refused, looks_at_mounts},
    {"bind_root", bind_root, looks_at_mounts},
    {"bind_proc", bind_proc, looks_at_mounts},
    {"fresh_proc", fresh_proc, looks_at_mounts},
    {"remount", remount, looks_at_mounts},
    {"unmount", unmount, looks_at_mounts},
    {"mount_through_symlink", symlink_target, looks_at_mounts},
    {"mount_through_descriptor", through_descriptor, looks_at_mounts},
    {"pivot_root", chroot_pivot, looks_at_mounts},
    {"new_api", new_api, looks_at_mounts},
    {"detached_fs", detached_fs, looks_at_mounts},
    {"detached_tree", detached_tree, tree_without_clone},
    {"tree_moved", tree_moved, tree_without_clone},
    {"mount_setattr", attributes, looks_at_mounts},
    {"overlay", overlay_on_image, looks_at_mounts},
    {"block_device", block_device, device_made},
    {"node_file_written", node_file_written, own_file_written},
    {"release_agent", release_agent, looks_at_mounts},
    {"core_pattern", core_pattern, core_pattern_read},
    {"core_pattern_in_place", core_pattern_in_place, own_settings},
    {"release_agent_written", release_agent_written, release_agent_read},
    {"tracefs", debugfs, looks_at_mounts},
    {0},
};
