/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * System calls that only the dispatcher looks at: of sockets, and those that by themselves show the use of a capability.
 * Numbers as in observe/calls.h. What is not here: x32, and calls whose need of a capability depends on whose file, process or
 * namespace they are about.
 */
#ifndef HULLWATCH_DISPATCH_USES_H
#define HULLWATCH_DISPATCH_USES_H

#include "observe/calls.h"

enum use {
	USE_NOTHING = 0,
	USE_CONNECT,	/* descriptor: argument 0 */
	USE_WRITE,	/* the same */
	USE_SPLICE,	/* the written one: argument 2 */
	USE_SOCKETCALL, /* 32-bit x86: argument 0 says which, argument 1 where its own are */
	USE_GETFD,	/* descriptor: the result */
	USE_CAPABILITY, /* from here on */
	USE_MODULE = USE_CAPABILITY,
	USE_BOOT,
	USE_PORTS,
	USE_SET_TIME,
	USE_SET_CLOCK,
	USE_ADJUST_TIME,
	USE_ADJUST_CLOCK,
	USE_BPF,
	USE_SYSLOG,
	USE_HANDLE,
	USE_SWAP,
};

#if defined(__TARGET_ARCH_x86)
static const __u8 uses_native[CALLS] = {
    [42] = USE_CONNECT,	      [1] = USE_WRITE,	     [20] = USE_WRITE,
    [328] = USE_WRITE,							 /* write writev pwritev2 */
    [44] = USE_WRITE,	      [46] = USE_WRITE,	     [307] = USE_WRITE,	 /* sendto sendmsg sendmmsg */
    [40] = USE_WRITE,	      [275] = USE_SPLICE,			 /* sendfile splice */
    [438] = USE_GETFD,							 /* pidfd_getfd */
    [175] = USE_MODULE,	      [176] = USE_MODULE,    [313] = USE_MODULE, /* init_module delete_module finit_module */
    [169] = USE_BOOT,	      [246] = USE_BOOT,	     [320] = USE_BOOT,	 /* reboot kexec_load kexec_file_load */
    [172] = USE_PORTS,	      [173] = USE_PORTS,			 /* iopl ioperm */
    [164] = USE_SET_TIME,     [227] = USE_SET_CLOCK, [159] = USE_ADJUST_TIME,
    [305] = USE_ADJUST_CLOCK,						 /* settimeofday clock_settime adjtimex clock_adjtime */
    [321] = USE_BPF,	      [103] = USE_SYSLOG,    [304] = USE_HANDLE, /* open_by_handle_at */
    [167] = USE_SWAP,	      [168] = USE_SWAP,				 /* swapon swapoff */
};
static const __u8 uses_compat[CALLS] = {
    [362] = USE_CONNECT,      [4] = USE_WRITE,	      [146] = USE_WRITE,       [379] = USE_WRITE,
    [369] = USE_WRITE,	      [370] = USE_WRITE,      [345] = USE_WRITE,       [187] = USE_WRITE,
    [239] = USE_WRITE, /* sendfile sendfile64 */
    [313] = USE_SPLICE,	      [102] = USE_SOCKETCALL, [438] = USE_GETFD,       [128] = USE_MODULE,
    [129] = USE_MODULE,	      [350] = USE_MODULE,     [88] = USE_BOOT,	       [283] = USE_BOOT,
    [101] = USE_PORTS,	      [110] = USE_PORTS,   /* ioperm iopl */
    [25] = USE_SET_TIME,      [79] = USE_SET_TIME, /* stime settimeofday */
    [264] = USE_SET_CLOCK,    [404] = USE_SET_CLOCK,  [124] = USE_ADJUST_TIME, [343] = USE_ADJUST_CLOCK,
    [405] = USE_ADJUST_CLOCK, [357] = USE_BPF,	      [103] = USE_SYSLOG,      [342] = USE_HANDLE,
    [87] = USE_SWAP,	      [115] = USE_SWAP,
};
#define IS_IOPL(number, compat) ((number) == ((compat) ? 110 : 172))
#elif defined(__TARGET_ARCH_arm64)
static const __u8 uses_native[CALLS] = {
    [203] = USE_CONNECT,   [64] = USE_WRITE,	    [66] = USE_WRITE,	      [287] = USE_WRITE, /* write writev pwritev2 */
    [206] = USE_WRITE,	   [211] = USE_WRITE,	    [269] = USE_WRITE,				 /* sendto sendmsg sendmmsg */
    [71] = USE_WRITE,	   [76] = USE_SPLICE,							 /* sendfile splice */
    [438] = USE_GETFD,	   [105] = USE_MODULE,	    [106] = USE_MODULE,	      [273] = USE_MODULE,
    [142] = USE_BOOT,	   [104] = USE_BOOT,	    [294] = USE_BOOT,	      [170] = USE_SET_TIME,
    [112] = USE_SET_CLOCK, [171] = USE_ADJUST_TIME, [266] = USE_ADJUST_CLOCK, [280] = USE_BPF,
    [116] = USE_SYSLOG,	   [265] = USE_HANDLE,	    [224] = USE_SWAP,	      [225] = USE_SWAP,
};
static const __u8 uses_compat[CALLS] = {
    [283] = USE_CONNECT,      [4] = USE_WRITE,	     [146] = USE_WRITE,	    [393] = USE_WRITE,	     [289] = USE_WRITE,
    [290] = USE_WRITE,	      [296] = USE_WRITE,     [374] = USE_WRITE, /* send sendto sendmsg sendmmsg */
    [187] = USE_WRITE,	      [239] = USE_WRITE,     [340] = USE_SPLICE,    [438] = USE_GETFD,	     [128] = USE_MODULE,
    [129] = USE_MODULE,	      [379] = USE_MODULE,    [88] = USE_BOOT,	    [347] = USE_BOOT,	     [401] = USE_BOOT,
    [79] = USE_SET_TIME,      [262] = USE_SET_CLOCK, [404] = USE_SET_CLOCK, [124] = USE_ADJUST_TIME, [372] = USE_ADJUST_CLOCK,
    [405] = USE_ADJUST_CLOCK, [386] = USE_BPF,	     [103] = USE_SYSLOG,    [371] = USE_HANDLE,	     [87] = USE_SWAP,
    [115] = USE_SWAP,
};
#define IS_IOPL(number, compat) false
#endif

/* What current's call uses. */
HW_INLINE __u32 current_use(struct task_struct *task)
{
	__u64 number = (__u32)syscall_number(task);

	BOUNDED(number);
	if (number >= CALLS)
		return USE_NOTHING;
	return compat_call(task) ? uses_compat[number] : uses_native[number];
}

#endif
