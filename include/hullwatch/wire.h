/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The kernel/user contract: every byte that crosses the rings is declared here, and nowhere else.
 * Included by the BPF programs (C) and by user space (C++).
 *
 * A record is one fixed struct that begins with hw_header, followed by a tail of bytes that hw_span members point into.
 * Records are native endian, 8-byte aligned and never cross machines. User space treats every byte as hostile: the decoder
 * checks header.size against the bytes received, then the kind's fixed size, then each span against the tail.
 *
 * Times are nanoseconds of CLOCK_BOOTTIME. Device numbers are the kernel's own s_dev (major << 20 | minor), not stat(2)'s.
 */
#ifndef HULLWATCH_WIRE_H
#define HULLWATCH_WIRE_H

#ifndef __BPF__
#include <linux/types.h>
#endif

#define HW_WIRE_VERSION 1

#define HW_COMM_LEN	     16
#define HW_ANCESTORS	     3	  /* carried by each critical record, nearest first */
#define HW_ARGS_MAX	     4096 /* bytes of argv copied; hw_exec.args_total tells the whole length */
#define HW_ARGS_TAIL_MAX     1024 /* of a longer argv the last bytes too */
#define HW_PATH_COMPONENTS   32	  /* a deeper path keeps its leaf side and sets HW_PATH_TRUNCATED */
#define HW_CGROUP_COMPONENTS 16
#define HW_STRING_MAX	     256  /* one user string of a mount call; one path component */
#define HW_REQUEST_CHUNK     4096 /* bytes of one read of a runtime socket's request */
#define HW_SUN_PATH	     108
#define HW_SETTING_NAME	     128
#define HW_SETTING_VALUE     256
#define HW_ABSTRACT_WORDS    14 /* HW_SUN_PATH rounded up, in 8-byte words */

/* What a record says. The order is also the index of the per-kind counters. */
enum hw_kind {
	HW_KIND_NONE = 0,
	HW_EXEC,       /* bulk     */
	HW_FORK,       /* bulk     */
	HW_EXIT,       /* bulk     */
	HW_CREDENTIAL, /* critical, as all below */
	HW_CAPABILITY,
	HW_MOUNT,
	HW_NAMESPACE,
	HW_CGROUP,
	HW_SOCKET,   /* contact with a local socket that is, or may be, a runtime's API */
	HW_REQUEST,  /* bytes a runtime read from such a socket */
	HW_BURST,    /* a home's fork rate crossed the threshold, or fell below it again */
	HW_FLOOD,    /* a home's bucket for one critical kind, or for all bulk ones, is empty, or full again */
	HW_IO_URING, /* a container made its first ring: system calls by another door */
	HW_SETTING,  /* a setting of the kernel was written: below /proc/sys, or a cgroup's release_agent */
	HW_TASK,     /* written by the task iterator at start, not by a ring */
	HW_KIND_MAX,
};

/* How the record came to be: the rung of the ladder (docs/architecture.md). */
enum hw_provider {
	HW_BY_ALWAYS = 0, /* scheduler and cgroup tracepoints, there on every kernel */
	HW_BY_QUIET,	  /* T3: tracepoints off the system-call path */
	HW_BY_LSM,	  /* T1 */
	HW_BY_FENTRY,	  /* T2 */
	HW_BY_KPROBE,	  /* T2, second choice */
	HW_BY_DISPATCH,	  /* T4 */
	HW_BY_ITERATOR,	  /* start-up snapshot */
	HW_PROVIDER_MAX,
};

/* hw_header.flags */
enum hw_flag {
	HW_F_HOME_INFERRED = 1 << 0, /* no task state: home was taken from the current cgroup */
	HW_F_COMPAT = 1 << 1,	     /* a 32-bit system call */
	HW_F_ATTEMPT = 1 << 2,	     /* seen before the outcome; the result member means nothing */
	HW_F_USER_STRINGS = 1 << 3,  /* strings were read through user pointers: another thread may have changed them */
	HW_F_IO_WORKER = 1 << 4,     /* an io_uring worker acted for the process */
	HW_F_REDUCED = 1 << 5,	     /* repeats were counted, not sent: in a burst, or beyond the share of the home */
	HW_F_LATE = 1 << 6,	     /* found by check-on-use: it happened some time before time_ns */
	HW_F_IN_BURST = 1 << 7,	     /* the home was in a fork burst when this was seen */
	HW_F_RUNTIME_SETUP = 1 << 8, /* the host put the process into its home, and it has not yet exec'ed in a mount namespace
					of its own: it still runs the runtime's code */
};

