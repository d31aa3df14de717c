/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Connections to local sockets that are, or may be, a container runtime's API: one entry each, by the client's socket, with who
 * opened it and who wrote last. Made and asked by socket_contact.h, socket_descriptor.h and tcp_api.h; read by
 * socket_request.h.
 */
#ifndef HULLWATCH_CONNECTION_H
#define HULLWATCH_CONNECTION_H

#include "socket_identity.h"

#define CONNECTIONS 4096

#if defined(__TARGET_ARCH_x86)
#define NR_CONNECT 42
#elif defined(__TARGET_ARCH_arm64)
#define NR_CONNECT 203
#endif

/* One connection to a listener that is, or may be, a runtime's. */
struct connection {
	struct hw_header writer; /* of the process that wrote last; torn only if two write at the very same time */
	struct hw_ancestor ancestors[HW_ANCESTORS];
	struct hw_listener listener;
	__u64 id;
	__u64 cookie; /* of the client's socket, 0 until it has written: a freed socket's address comes back, its cookie does
			 not */
	__u64 offset; /* bytes the server has read */
	struct hw_key opener; /* who connected; start_ns 0: only its pid is known */
	__u64 opener_home;
	char opener_comm[HW_COMM_LEN];
	struct hw_endpoint endpoint; /* TCP */
	__u32 stopped;
	__u32 listener_tgid; /* who called listen(2), as its client's socket says */
};

/*
 * By address of the client's struct sock: all that both sides can reach. Not socket storage, which is charged to the client's
 * socket (optmem), so that the client could make it fail. Evicted: made anew at the next write under a new id, which user space
 * reports as unreadable.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CONNECTIONS);
	__type(key, __u64);
	__type(value, struct connection);
} connections __weak SEC(".maps");

/* Which bytes user space wants, by connection id. Evicted: back to the default, which sends no more than HW_REQUEST_WINDOW. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CONNECTIONS);
	__type(key, __u64);
	__type(value, struct hw_request_window);
} request_windows __weak SEC(".maps");

/* Programs whose contact over a connection (or, for datagrams, with a listener) was sent. Evicted: sent once more. */
struct contact_key {
	__u64 id;
	struct hw_key process;
};
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CONNECTIONS);
	__type(key, struct contact_key);
	__type(value, __u8);
} contacts __weak SEC(".maps");

/* Connections numbered by this CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} connection_numbers __weak SEC(".maps");

HW_INLINE __u64 next_connection(void)
{
	__u32 zero = 0;
	__u64 *number = bpf_map_lookup_elem(&connection_numbers, &zero);

	return number ? ++*number << 16 | bpf_get_smp_processor_id() : 0;
}

/*
 * Address of the socket that is connecting to `listener`, 0 when it cannot be told. The accepted socket is the last one queued,
 * unless a server on another CPU already took it, or another client queued its own: so only a socket that shares the listener's
 * address, was made by this process and agrees on its peer counts. Addresses are compared and kept, never handed to the kernel.
 */
HW_INLINE __u64 connecting_socket(struct sock *listener, struct task_struct *task)
{
	struct unix_address *addr = BPF_CORE_READ((struct unix_sock *)listener, addr);
	struct unix_sock *accepted = (void *)BPF_CORE_READ(listener, sk_receive_queue.prev, sk);
	struct unix_sock *client = (void *)BPF_CORE_READ(accepted, peer);

	if (BPF_CORE_READ(accepted, addr) != addr || (void *)BPF_CORE_READ(client, peer) != (void *)accepted)
		return 0;
	if (BPF_CORE_READ(accepted, sk.sk_peer_pid, numbers[0].nr) != GET(task, tgid))
		return 0;
	return (__u64)client;
}

/* What current has open as `fd`: an address, NULL when it has nothing there. */
HW_INLINE struct file *open_file(struct task_struct *task, __u64 fd)
{
	struct files_struct *files = REACH((struct task_struct___files *)task, files);
	struct file **slots, *file = NULL;
	struct fdtable *table;

	if (!files)
		return NULL;
	table = GET(files, fdt);
	if (!table || fd >= GET(table, max_fds))
		return NULL;
	slots = GET(table, fd);
	bpf_probe_read_kernel(&file, sizeof(file), &slots[fd]);
	return file;
}

/* As connecting_socket(), by the descriptor given to connect(2). */
HW_INLINE __u64 connecting_descriptor(struct task_struct *task)
{
	struct socket *socket;

	if (syscall_number(task) != NR_CONNECT || compat_call(task))
		return 0;
	socket = BPF_CORE_READ(open_file(task, syscall_argument(task, 0)), private_data);
	return (__u64)BPF_CORE_READ(socket, sk);
}

HW_INLINE bool same_program(const struct hw_key *a, const struct hw_key *b)
{
	return a->start_ns == b->start_ns && a->tgid == b->tgid && a->execs == b->execs;
}

