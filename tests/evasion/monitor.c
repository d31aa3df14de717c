/* Family 14: the daemon itself. The runner says in HULLWATCH_PID who that is; the container sees the node's processes. */
#include "evade.h"

#include <linux/bpf.h>
#include <time.h>

#define ENTRIES 64 /* at most so many are touched */

static pid_t daemon_pid(void)
{
	const char *pid = getenv("HULLWATCH_PID");

	if (!pid)
		die("HULLWATCH_PID");
	return (pid_t)atoi(pid);
}

/* Long enough for the watchdog to see it, short enough for the rows after this one. */
static void stops_it(void)
{
	const struct timespec while_stopped = {1, 500000000};

	must(kill(daemon_pid(), SIGSTOP), "kill");
	nanosleep(&while_stopped, NULL);
	must(kill(daemon_pid(), SIGCONT), "kill");
	tell(getpid());
}

/* Whether it is there; then it stays as long as the other did, so that what is told of it is told by its end. */
static void asks_for_it(void)
{
	const struct timespec a_while = {2, 500000000};

	must(kill(daemon_pid(), 0), "kill");
	nanosleep(&a_while, NULL);
	tell(getpid());
}

static int bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* Of the daemon's maps, by the numbers in its /proc/PID/fdinfo. */
static int containers_map(void)
{
	char path[64], line[128];

	for (int fd = 3; fd < 1024; fd++) {
		struct bpf_map_info info = {0};
		union bpf_attr attr = {0};
		unsigned int id = 0;

		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", daemon_pid(), fd);
		FILE *file = fopen(path, "re");
		if (!file)
			continue;
		while (fgets(line, sizeof(line), file))
			sscanf(line, "map_id: %u", &id);
		fclose(file);
		if (!id)
			continue;
		attr.map_id = id;
		int map = bpf(BPF_MAP_GET_FD_BY_ID, &attr);
		if (map < 0)
			continue;
		memset(&attr, 0, sizeof(attr));
		attr.info.bpf_fd = (unsigned int)map;
		attr.info.info_len = sizeof(info);
		attr.info.info = (unsigned long)&info;
		if (!bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) && !strcmp(info.name, "containers"))
			return map;
		close(map);
	}
	errno = ENOENT;
	die("no map of the daemon's is called containers");
	return -1;
}

static void delete_entries(int map)
{
	unsigned long long keys[ENTRIES];
	int count = 0;
	union bpf_attr attr = {0};

	attr.map_fd = (unsigned int)map;
	for (; count < ENTRIES; count++) {
		attr.key = count ? (unsigned long)&keys[count - 1] : 0;
		attr.next_key = (unsigned long)&keys[count];
		if (bpf(BPF_MAP_GET_NEXT_KEY, &attr))
			break;
	}
	if (!count)
		die("the map is empty");
	for (int i = 0; i < count; i++) {
		memset(&attr, 0, sizeof(attr));
		attr.map_fd = (unsigned int)map;
		attr.key = (unsigned long)&keys[i];
		if (bpf(BPF_MAP_DELETE_ELEM, &attr) && errno != ENOENT)
			die("bpf");
	}
}

/* Its own container's entry among them: it stays alive until that is right again, since a container that is gone is not missed.
 */
static void forgets_containers(void)
{
	const struct timespec a_while = {2, 500000000};

	delete_entries(containers_map());
	nanosleep(&a_while, NULL);
	tell(getpid());
}

const struct row monitor_rows[] = {
    {"daemon_stopped", stops_it, asks_for_it},
    {"map_emptied", forgets_containers, asks_for_it},
    {0},
};