/*
 * A process for good: a tgid is reused, (start of the leader, tgid) is not. execs tells one program of it from the next; all
 * ones: whichever it runs now.
 */
struct hw_key {
	__u64 start_ns;
	__u32 tgid;
	__u32 execs;
};

struct hw_ancestor {
	struct hw_key key;
	char comm[HW_COMM_LEN];
};

/* Bytes of the tail: off counts from the end of the fixed struct. */
struct hw_span {
	__u16 off;
	__u16 len;
};

enum hw_path_flag {
	HW_PATH_TRUNCATED = 1 << 0, /* the root side is missing */
	HW_PATH_UNREACHABLE =
	    1 << 1, /* the walk ended at a root that is not the task's: a detached mount, or outside a chroot */
	HW_PATH_UNLINKED = 1 << 2,
	HW_PATH_ANONYMOUS = 1 << 3, /* no tree above it (memfd): the one component is the dentry's own name */
};

/* A path as a walk from the leaf: components in that order, each ended by NUL. */
struct hw_path {
	struct hw_span components;
	__u16 count;
	__u16 flags; /* hw_path_flag */
};

struct hw_cred {
	__u32 uid, gid, suid, sgid, euid, egid, fsuid, fsgid; /* as the kernel stores them: of the initial user namespace */
	__u32 securebits;
	__u32 userns;	    /* inode number of the user namespace */
	__u32 userns_level; /* 0: the initial one */
	__u32 userns_owner; /* uid that created it */
	__u64 cap_inheritable, cap_permitted, cap_effective, cap_bounding, cap_ambient;
};

struct hw_namespaces {
	__u32 mnt, pid, net, uts, ipc, cgroup, user, time; /* inode numbers; 0: not read */
};

/* Every record begins so. `process` is who acted; for HW_FORK the parent that called, for HW_REQUEST the client that wrote. */
struct hw_header {
	__u32 size;	/* whole record, tail included, in bytes */
	__u16 kind;	/* hw_kind */
	__u16 provider; /* hw_provider */
	__u32 flags;	/* hw_flag */
	__s32 syscall;	/* number in the table the flags name, -1 when none is known */
	__u64 time_ns;
	struct hw_key process;
	struct hw_key creator; /* who forked it, which is not always its parent; zero when unknown */
	__u64 home;	       /* cgroup id of the container the process belongs to for good, 0: the host */
	__u64 cgroup;	       /* cgroup id it is in now (v2 hierarchy; pids hierarchy where v2 is absent) */
	__u64 exe_ino;
	__u32 exe_dev;
	__u32 tid;
	__u32 uid, euid, gid, loginuid; /* loginuid 4294967295: unset */
	__u32 ns_pid;			/* in its own pid namespace, where no fork record told it; else 0 */
	__u32 pad;
	char comm[HW_COMM_LEN];
};

enum hw_exe_flag {
	HW_EXE_MEMFD = 1 << 0,	  /* on the kernel's internal shmem mount, linked nowhere */
	HW_EXE_UPPER = 1 << 1,	  /* on overlayfs, in the writable layer */
	HW_EXE_UNLINKED = 1 << 2, /* no name left */
	HW_EXE_SETUID = 1 << 3,
	HW_EXE_SETGID = 1 << 4,
	HW_EXE_SCRIPT = 1 << 5,	   /* filename is a script; the exe is its interpreter */
	HW_EXE_WRITABLE = 1 << 6,  /* writable by group or others */
	HW_EXE_NOT_ROOTS = 1 << 7, /* owner is not uid 0 */
	HW_EXE_TMPFS = 1 << 8,
};

