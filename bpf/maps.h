/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The maps and knobs that more than one unit uses. A map of one observation stands in that observation's header.
 *
 * Everything here is __weak: each unit that includes this file defines it, and the static linker (bpftool gen object) keeps one
 * of equal definitions. The alternative, one defining unit and `extern` elsewhere, would need every definition written twice.
 */
#ifndef HULLWATCH_MAPS_H
#define HULLWATCH_MAPS_H

#include "kernel_types.h"

/* ---- knobs: set before load, then frozen by the kernel, so that the verifier drops what they switch off ---- */

#define HW_KNOB(type, name, value) const volatile type name __weak = value

/* Token bucket of each (home, critical kind): records a second, and how many at once. */
HW_KNOB(__u64, critical_rate, 200);
HW_KNOB(__u64, critical_burst, 400);
/* A fork burst: at least so many forks and so much growth of the live set within a window. */
HW_KNOB(__u64, burst_window_ns, 1000000000ULL);
HW_KNOB(__u64, burst_forks, 500);
HW_KNOB(__s64, burst_growth, 200);
/* While it lasts, one fork and one exit record of the home per so many ns. */
HW_KNOB(__u64, burst_sample_ns, 100000000ULL);
/* Bucket of each home's bulk records: its depth as a time, and the time a byte costs; set by the ring's size. */
HW_KNOB(__u64, bulk_depth_ns, 500000000ULL);
HW_KNOB(__u64, bulk_byte_ns, 953ULL);
/* Which hierarchy names containers: 0 the v2 one; 1 v1 pids, 2 v1 memory on hosts without v2. */
HW_KNOB(__u32, cgroup_v1, 0);
/* Whether the kernel preempts programs at tracepoints (relief.h). */
HW_KNOB(bool, programs_are_preempted, false);
/* This daemon, of all that shared the pinned maps since boot: counts of living tasks are its own. */
HW_KNOB(__u32, run_id, 1);
/* The watchdog (src/guard): what it and its children do is never held back. */
HW_KNOB(__s32, canary_tgid, 0);

/* Set by user space when `containers` holds what was there before us: from then on cgroups tell homes, and forks count. */
bool containers_known __weak;
/* Set by snapshot_tasks at its end: from then on a task is counted in by its fork only. */
bool snapshot_over __weak;
/* The second run of snapshot_tasks: gives the processes in `homes_told` the home that is there. */
bool snapshot_corrects __weak;
/* Inode of the network namespace the kernel's own threads are in: set by snapshot_tasks. 0: not known yet. */
__u32 first_net_ns __weak;
/* Raised by user space each time it has recognised a container whose cgroup the kernel took for the host's (state.h). */
__u32 late_claims __weak;

/* Set by a program at an LSM hook that every exec runs: proof that they fire, which loading and attaching is not. */
bool lsm_fired __weak;

/* ---- what tasks and homes remember ---- */

enum task_flag {
	TASK_SHADOW = 1 << 1,		/* shadow holds credentials */
	TASK_SHADOW_UNCERTAIN = 1 << 2, /* a commit may have been missed since */
	TASK_KNOWN = 1 << 3,		/* creator, home and execs were set */
	TASK_UNTOLD = 1 << 5,	   /* its fork was counted, not sent, and nothing else of it was: nobody waits for its exit */
	TASK_HOME_UNSURE = 1 << 4, /* forked by a process without state: home is taken from the cgroup until the snapshot */
};

/*
 * One per task (thread). Credentials belong to the thread; `home`, `creator`, `execs` belong to the process and are true in the
 * group leader's entry only: read them through process_state(). A thread's own copy is of the moment it was cloned.
 */
enum turn { TURN_FORK, TURN_EXEC, TURN_EXIT, TURN_MAX };

