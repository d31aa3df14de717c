/*
 * Changes its own capabilities and prints its credentials around each step, one line a step:
 *   capset_actor toggle CAP     lowers CAP in the effective set, then raises it again
 *   capset_actor drop CAP       gives CAP up in the effective and permitted sets
 *   capset_actor bounding CAP   drops CAP from the bounding set; with a PROGRAM … behind it, execs that
 *   capset_actor ambient CAP    makes CAP inheritable, then ambient (the latter makes no capability check in the kernel)
 *   capset_actor securebits N   sets the securebits
 */
#include "actor.h"

#include <linux/capability.h>
#include <sys/prctl.h>

enum { EFFECTIVE, PERMITTED, INHERITABLE };

static void set_bit(struct __user_cap_data_struct *sets, int set, int capability, int on)
{
	__u32 *word = set == EFFECTIVE	 ? &sets[capability / 32].effective
		      : set == PERMITTED ? &sets[capability / 32].permitted
					 : &sets[capability / 32].inheritable;

	*word = on ? *word | 1U << capability % 32 : *word & ~(1U << capability % 32);
}

static long change(int capability, int effective, int permitted, int inheritable)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2];

	if (syscall(SYS_capget, &header, sets))
		die("capget");
	set_bit(sets, EFFECTIVE, capability, effective);
	set_bit(sets, PERMITTED, capability, permitted);
	set_bit(sets, INHERITABLE, capability, inheritable);
	return raw_result(syscall(SYS_capset, &header, sets));
}

static void begin(const char *did)
{
	printf("{\"actor\":\"capset\",\"did\":\"%s\",\"pid\":%d,", did, getpid());
	print_credentials("before");
}

static void end(long result)
{
	printf(",\"result\":%ld,", result);
	print_credentials("after");
	printf("}\n");
}

int main(int argc, char **argv)
{
	int value = argc >= 3 ? atoi(argv[2]) : 0;

	if (argc < 3 || value < 0 || value > 63) {
		errno = EINVAL;
		die("usage: see capset_actor.c");
	}
	if (!strcmp(argv[1], "toggle")) {
		begin("lower");
		end(change(value, 0, 1, 0));
		begin("raise");
		end(change(value, 1, 1, 0));
	} else if (!strcmp(argv[1], "drop")) {
		begin("drop");
		end(change(value, 0, 0, 0));
	} else if (!strcmp(argv[1], "bounding")) {
		begin("bounding");
		end(raw_result(prctl(PR_CAPBSET_DROP, value, 0, 0, 0)));
		fflush(stdout);
		if (argv[3]) {
			execv(argv[3], argv + 3);
			die(argv[3]);
		}
	} else if (!strcmp(argv[1], "ambient")) {
		begin("inheritable");
		end(change(value, 1, 1, 1));
		begin("ambient");
		end(raw_result(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, value, 0, 0)));
	} else if (!strcmp(argv[1], "securebits")) {
		begin("securebits");
		end(raw_result(prctl(PR_SET_SECUREBITS, value, 0, 0, 0)));
	} else {
		errno = EINVAL;
		die(argv[1]);
	}
	return 0;
}