/* Variables that tell the dynamic loader what to load or how to behave. Only whether they are there: never a value. */
enum hw_env_flag {
	HW_ENV_LD_PRELOAD = 1 << 0,
	HW_ENV_LD_AUDIT = 1 << 1,
	HW_ENV_LD_LIBRARY_PATH = 1 << 2,
	HW_ENV_GLIBC_TUNABLES = 1 << 3,
	HW_ENV_VARIABLES = (1 << 4) - 1, /* all of these */
	HW_ENV_SEEN = 1 << 29,		 /* it was looked through: of a container's program, and of one that gains privilege */
	HW_ENV_UNREAD = 1 << 30,	 /* and was longer than what is looked through, or could not be read */
};

struct hw_exec {
	struct hw_header h;
	struct hw_cred cred;
	struct hw_key parent;			    /* real_parent */
	struct hw_ancestor ancestors[HW_ANCESTORS]; /* nearest first, where HW_F_REDUCED: forks were held back */
	struct hw_namespaces ns;
	__u32 ns_pid;	 /* its pid in its own pid namespace */
	__u32 sid, pgid; /* session and process group, host pids */
	__u32 tty;	 /* device number of the controlling terminal, 0: none */
	__u32 sessionid; /* audit session */
	__u32 exe_flags; /* hw_exe_flag */
	__u32 exe_mode, exe_uid, exe_gid;
	__u32 exe_magic;		  /* superblock's magic */
	__u64 exe_ctime_ns, exe_mtime_ns; /* CLOCK_REALTIME */
	__u32 args_total;		  /* bytes of argv as the kernel holds it */
	__u8 no_new_privs;
	__u8 seccomp; /* 0 off, 1 strict, 2 filter */
	__u8 dumpable;
	__u8 secureexec;
	struct hw_span filename; /* as the kernel copied it: bprm->filename */
	struct hw_span args;	 /* NUL separated */
	struct hw_path exe;
	struct hw_path cwd;
	__u32 env_flags; /* hw_env_flag */
	/* of an argv longer than HW_ARGS_MAX: */
	__u64 args_hash; /* of its first args_hashed bytes in words of 8: equal ones have equal hashes */
	__u32 args_hashed;
	struct hw_span args_tail; /* its last bytes */
};

struct hw_fork {
	struct hw_header h;
	struct hw_key child;
	struct hw_key child_parent; /* real_parent of the child: differs from the caller with CLONE_PARENT */
	__u64 clone_flags;
	__u64 child_home, child_cgroup;
	__u32 child_ns_pid;
	__u32 child_userns;
};

struct hw_exit {
	struct hw_header h;
	__s32 exit_code; /* wait status: low 7 bits the signal, bits 8–15 the code */
	__u32 ns_pid;
	__u64 lived_ns; /* since the process started */
};

/* The way credentials came to change. */
enum hw_way {
	HW_WAY_UNKNOWN = 0, /* found changed (check-on-use): no commit was seen */
	HW_WAY_SETID,	    /* a set*id call; header.syscall names it where known */
	HW_WAY_EXEC,	    /* exec: setuid, setgid or file capabilities, or their loss */
	HW_WAY_CAPSET,	    /* capset, prctl (bounding, ambient, securebits) */
	HW_WAY_KEYCTL,
	HW_WAY_USERNS, /* clone or unshare with CLONE_NEWUSER */
	HW_WAY_SETNS,
	HW_WAY_COMMIT, /* commit_creds called from something else */
	HW_WAY_FORK,   /* a child differs from its parent's last known credentials without CLONE_NEWUSER */
	HW_WAY_MAX,
};

struct hw_credential {
	struct hw_header h;
	struct hw_ancestor ancestors[HW_ANCESTORS];
	struct hw_cred before, after;
	__u32 way;	 /* hw_way */
	__u32 exe_flags; /* hw_exe_flag, of the current exe */
	__u32 exe_uid;
	__u32 repeats;	 /* same transitions counted, not sent, since the last record of this home */
	__u32 uncertain; /* the shadow missed a commit: `before` may be old */
	__u32 no_new_privs;
	__u32 root_uid; /* the uid that is root in the user namespace of `after`; 4294967295: nothing is mapped to root there */
	__u32 pad;
};

