/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Whether a mount call may be told: within its home's bucket, or something that the home has not shown since it ran empty. */
#ifndef HULLWATCH_OBSERVE_MOUNT_ADMISSION_H
#define HULLWATCH_OBSERVE_MOUNT_ADMISSION_H

#include "observe/calls.h"
#include "emit.h"
#include "novelty.h"

/*
 * What the call is and, as far as it is written down in the caller's memory, of what: 64 bytes of a source, or of the one path
 * there is. The target of a mount is left out: a flood has no trouble finding directories.
 */
HW_PART bool mount_is_novel(struct task_struct *task, __u64 home, __u32 op)
{
	__u64 a0 = call_argument(task, 0), a1 = call_argument(task, 1), a2 = call_argument(task, 2);
	__u64 sort = novelty_mix(novelty_begin(), op), from = 0;

	switch (op) {
	case HW_MOUNT_MOUNT:
		sort = novelty_text(novelty_mix(sort, (__u32)call_argument(task, 3)), a2, true, 2);
		from = a0;
		break;
	case HW_MOUNT_FSOPEN:
		sort = novelty_text(sort, a0, true, 2);
		break;
	case HW_MOUNT_FSCONFIG:
		sort = novelty_mix(sort, (__u32)a1);
		break;
	case HW_MOUNT_UMOUNT:
		from = a0;
		break;
	case HW_MOUNT_PIVOT_ROOT:
		from = a1;
		break;
	case HW_MOUNT_MOVE_MOUNT:
		from = call_argument(task, 3);
		break;
	default: /* open_tree, fspick, mount_setattr, fsmount */
		sort = novelty_mix(sort, (__u32)a2);
		from = op == HW_MOUNT_FSMOUNT ? 0 : a1;
		break;
	}
	return admit_novel(home, HW_MOUNT, sort, novelty_text(sort, from, true, NOVELTY_WORDS));
}

HW_INLINE bool admit_mount(struct task_struct *task, __u32 op)
{
	__u64 home = home_of(task);

	return emit_admit_home(task, home, HW_MOUNT, false) || mount_is_novel(task, home, op);
}

#endif