struct task_state {
	struct hw_key creator;
	__u64 home;
	__u32 execs;
	__u32 flags;	      /* task_flag */
	__u64 fork_window_ns; /* start of the home's window this process last forked in */
	/* mount namespace of who put it into its cgroup, until it execs in another: 0 once its own program runs */
	__u32 setup_mnt;
	__u32 claims_seen;   /* of late_claims, when a home of 0 was last looked at */
	__u32 counted_in;    /* run_id of the daemon in whose counts of living tasks it is; run_id + 1: that was, and is over */
	__u32 refused_mount; /* of the mount call this thread is in, which is beyond its home's bucket (mount.h); 0: none */
	__u32 shown_in;	     /* run_id of the daemon whose snapshot has the process */
	__u32 pad;
	struct hw_cred shadow; /* last known credentials of the thread */
	__u64 cred;	       /* address of the real_cred that was last found equal to the shadow */
	__u64 turns[TURN_MAX]; /* relief.h: what was last seen at each hook */
};

#define SEEN_EXES 16

/* The public counts first: user space reads that much of the value. */
struct home_state {
	struct hw_home counts;
	__u64 fork_sample_ns, exit_sample_ns, exec_sample_ns; /* when the last one of a burst was sent */
	__u64 seen_exes[SEEN_EXES];			      /* programs exec'ed while it is reduced, a ring (process.h) */
	__u32 seen_next;
	__u32 rings; /* 1: its first io_uring was sent */
	/* budget.h: the bucket as a time, as struct bucket's; what it held back so far, and the kind that was the first */
	__u64 bulk_paid_until_ns, bulk_shed;
	__u32 bulk_over, bulk_shedding; /* 1: it is empty; 1: something was held back since it was half full */
	__u32 bulk_first;
	__u32 pad;
};

/* One of a (home, critical kind). */
struct bucket_key {
	__u64 home;
	__u32 kind;
	__u32 pad;
};
struct bucket {
	__u64
	    paid_until_ns; /* the bucket as a time: behind now it is full, `critical_burst` records ahead of now it is empty */
	__u64 suppressed;
	__u32 flooded; /* 1 between the flood record and its end */
	__u32 pad;
};

/*
 * What a home has shown of one kind while that kind's bucket was empty: at most one thing of each of 64 sorts (a hash of what
 * cannot be varied at will), and, by a smaller bucket of their own, things of a sort that was shown before.
 */
#define NOVELTIES 8
struct novelty {
	__u64 sorts;	       /* bit n: something of sort n was let through */
	__u64 seen[NOVELTIES]; /* hashes of what was let through last */
	__u64 paid_until_ns;   /* as struct bucket's */
	__u32 next;
	__u32 pad;
};

/*
 * Critical records, woken one by one. 1 MiB holds about 2,000: the reader's thread does nothing but copy them out. Full: the
 * record is lost and counted, which user space turns into an alert. Homes beyond their bucket cannot fill it (emit.h).
 */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} critical __weak SEC(".maps");

/* Exec, fork, exit. Size set before load (4 or 8 MiB). Full: lost and counted. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
} bulk __weak SEC(".maps");

/*
 * State of tasks in the task itself: freed with it, never evicted, no pid to be reused. No size to fill; the allocation may
 * fail under memory pressure, which is counted (HW_PLACE_TASK_STATE) and makes records `home: inferred`.
 */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_state);
} tasks __weak SEC(".maps");

/*
 * The same where tracing programs have no task storage (HW_MODERN): by thread id, with the start of its owner, so that a
 * reused id is not taken for it. Entries go with their threads. Full (HW_PLACE_TASK_CREATE): as a failed allocation above; no
 * home but the host may hold more than a quarter, so a fork bomb costs nobody else their state. User space creates one of the
 * two.
 */
#define TASKS_BY_ID   131072
#define TASKS_OF_HOME (TASKS_BY_ID / 4)
struct task_by_id {
	__u64 start_ns;
	struct task_state state;
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, TASKS_BY_ID);
	__type(key, __u32);
	__type(value, struct task_by_id);
} tasks_by_id __weak SEC(".maps");