struct hw_capability {
	struct hw_header h;
	struct hw_ancestor ancestors[HW_ANCESTORS];
	__u32 capability; /* CAP_* number */
	__s32 result;	  /* 0 granted, -1 denied */
	__u32 userns;	  /* that was asked about */
	__u32 userns_level;
	__u64 count; /* uses of (home, capability, result) so far */
};

enum hw_mount_op {
	HW_MOUNT_MOUNT = 0,
	HW_MOUNT_UMOUNT,
	HW_MOUNT_PIVOT_ROOT,
	HW_MOUNT_OPEN_TREE,
	HW_MOUNT_FSOPEN,
	HW_MOUNT_FSCONFIG,
	HW_MOUNT_FSMOUNT,
	HW_MOUNT_MOVE_MOUNT,
	HW_MOUNT_SETATTR,
	HW_MOUNT_FSPICK,
	HW_MOUNT_OP_MAX,
};

struct hw_mount {
	struct hw_header h;
	struct hw_ancestor ancestors[HW_ANCESTORS];
	__u32 op;	      /* hw_mount_op */
	__s32 from_fd, to_fd; /* -1: none */
	__s32 command;	      /* fsconfig's */
	__s64 result;	      /* of the system call; see HW_F_ATTEMPT */
	__u64 mount_flags;    /* as the call was given them; for mount_setattr attr_set */
	__u64 attr_clr;	      /* mount_setattr */
	__u32 mnt_ns, userns;
	struct hw_span source; /* as given; pivot_root: put_old; move_mount: the from path; fsconfig: the source */
	struct hw_span target; /* as given */
	struct hw_span fstype;
	struct hw_span data;	 /* options; may hold secrets */
	struct hw_path resolved; /* target by dentry walk, count 0 where the provider cannot */
	struct hw_path source_resolved;
};

enum hw_namespace_op { HW_NS_SETNS = 0, HW_NS_UNSHARE, HW_NS_OP_MAX };

struct hw_namespace {
	struct hw_header h;
	struct hw_ancestor ancestors[HW_ANCESTORS];
	__u32 op; /* hw_namespace_op */
	__s32 fd;
	__u64 ns_flags; /* CLONE_NEW* asked for; setns: 0 means any */
	__s64 result;
	struct hw_namespaces before, after;
};

enum hw_cgroup_op { HW_CGROUP_MKDIR = 0, HW_CGROUP_RMDIR, HW_CGROUP_ATTACH, HW_CGROUP_OP_MAX };

struct hw_cgroup {
	struct hw_header h;
	struct hw_ancestor ancestors[HW_ANCESTORS];
	__u32 op; /* hw_cgroup_op */
	__u32 level;
	__u64 id, parent_id; /* of the cgroup made, removed or entered */
	__u64 outermost;     /* container the kernel takes it for: its outermost cgroup that looks like one; 0: none */
	/* attach: */
	struct hw_key moved;
	__u64 moved_home_before, moved_home_after; /* equal when a container tried to move itself: home is sticky */
	__u32 moved_tid;
	__u32 threadgroup;   /* 1: the whole process moved */
	struct hw_path path; /* of the cgroup; mkdir only */
};

enum hw_socket_op {
	HW_SOCKET_CONNECT = 0,
	HW_SOCKET_USE,	   /* first write by a process that did not connect: inherited or received descriptor */
	HW_SOCKET_RECEIVE, /* got a connected descriptor (SCM_RIGHTS, pidfd_getfd); it need not use it */
	HW_SOCKET_HOLD,	   /* a program in a container was started with a connected descriptor */
	HW_SOCKET_LISTEN,  /* began to listen; TCP only */
	HW_SOCKET_OP_MAX,
};

/* What is known of a listener; set by user space once it has looked (map `listeners`). */
enum hw_listener_class {
	HW_LISTENER_UNKNOWN = 0, /* never met: the contact is sent */
	HW_LISTENER_PENDING,	 /* sent to user space, which has not answered: everything is sent */
	HW_LISTENER_OTHER,	 /* no runtime: nothing is sent */
	HW_LISTENER_RUNTIME,	 /* a runtime's API: contact, use and request are sent */
};

