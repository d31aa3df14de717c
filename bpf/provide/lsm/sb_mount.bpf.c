// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/*
 * lsm/sb_mount: mount(2) with its target resolved, before the outcome. The second choice, where path_mount() cannot be hooked
 * (bpf/provide/fentry/mount.bpf.c): a call that fails before the hook, for lack of privilege say, is not seen.
 *
 *	int security_sb_mount(const char *dev_name, const struct path *path, const char *type, unsigned long flags, void *data)
 *
 * '?': loaded only where the table of providers chose it; LSM programs load but never fire where "bpf" is not an active LSM.
 */
#include "observe/resolved_mount.h"

SEC("?lsm/sb_mount")
int BPF_PROG(lsm_sb_mount, const char *source, const struct path *target, const char *fstype, unsigned long flags, void *data)
{
	struct resolved_mount mount = {.source = source, .target = target, .fstype = fstype, .flags = flags, .data = data};

	send_resolved_mount(&mount, 0, HW_F_ATTEMPT, HW_BY_LSM);
	return 0; /* never a verdict */
}
