// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/*
 * setns and unshare with their outcome and the namespaces before and after, at the entry and the return of the calls of
 * both ABIs:
 *
 *	long __x64_sys_NAME(const struct pt_regs *regs), __ia32_sys_NAME
 *
 * Not sent: unshare that names no namespace (files, working directory, semaphores).
 */
#include "observe/namespace.h"

/* By thread, for the length of one call. Full: the record is lost and counted. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct namespace_call);
} namespace_calls SEC(".maps");

HW_INLINE void entered(__u32 which)
{
	struct task_struct *task = current_task();
	struct namespace_call call = {};
	__u32 tid = GET(task, pid);

	fill_namespace_call(&call, task, which);
	if (which == CALL_UNSHARE && !call.ns_flags)
		return;
	if (!admit_namespace(task, which))
		return;
	if (bpf_map_update_elem(&namespace_calls, &tid, &call, BPF_ANY)) {
		count_error(HW_PLACE_CALL_FULL);
		count_record(HW_NAMESPACE, false);
	}
}

HW_INLINE void returned(__s64 result)
{
	struct task_struct *task = current_task();
	__u32 tid = GET(task, pid);
	struct namespace_call *call = bpf_map_lookup_elem(&namespace_calls, &tid);

	if (!call)
		return;
	send_namespace(task, call, result, 0, HW_BY_FENTRY);
	bpf_map_delete_elem(&namespace_calls, &tid);
}

#define NAMESPACE_CALL(entry, abi, name, call)                                                                                 \
	SEC("?fentry/" entry #name)                                                                                            \
	int BPF_PROG(fentry_##abi##name, void *regs)                                                                           \
	{                                                                                                                      \
		entered(call);                                                                                                 \
		return 0;                                                                                                      \
	}                                                                                                                      \
	SEC("?fexit/" entry #name)                                                                                             \
	int BPF_PROG(fexit_##abi##name, void *regs, long result)                                                               \
	{                                                                                                                      \
		returned(result);                                                                                              \
		return 0;                                                                                                      \
	}

#if defined(__TARGET_ARCH_x86)
NAMESPACE_CALL("__x64_sys_", , unshare, CALL_UNSHARE)
NAMESPACE_CALL("__x64_sys_", , setns, CALL_SETNS)
NAMESPACE_CALL("__ia32_sys_", ia32_, unshare, CALL_UNSHARE)
NAMESPACE_CALL("__ia32_sys_", ia32_, setns, CALL_SETNS)
#else
NAMESPACE_CALL("__arm64_sys_", , unshare, CALL_UNSHARE) /* both ABIs enter there */
NAMESPACE_CALL("__arm64_sys_", , setns, CALL_SETNS)
#endif