#define HW_LISTENER_TCP 0xffffffffU

/*
 * A listening local socket, whatever name leads to it. Abstract: dev 0, ino a hash of the name, netns set. TCP: dev
 * HW_LISTENER_TCP, ino the port, netns set; whatever address it is bound to.
 */
struct hw_listener {
	__u64 ino;
	__u32 dev;
	__u32 netns;
};

/* Of a TCP connection's client, as the server sees it. All zero for local sockets. */
struct hw_endpoint {
	__u8 address[16]; /* an IPv4 address as ::ffff:a.b.c.d */
	__u16 port;
	__u16 pad[3];
};

struct hw_socket {
	struct hw_header h;
	struct hw_ancestor ancestors[HW_ANCESTORS];
	struct hw_listener listener;
	__u64 connection;	/* names one connection for its life, never reused while hullwatch runs */
	__u32 op;		/* hw_socket_op */
	__u32 listener_class;	/* hw_listener_class the kernel acted on */
	__u32 listener_tgid;	/* who called listen(2): the runtime, or PID 1 for an activated socket */
	__u32 type;		/* SOCK_STREAM … */
	__u32 name_len;		/* of `name`; an abstract name begins with NUL */
	char name[HW_SUN_PATH]; /* sun_path the listener was bound to: a label, never the identity */
	/* who connected, where another program acts; start_ns 0: only its pid is known */
	struct hw_key opener;
	__u64 opener_home;
	char opener_comm[HW_COMM_LEN];
	struct hw_endpoint client;
};

enum hw_request_flag {
	HW_REQUEST_UNREADABLE = 1 << 0, /* the bytes could not be copied; length is still right */
	HW_REQUEST_CUT = 1 << 1,	/* more than HW_REQUEST_CHUNK were read at once: the rest is missing */
	HW_REQUEST_LAST = 1 << 2,	/* the connection is opaque from here on */
};

/* The header is the client's; the bytes are from the server's read. */
struct hw_request {
	struct hw_header h;
	struct hw_ancestor ancestors[HW_ANCESTORS];
	struct hw_listener listener;
	__u64 connection;
	__u64 offset;	     /* of the first byte in the client's stream */
	__u32 length;	     /* bytes read by the server */
	__u32 request_flags; /* hw_request_flag */
	struct hw_key server;
	struct hw_span bytes;
	__u32 pad;
	struct hw_endpoint client;
};

#define HW_REQUEST_WINDOW (80 * 1024) /* bytes of a connection that are sent before user space has said anything of it */

/*
 * Which bytes of a connection's stream user space wants: from skip_to up to send_to (map `request_windows`, by connection).
 * Nobody needs the rest of a long body, or anything of an upgraded connection: both 2^64-1. At send_to the kernel stops, and
 * says so once (HW_REQUEST_LAST).
 */
struct hw_request_window {
	__u64 skip_to;
	__u64 send_to;
};

/* hw_listener.ino of an abstract name: of its bytes, the leading NUL included, padded with zeros. */
static inline __u64 hw_abstract_hash(const __u64 words[HW_ABSTRACT_WORDS])
{
	__u64 hash = 0x9e3779b97f4a7c15ULL;

	for (int i = 0; i < HW_ABSTRACT_WORDS; i++) {
		hash = (hash ^ words[i]) * 0xff51afd7ed558ccdULL;
		hash ^= hash >> 32;
	}
	return hash;
}

/* Exact counts of one home; kept in the map `homes`, copied into a burst record. */
struct hw_home {
	__u64 forks, exits, execs; /* tasks, threads included */
	__s64 live;		   /* tasks now */
	__u64 creators;		   /* processes that forked in this window */
	__u64 window_start_ns;
	__u64 window_forks, window_exits;
	__u64 suppressed[HW_KIND_MAX]; /* records counted, not sent */
	__u64 last_fork_ns;
	__u32 bursting; /* 1 between a burst record and its end */
	__u32 pad;
	__u64 creators_total; /* the sum of `creators` over all windows: whoever has windows of its own takes the difference */
	__u64 critical_sent;  /* records put into the critical ring */
	__u64 critical_lost, bulk_lost; /* records for which the ring had no room */
};

