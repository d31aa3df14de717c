/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Fork bursts of a home, and the quench: while one lasts, repeated fork, exit and exec records of that home are counted instead
 * of sent. What is new always passes (process.h).
 */
#ifndef HULLWATCH_OBSERVE_BURST_H
#define HULLWATCH_OBSERVE_BURST_H

#include "emit.h"

/* Not metered by emit_admit(): two a window and home at most. Of current. */
__weak __noinline int emit_burst(__u64 home, __u32 over)
{
	struct home_state *state = home_state(home);
	struct hw_burst *r;

	if (!state)
		return 0;
	r = EMIT_RESERVE(HW_BURST, struct hw_burst);
	if (!r)
		return 0;
	fill_header(&r->h, HW_BURST, HW_BY_ALWAYS, sizeof(*r));
	r->h.home = home; /* a fork counts for the child's home */
	fill_ancestors(r->ancestors);
	__builtin_memcpy(&r->counts, &state->counts, sizeof(r->counts));
	r->over = over;
	emit_submit(HW_BURST, r);
	return 0;
}

HW_INLINE bool burst_grows(const struct hw_home *counts)
{
	return counts->window_forks >= burst_forks && (__s64)(counts->window_forks - counts->window_exits) >= burst_growth;
}

/*
 * Begins a new window when the last is over, and ends a burst whose last window was below the thresholds. Called at each fork
 * and exit, so a home that stops both stays `bursting` until user space sees the old window_start_ns. Two CPUs may roll at
 * once: a window loses some counts, the totals do not.
 */
HW_INLINE void burst_roll(__u64 home, struct home_state *state, __u64 now)
{
	struct hw_home *counts = &state->counts;
	__u64 age = now - counts->window_start_ns;

	if (age < burst_window_ns && counts->window_start_ns)
		return;
	if (counts->bursting && (age >= 2 * burst_window_ns || !burst_grows(counts))) {
		counts->bursting = 0;
		emit_burst(home, 1);
	}
	counts->window_start_ns = now;
	counts->window_forks = 0;
	counts->window_exits = 0;
	counts->creators = 0;
}

/* After a fork was counted. */
HW_INLINE void burst_check(__u64 home, struct home_state *state)
{
	if (state->counts.bursting || !burst_grows(&state->counts))
		return;
	state->counts.bursting = 1;
	__builtin_memset(state->seen_exes, 0, sizeof(state->seen_exes));
	emit_burst(home, 0);
}

/* Is this record of a bursting home one to count instead of to send? `last` is when its kind was last sent. */
HW_INLINE bool burst_quenches(struct home_state *state, __u32 kind, __u64 *last, __u64 now)
{
	if (!state || !state->counts.bursting)
		return false;
	if (now - *last >= burst_sample_ns) {
		*last = now;
		return false;
	}
	if (is_canary())
		return false;
	count_suppressed(state, kind);
	return true;
}

#endif
