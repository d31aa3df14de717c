/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Since 7.0 tracepoints leave preemption on. A program that is preempted is still running on its processor, and the kernel
 * skips it for every other task that comes to the hook there meanwhile (counted as recursion_misses): in a storm on few
 * processors a fork in four was not seen. So the programs that no truth can do without are there twice. Both run at each event;
 * the one that is not skipped takes the turn, and if neither is, the first of them. What is left is two that are preempted at
 * once.
 *
 * bpf_preempt_disable() does not help: what wants the processor meanwhile gets it when preemption is enabled again, which is
 * before the kernel takes the program for done.
 *
 * The second is called NAME_relief, and is loaded where it is needed (src/probe/object_fit.h).
 */
#ifndef HULLWATCH_RELIEF_H
#define HULLWATCH_RELIEF_H

#include "state.h"

/* Is current's event at this hook still to be seen? `of` tells it from the task's last one there. */
HW_INLINE bool takes_turn(struct task_struct *task, enum turn turn, __u64 of)
{
	struct task_state *state;

	if (!programs_are_preempted)
		return true;
	state = thread_state_make(task);
	if (!state)
		return true;
	if (state->turns[turn] == of)
		return false;
	state->turns[turn] = of;
	return true;
}

#endif