struct hw_burst {
	struct hw_header h;
	struct hw_ancestor ancestors[HW_ANCESTORS];
	struct hw_home counts;
	__u32 over; /* 0: began, 1: ended */
	__u32 pad;
};

struct hw_flood {
	struct hw_header h;
	struct hw_ancestor ancestors[HW_ANCESTORS];
	__u32 flooded; /* hw_kind; a bulk one: the first that was held back, `suppressed` is of all three */
	__u32 over;
	__u64 suppressed; /* so far */
};

struct hw_io_uring {
	struct hw_header h;
	struct hw_ancestor ancestors[HW_ANCESTORS];
	__u32 sq_entries, cq_entries;
	__u32 setup_flags; /* IORING_SETUP_* */
	__u32 pad;
};

enum hw_setting_source { HW_SETTING_SYSCTL = 0, HW_SETTING_RELEASE_AGENT, HW_SETTING_SOURCE_MAX };

enum hw_setting_flag {
	HW_SETTING_CUT = 1 << 0,    /* the value is longer than what is here, or was written in pieces */
	HW_SETTING_UNREAD = 1 << 1, /* it could not be read */
};

struct hw_setting {
	struct hw_header h;
	struct hw_ancestor ancestors[HW_ANCESTORS];
	__u32 source;	     /* hw_setting_source */
	__u32 setting_flags; /* hw_setting_flag */
	__s64 result;	     /* bytes taken; see HW_F_ATTEMPT */
	__u64 length;	     /* bytes written; 0: not known */
	__u64 position;	     /* in the file */
	__u64
	    own_namespaces; /* CLONE_NEW* of user, pid, net, uts, ipc: the writer is in others than the node's first process */
	__u64 cgroup;	    /* release_agent: id, in its own hierarchy, of the cgroup whose file it is */
	__u16 name_len, value_len;
	__u32 pad;
	char name[HW_SETTING_NAME];   /* "kernel/core_pattern", from /proc/sys; "release_agent" */
	char value[HW_SETTING_VALUE]; /* the bytes that were written */
};

/* One process at start: what the task iterator knows. Strings come from /proc. */
struct hw_task {
	struct hw_header h;
	struct hw_cred cred;
	struct hw_key parent;
	struct hw_namespaces ns;
	__u32 ns_pid, sid, pgid, tty;
	__u32 no_new_privs, seccomp;
	__u32 sessionid;
	__u32 exe_flags;
	__u32 home_inferred; /* nobody saw it placed, nor an earlier daemon: home is what its cgroup says */
	__u32 pad;
};

/* When there was a daemon: one, in the pinned map `marks`. */
struct hw_mark {
	__u64 alive_ns;	  /* about once a second */
	__u64 stopped_ns; /* orderly end, 0: none yet */
};

/* Index into the per-CPU map `errors`: what failed in the kernel, by place. Not a lost record: those are in `counts`. */
enum hw_place {
	HW_PLACE_TASK_STATE = 0, /* a task without state: its home was inferred */
	HW_PLACE_TASK_CREATE,	 /* state could not be allocated at fork or exec */
	HW_PLACE_HOME_FULL,	 /* map `homes` is full */
	HW_PLACE_CONTAINER_FULL, /* map `containers` is full */
	HW_PLACE_BUCKET,	 /* no token bucket: the record passed unmetered */
	HW_PLACE_SLOT,		 /* both build slots taken, or none */
	HW_PLACE_TAIL_CUT,	 /* a tail did not fit and was cut */
	HW_PLACE_USER_READ,	 /* user memory could not be read: argv */
	HW_PLACE_CALL_FULL,	 /* too many calls in flight: one went out as an attempt, or its record was lost */
	HW_PLACE_OUTCOME,	 /* work at return to user mode could not be scheduled: the attempt was sent */
	HW_PLACE_TRANSITIONS,	 /* no memory to tell a repeated credential change: it was sent */
	HW_PLACE_MAX,
};

/* One per CPU and kind, only ever added to: submitted + lost = what was seen and not suppressed. */
struct hw_count {
	__u64 submitted;
	__u64 lost;
};

#endif
