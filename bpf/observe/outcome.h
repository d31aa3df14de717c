/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The outcome of a system call without a hook on system calls: work scheduled from a tracepoint inside the call runs when the
 * task goes back to user mode, with the result in its registers (bpf_task_work, 6.18; one more argument there than since 7.0).
 * Below 6.18 both kfuncs are missing and outcome_schedule() says so: the caller sends the attempt.
 */
#ifndef HULLWATCH_OBSERVE_OUTCOME_H
#define HULLWATCH_OBSERVE_OUTCOME_H

#include "emit.h"

/* The kernel knows it by its name, inside a map value. */
struct bpf_task_work {
	__u64 opaque;
} __attribute__((aligned(8)));

struct bpf_map { /* declared whole: a mere name is not the type the kfunc asks for */
	__u32 id;
};
typedef int (*outcome_callback)(struct bpf_map *map, void *key, void *value);

extern int bpf_task_work_schedule_resume_impl(struct task_struct *task, struct bpf_task_work *work, void *map,
					      outcome_callback callback, void *aux) __weak __ksym;
extern int bpf_task_work_schedule_resume(struct task_struct *task, struct bpf_task_work *work, void *map,
					 outcome_callback callback) __weak __ksym;
/* Callbacks may sleep: what they read of tasks and credentials is safe only inside this. */
extern void bpf_rcu_read_lock(void) __weak __ksym;
extern void bpf_rcu_read_unlock(void) __weak __ksym;

/* True when `callback` will run. `map` is a constant, so this cannot be a function of its own. */
#define outcome_schedule(task, work, map, callback)                                                                            \
	(bpf_task_work_schedule_resume_impl ? !bpf_task_work_schedule_resume_impl(task, work, map, callback, NULL)             \
	 : bpf_task_work_schedule_resume    ? !bpf_task_work_schedule_resume(task, work, map, callback)                        \
					    : false)

#endif
