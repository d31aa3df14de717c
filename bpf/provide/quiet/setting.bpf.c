// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/*
 * cgroup/sysctl at the root of the cgroup v2 hierarchy, in which every task is: runs for each access below /proc/sys, after the
 * permission check and before the setting's own handler, with the kernel's copy of the value. So it sees the attempt.
 *
 * Such a program decides whether the access may go on. This one always says yes, whatever fails in it.
 *
 * Since 6.16 programs of this type have a task's storage, which says whose process it is; src/probe/hook_probe.cpp asks.
 */
#include "observe/setting.h"

#define E2BIG  7
#define PERMIT 1

SEC("?cgroup/sysctl")
int quiet_sysctl(struct bpf_sysctl *ctx)
{
	union setting_leaf leaf = {};
	struct hw_setting *r;
	long length;

	if (!ctx->write)
		return PERMIT;
	bpf_sysctl_get_name(ctx, leaf.name, sizeof(leaf.name), BPF_F_SYSCTL_BASE_NAME);
	if (!admit_setting(&leaf))
		return PERMIT;
	r = begin_setting(HW_SETTING_SYSCTL, HW_BY_QUIET, 0, HW_F_ATTEMPT);
	if (!r)
		return PERMIT;
	length = bpf_sysctl_get_name(ctx, r->name, sizeof(r->name), 0);
	r->name_len = length == -E2BIG ? sizeof(r->name) - 1 : length > 0 ? length : 0;
	length = bpf_sysctl_get_new_value(ctx, r->value, sizeof(r->value));
	if (length == -E2BIG) {
		r->value_len = sizeof(r->value) - 1;
		r->setting_flags |= HW_SETTING_CUT;
	} else if (length > 0) {
		r->value_len = r->length = length;
	} else {
		r->setting_flags |= HW_SETTING_UNREAD;
	}
	r->position = ctx->file_pos;
	emit_submit(HW_SETTING, r);
	return PERMIT;
}