/* None for the canary, which comes for ever and would push out those of others. */
HW_INLINE struct connection *connection_make(__u64 client, const struct hw_listener *listener)
{
	static const struct connection fresh;
	struct connection *c;

	if (is_canary() || bpf_map_update_elem(&connections, &client, &fresh, BPF_ANY))
		return NULL;
	c = bpf_map_lookup_elem(&connections, &client);
	if (!c)
		return NULL;
	c->listener = *listener;
	c->id = next_connection();
	return c;
}

HW_PART void fill_writer(struct connection *c, struct task_struct *task, __u32 provider)
{
	__builtin_memset(&c->writer, 0, sizeof(c->writer));
	__builtin_memset(c->ancestors, 0, sizeof(c->ancestors));
	fill_header(&c->writer, HW_REQUEST, provider, 0);
	fill_ancestors(c->ancestors);
}

HW_INLINE void opened_by_writer(struct connection *c)
{
	c->opener = c->writer.process;
	c->opener_home = c->writer.home;
	__builtin_memcpy(c->opener_comm, c->writer.comm, sizeof(c->opener_comm));
}

/* Who connected to an accepted socket, or who called listen(2) for a client's. */
HW_INLINE __u32 peer_pid(struct unix_sock *u)
{
	return BPF_CORE_READ(u, sk.sk_peer_pid, numbers[0].nr);
}

#define HLIST_NODE_SIZE 16

/* Leader of the process that `pid` names, as an address; NULL when it has gone. */
HW_INLINE struct task_struct *leader_of(struct pid *pid)
{
	struct hlist_head *of_process = (void *)__builtin_preserve_access_index(&pid->tasks) + PIDTYPE_TGID * sizeof(void *);
	struct hlist_node *first = NULL;

	bpf_probe_read_kernel(&first, sizeof(first), of_process);
	return first ? (void *)first - offsetof(struct task_struct, pid_links) - PIDTYPE_TGID * HLIST_NODE_SIZE : NULL;
}

/*
 * Bytes come over `c`, whose writer nobody saw: who connected is all that is known, and what that process is now. Its exec
 * count is not to be had here.
 */
HW_PART void fill_absent_writer(struct connection *c, struct unix_sock *accepted)
{
	struct hw_header *h = &c->writer;
	struct task_struct *leader;
	struct inode *exe;

	h->kind = HW_REQUEST;
	h->provider = HW_BY_QUIET;
	h->flags = HW_F_HOME_INFERRED;
	h->syscall = -1;
	h->process.tgid = h->tid = c->opener.tgid = peer_pid(accepted);
	leader = leader_of(BPF_CORE_READ(accepted, sk.sk_peer_pid));
	if (!leader)
		return;
	h->process.start_ns = BPF_CORE_READ(leader, start_boottime);
	h->process.execs = (__u32)-1;
	h->uid = BPF_CORE_READ(leader, real_cred, uid.val);
	h->euid = BPF_CORE_READ(leader, real_cred, euid.val);
	h->gid = BPF_CORE_READ(leader, real_cred, gid.val);
	h->loginuid = bpf_core_field_exists(leader->loginuid) ? BPF_CORE_READ(leader, loginuid.val) : (__u32)-1;
	bpf_probe_read_kernel_str(h->comm, sizeof(h->comm), &leader->comm);
	exe = BPF_CORE_READ(leader, mm, exe_file, f_inode);
	h->exe_ino = BPF_CORE_READ(exe, i_ino);
	h->exe_dev = BPF_CORE_READ(exe, i_sb, s_dev);
	h->cgroup = cgroup_id(identity_cgroup(leader));
	h->home = container_of_cgroup(h->cgroup);
}

/*
 * Is `c`, kept under the address of socket `client`, of that very socket, whose peer is `accepted` (NULL: it has closed)? Its
 * cookie says so once it was noted. Until then a socket that never wrote may have left `c` behind: who connected must agree,
 * or, where the client has gone, who listened. A pair's socket names its own maker there.
 */
HW_INLINE bool connection_is_of(const struct connection *c, struct sock *client, struct unix_sock *accepted)
{
	if (c->cookie)
		return cookie_fits(c->cookie, (__u64)SOCK_GET(client, __sk_common.skc_cookie.counter), client);
	if (accepted)
		return c->opener.tgid == peer_pid(accepted);
	return c->listener_tgid && c->listener_tgid == peer_pid((struct unix_sock *)client);
}

/*
 * Another program writes from here on: what user space said of its predecessor (a runtime's own program is not listened to)
 * does not hold for it. The contact that tells of it is in the ring before the bytes.
 */
HW_INLINE void reopen_window(struct connection *c)
{
	struct hw_request_window window = {.send_to = c->offset + HW_REQUEST_WINDOW};

	bpf_map_update_elem(&request_windows, &c->id, &window, BPF_EXIST);
}

/* Whether this program's contact under `id` is still to be sent. */
HW_INLINE bool first_contact(__u64 id, const struct hw_key *program)
{
	struct contact_key key = {.id = id, .process = *program};
	__u8 one = 1;

	return bpf_map_update_elem(&contacts, &key, &one, BPF_NOEXIST) == 0;
}

#endif