/*
 * Counts per home, 0 is the host. Hash, preallocated: it is written from the scheduler's tracepoints. As many as the user side
 * keeps containers. Full: the container's counts are not kept and HW_PLACE_HOME_FULL counts it; nothing else depends on it.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4097);
	__type(key, __u64);
	__type(value, struct home_state);
} homes __weak SEC(".maps");

/*
 * Cgroup -> cgroup of the container it belongs to (the outermost). Filled at mkdir by what the name looks like, corrected by
 * user space; cgroups of the host have no entry, but for those that a container made there and named like a container: 0. Full:
 * new cgroups inside are taken for the host's, counted (HW_PLACE_CONTAINER_FULL). Tasks are not affected once they have a home.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u64);
} containers __weak SEC(".maps");

/*
 * Homes of multi-threaded processes that were moved: threads hold a copy of their process's home from when they were cloned,
 * and one of them may exec after the leader is gone. Evicted: that exec has the older home.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct hw_key); /* execs 0 */
	__type(value, __u64);
} rehomed __weak SEC(".maps");

/* Makes one CPU alone decide whether a task is counted (state.h). */
struct decision {
	struct bpf_spin_lock lock;
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct decision);
} decisions __weak SEC(".maps");

/* Homes that user space found out for processes nobody saw placed. Full: the process keeps what its cgroup said. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct hw_key); /* execs 0 */
	__type(value, __u64);
} homes_told __weak SEC(".maps");

/* Written by user space only: it is here to be pinned with the rest. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hw_mark);
} marks __weak SEC(".maps");

/*
 * Homes whose processes may place processes as the host's may: identity.trusted_runtimes. Filled by user space. Full: the
 * container is not trusted, which user space says.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, __u32);
} trusted_homes __weak SEC(".maps");

/* What user space found a listener to be (hw_listener_class). Evicted: it is met again as unknown, which alerts once more. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct hw_listener);
	__type(value, __u32);
} listeners __weak SEC(".maps");

/* Exact counts of records per kind. Per CPU: no cache line is shared on the way. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, HW_KIND_MAX);
	__type(key, __u32);
	__type(value, struct hw_count);
} counts __weak SEC(".maps");

/* Token buckets. LRU: an evicted bucket is a full one, which lets `critical_burst` records more through. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct bucket_key);
	__type(value, struct bucket);
} buckets __weak SEC(".maps");

/* Only of homes whose bucket is empty; dropped when it fills. LRU, evicted: what was shown is shown once more. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 512);
	__type(key, struct bucket_key);
	__type(value, struct novelty);
} novelties __weak SEC(".maps");

/* Helpers that failed, by place. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, HW_PLACE_MAX);
	__type(key, __u32);
	__type(value, __u64);
} errors __weak SEC(".maps");

#define SLOT_FIXED 1024	 /* the fixed struct of a record at most */
#define SLOT_TAIL  18432 /* and its tail; one more chunk may hang over, and is cut off */
#define SLOT_CHUNK 4096
#define SLOTS	   2

/* Where a record of variable length is built (slot.h). */
struct slot {
	__u64 owner; /* 0: free */
	__u32 used; /* bytes of `record`, fixed struct included. Here and not in a register, so that the verifier's states merge
		     */
	__u32 overflow;		      /* something did not fit */
	__u32 components, path_flags; /* of the path being walked */
	__u64 root_dentry, root_mnt;  /* where a path walk ends */
	__u64 hash;		      /* of arguments, and the place in the environment (exec_memory.h) */
	__u32 cursor, env_flags;
	__u8 record[SLOT_FIXED + SLOT_TAIL + SLOT_CHUNK];
};

/* Per CPU, two deep: a preempted or interrupted program keeps its slot. Both taken: the record is lost and counted. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SLOTS);
	__type(key, __u32);
	__type(value, struct slot);
} slots __weak SEC(".maps");

/* What this CPU sent into the bulk ring: decides who wakes the reader (emit.h). */
struct wake_state {
	__u64 records;	     /* ever */
	__u64 paid_until_ns; /* token bucket of its wake-ups, as a time */
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct wake_state);
} wakes __weak SEC(".maps");

HW_INLINE void count_error(__u32 place)
{
	__u64 *count = bpf_map_lookup_elem(&errors, &place);

	if (count)
		__sync_fetch_and_add(count, 1);
}

#endif
