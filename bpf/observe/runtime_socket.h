/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Contact with local sockets that are, or may be, a container runtime's API, and the requests read from them.
 *
 * A listener is its bound inode (or abstract name), whatever path leads to it. What user space takes it for stands in
 * `listeners`; one that has no entry is met for the first time, and that very contact is sent. An accepted socket shares the
 * address and the path of its listener, so data tells the listener as connecting does.
 *
 * Who wrote is known when data is queued (the client is current), what was written when the server reads it: bytes are complete
 * there, however they were sent. The two meet in `connections`.
 */
#ifndef HULLWATCH_RUNTIME_SOCKET_H
#define HULLWATCH_RUNTIME_SOCKET_H

#include "slot.h"

#define CONNECTIONS    4096
#define REQUEST_CHUNKS 16 /* of one read; the kernel queues at most 36 KiB in one buffer */

/* One connection to a listener that is, or may be, a runtime's. */
struct connection {
	struct hw_header writer; /* of the process that wrote last; torn only if two write at the very same time */
	struct hw_ancestor ancestors[HW_ANCESTORS];
	struct hw_listener listener;
	__u64 id;
	__u64 cookie; /* of the client's socket, 0 until it has written: a freed socket's address comes back, its cookie does
			 not */
	__u64 offset; /* bytes the server has read */
	__u32 stopped;
	__u32 pad;
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

/*
 * The listening socket behind a listener, by cookie. Inode numbers and names come back: a new socket under an old identity is a
 * new listener. Evicted: the class is trusted until the socket is seen again.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct hw_listener);
	__type(value, __u64);
} listener_sockets __weak SEC(".maps");

/* Connections numbered by this CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} connection_numbers __weak SEC(".maps");

#if defined(__TARGET_ARCH_x86)
#define NR_CONNECT  42
#define NR_RECVFROM 45
#define NR_RECVMSG  47
#define NR_RECVMMSG 299
#elif defined(__TARGET_ARCH_arm64)
#define NR_CONNECT  203
#define NR_RECVFROM 207
#define NR_RECVMSG  212
#define NR_RECVMMSG 243
#endif
#define MSG_PEEK 2

/* A contact while it is being looked at. */
struct contact {
	struct hw_listener listener;
	__u64 connection;
	__u32 op;
	__u32 listener_class;
	__u32 provider;
	__u32 pad;
};

extern int bpf_dynptr_from_skb(struct __sk_buff *skb, __u64 flags, struct bpf_dynptr *out) __weak __ksym;
extern void *bpf_rdonly_cast(const void *object, __u32 type) __weak __ksym;

/*
 * A socket that nobody holds for us: loads of what is no longer there read zeros, and no helper is given it. NULL before 6.2,
 * where the kernel has no such cast.
 */
HW_INLINE struct unix_sock *unix_socket(struct sock *sk)
{
	return bpf_rdonly_cast ? bpf_rdonly_cast(sk, bpf_core_type_id_kernel(struct unix_sock)) : NULL;
}

/* ---- who listens ---- */

/* Of the bound name, without its end, at most HW_SUN_PATH. */
HW_INLINE __u64 name_length(struct unix_address *addr)
{
	__u64 length = (__u32)addr->len;

	length = length > 2 ? length - 2 : 0;
	barrier_var(length); /* keep the compiler from testing a copy, which the verifier would not connect with this */
	return length > HW_SUN_PATH ? HW_SUN_PATH : length;
}

HW_INLINE void *name_of(struct unix_address *addr)
{
	return (void *)__builtin_preserve_access_index(&addr->name) + 2;
}

HW_PART __u64 abstract_name(struct unix_address *addr)
{
	__u64 words[HW_ABSTRACT_WORDS] = {};

	bpf_probe_read_kernel(words, name_length(addr), name_of(addr));
	return hw_abstract_hash(words);
}

/* `u` is a listener or a socket accepted from one; `addr` its address, not NULL. */
HW_INLINE void fill_listener(struct hw_listener *out, struct unix_sock *u, struct unix_address *addr)
{
	struct dentry *dentry = u->path.dentry;
	struct inode *inode;

	if (!dentry) {
		out->ino = abstract_name(addr);
		out->dev = 0;
		out->netns = u->sk.__sk_common.skc_net.net->ns.inum;
		return;
	}
	inode = dentry->d_inode;
	out->ino = inode->i_ino;
	out->dev = device_of(inode);
	out->netns = 0;
}

HW_INLINE void set_listener_class(struct hw_listener *listener, __u32 class)
{
	bpf_map_update_elem(&listeners, listener, &class, BPF_ANY);
}

/* Class of the listener a connect reaches. Its socket is at hand, so another one that took over the identity is found out. */
HW_INLINE __u32 class_at_connect(struct hw_listener *listener, struct sock *sk)
{
	__u32 *class = bpf_map_lookup_elem(&listeners, listener);
	__u64 *known = bpf_map_lookup_elem(&listener_sockets, listener);
	__u64 cookie = bpf_get_socket_cookie(sk);

	if (!known || *known != cookie)
		bpf_map_update_elem(&listener_sockets, listener, &cookie, BPF_ANY);
	if (class && (!known || *known == cookie))
		return *class;
	set_listener_class(listener, HW_LISTENER_PENDING);
	return HW_LISTENER_UNKNOWN;
}

/*
 * Class of the listener behind an accepted socket. One without an entry is either older than hullwatch or no listener at all
 * but the name a client bound itself to, hearing its answer: such an address has one user, a listener's has two or more.
 */
HW_INLINE __u32 class_at_write(struct hw_listener *listener, struct unix_address *addr)
{
	__u32 *class = bpf_map_lookup_elem(&listeners, listener);

	if (class)
		return *class;
	if (addr->refcnt.refs.counter < 2)
		return HW_LISTENER_OTHER;
	set_listener_class(listener, HW_LISTENER_PENDING);
	return HW_LISTENER_UNKNOWN;
}

/* ---- connections ---- */

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
	if (BPF_CORE_READ(accepted, sk.sk_peer_pid, numbers[0].nr) != task->tgid)
		return 0;
	return (__u64)client;
}

/* As connecting_socket(), by the descriptor given to connect(2). */
HW_INLINE __u64 connecting_descriptor(struct task_struct *task)
{
	struct task_struct___files *owner = (void *)task;
	__u64 fd = syscall_argument(task, 0);
	struct file **files, *file = NULL;
	struct socket *socket;

	if (syscall_number(task) != NR_CONNECT || compat_call(task) || fd >= BPF_CORE_READ(owner, files, fdt, max_fds))
		return 0;
	files = BPF_CORE_READ(owner, files, fdt, fd);
	bpf_probe_read_kernel(&file, sizeof(file), &files[fd]);
	socket = BPF_CORE_READ(file, private_data);
	return (__u64)BPF_CORE_READ(socket, sk);
}

HW_INLINE bool same_program(const struct hw_key *a, const struct hw_key *b)
{
	return a->start_ns == b->start_ns && a->tgid == b->tgid && a->execs == b->execs;
}

HW_INLINE struct connection *connection_make(__u64 client, const struct hw_listener *listener)
{
	static const struct connection fresh;
	struct connection *c;

	if (bpf_map_update_elem(&connections, &client, &fresh, BPF_ANY))
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

/* Whether this program's contact under `id` is still to be sent. */
HW_INLINE bool first_contact(__u64 id, const struct hw_key *program)
{
	struct contact_key key = {.id = id, .process = *program};
	__u8 one = 1;

	return bpf_map_update_elem(&contacts, &key, &one, BPF_NOEXIST) == 0;
}

/* ---- records ---- */

HW_PART void emit_contact(const struct contact *contact, struct unix_sock *u, struct task_struct *task)
{
	struct unix_address *addr = u->addr;
	struct hw_socket *r;
	__u64 length;

	if (!addr || !emit_admit(task, HW_SOCKET, contact->listener_class != HW_LISTENER_RUNTIME))
		return;
	r = EMIT_RESERVE(HW_SOCKET, struct hw_socket);
	if (!r)
		return;
	fill_header(&r->h, HW_SOCKET, contact->provider, sizeof(*r));
	fill_ancestors(r->ancestors);
	r->listener = contact->listener;
	r->connection = contact->connection;
	r->op = contact->op;
	r->listener_class = contact->listener_class;
	/* who called listen(2): copied to the client's socket at connect, and there on the listener itself */
	if (u->sk.__sk_common.skc_state == TCP_LISTEN)
		r->listener_tgid = BPF_CORE_READ(&u->sk, sk_peer_pid, numbers[0].nr);
	else
		r->listener_tgid = BPF_CORE_READ(u, peer, sk_peer_pid, numbers[0].nr);
	r->type = u->sk.sk_type;
	length = name_length(addr);
	bpf_probe_read_kernel(r->name, length, name_of(addr));
	r->name_len = length;
	emit_submit(HW_SOCKET, r);
}

/* ---- what happened ---- */

/* Current connects to the listener `u`; `client` is the address of its socket where the provider knows it, else 0. */
HW_INLINE void observe_connect(struct unix_sock *u, struct unix_address *addr, __u64 client, __u32 provider)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct contact contact = {.op = HW_SOCKET_CONNECT, .provider = provider};
	struct connection *c;

	fill_listener(&contact.listener, u, addr);
	contact.listener_class = class_at_connect(&contact.listener, &u->sk);
	if (contact.listener_class == HW_LISTENER_OTHER)
		return;
	if (!client)
		client = connecting_socket(&u->sk, task);
	if (!client)
		client = connecting_descriptor(task);
	if (client) {
		c = connection_make(client, &contact.listener);
		if (c) {
			fill_writer(c, task, provider);
			contact.connection = c->id;
			first_contact(c->id, &c->writer.process);
		}
	}
	emit_contact(&contact, u, task);
}

/* Current wrote to `u`, a socket accepted from a listener. The peer is the socket current holds, so it lives. */
HW_INLINE void observe_write(struct unix_sock *u, struct unix_address *addr, __u32 provider)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct contact contact = {.op = HW_SOCKET_USE, .provider = provider};
	struct hw_key program;
	struct connection *c;
	struct sock *peer;
	__u64 client, cookie;
	bool other;

	fill_listener(&contact.listener, u, addr);
	contact.listener_class = class_at_write(&contact.listener, addr);
	if (contact.listener_class == HW_LISTENER_OTHER)
		return;
	peer = u->peer;
	if (!peer)
		return;
	client = (__u64)peer;
	cookie = bpf_get_socket_cookie(peer);
	c = bpf_map_lookup_elem(&connections, &client);
	if (!c || (c->cookie && c->cookie != cookie))
		c = connection_make(client, &contact.listener);
	if (!c)
		return;
	c->cookie = cookie;
	fill_program(&program, task);
	other = !same_program(&c->writer.process, &program);
	if (other || c->writer.euid != task->cred->euid.val)
		fill_writer(c, task, provider);
	contact.connection = c->id;
	if (other && first_contact(c->id, &program))
		emit_contact(&contact, u, task);
}

/*
 * Current sent a datagram to `u`, bound and unconnected. No runtime speaks datagrams: what counts is that such a socket was
 * met; what was sent is not read.
 */
HW_INLINE void observe_datagram(struct unix_sock *u, struct unix_address *addr, __u32 provider)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct contact contact = {.op = HW_SOCKET_USE, .provider = provider};
	struct hw_key program;
	__u32 *class;

	fill_listener(&contact.listener, u, addr);
	class = bpf_map_lookup_elem(&listeners, &contact.listener);
	if (class && *class == HW_LISTENER_OTHER)
		return;
	contact.listener_class = class ? *class : HW_LISTENER_UNKNOWN;
	if (!class)
		set_listener_class(&contact.listener, HW_LISTENER_PENDING);
	fill_program(&program, task);
	if (first_contact(contact.listener.ino ^ (__u64)contact.listener.dev << 32, &program))
		emit_contact(&contact, u, task);
}

/* ---- requests ---- */

/* `length` bytes of `skb` from `offset` into the slot's tail: 0, or how many could not be had. */
HW_PART __u32 copy_bytes(struct slot *slot, struct sk_buff *skb, __u32 offset, __u32 length)
{
	__u32 linear = skb->len - skb->data_len;
	__u64 n = length;
	struct bpf_dynptr bytes;

	barrier_var(n);
	if (n > HW_REQUEST_CHUNK)
		return length;
	if (offset + n <= linear)
		return bpf_probe_read_kernel(slot->record + sizeof(struct hw_request), n, skb->data + offset) ? length : 0;
	/* fragments: large writes, sendfile, splice */
	if (bpf_dynptr_from_skb)
		return bpf_dynptr_from_skb((struct __sk_buff *)skb, 0, &bytes) ||
			       bpf_dynptr_read(slot->record + sizeof(struct hw_request), n, &bytes, offset, 0)
			   ? length
			   : 0;
	return length;
}

/* One record: `length` bytes of the read, the first of them at `offset` of the buffer; none for the end mark. */
HW_PART void emit_request(struct connection *c, struct sk_buff *skb, __u32 offset, __u32 length, __u32 flags)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct hw_request *r;
	struct slot *slot;
	__u32 which;

	if (!emit_admit_home(task, c->writer.home, HW_REQUEST, c->offset == 0))
		return;
	slot = slot_take(HW_REQUEST, sizeof(*r), &which);
	if (!slot)
		return;
	r = (void *)slot->record;
	r->h = c->writer;
	r->h.time_ns = bpf_ktime_get_boot_ns();
	__builtin_memcpy(r->ancestors, c->ancestors, sizeof(r->ancestors));
	r->listener = c->listener;
	r->connection = c->id;
	r->offset = c->offset;
	r->length = length;
	r->request_flags = flags;
	fill_program(&r->server, task);
	if (length) {
		if (copy_bytes(slot, skb, offset, length)) {
			r->request_flags |= HW_REQUEST_UNREADABLE;
		} else {
			r->bytes.len = length;
			slot->used += length;
		}
	}
	slot_send(slot, HW_REQUEST);
}

/* A peek reads what the next call will read again. */
HW_INLINE bool is_peek(struct task_struct *task)
{
	__s32 call = syscall_number(task);

	if (compat_call(task))
		return false;
	if (call == NR_RECVFROM)
		return syscall_argument(task, 3) & MSG_PEEK;
	if (call == NR_RECVMSG)
		return syscall_argument(task, 2) & MSG_PEEK;
	return call == NR_RECVMMSG && (syscall_argument(task, 3) & MSG_PEEK);
}

/* The connection of client socket `sk`, whose bytes the socket `server` (NULL: the client has closed) reads. */
HW_INLINE struct connection *connection_read(struct sock *sk, struct unix_sock *server)
{
	__u64 client = (__u64)sk;
	struct hw_listener listener;
	struct unix_address *addr;
	struct connection *c;
	__u32 *class;

	if (server) { /* most sockets are no runtime's: they leave after one lookup */
		addr = server->addr;
		if (!addr)
			return NULL;
		fill_listener(&listener, server, addr);
		class = bpf_map_lookup_elem(&listeners, &listener);
		if (!class || *class == HW_LISTENER_OTHER)
			return NULL;
	}
	c = bpf_map_lookup_elem(&connections, &client);
	if (c && (!c->cookie || c->cookie == (__u64)sk->__sk_common.skc_cookie.counter)) {
		class = bpf_map_lookup_elem(&listeners, &c->listener);
		return class && *class != HW_LISTENER_OTHER ? c : NULL;
	}
	if (!server)
		return NULL;
	/* read before its writer could be noted down (evicted, or a server that does not sleep): who connected is all that is
	 * known */
	c = connection_make(client, &listener);
	if (c) {
		c->writer.kind = HW_REQUEST;
		c->writer.provider = HW_BY_QUIET;
		c->writer.flags = HW_F_HOME_INFERRED;
		c->writer.syscall = -1;
		c->writer.process.tgid = BPF_CORE_READ(&server->sk, sk_peer_pid, numbers[0].nr);
	}
	return c;
}

/* A read that is being sent, chunk by chunk. */
struct sending {
	struct connection *c;
	struct sk_buff *skb;
	__u64 end;    /* offset in the client's stream */
	__u32 offset; /* in skb */
	__u32 pad;
};

static long send_chunk(__u64 index, struct sending *s)
{
	struct connection *c = s->c;
	__u64 left = s->end - c->offset;
	__u32 part = left < HW_REQUEST_CHUNK ? left : HW_REQUEST_CHUNK;

	if (c->offset >= s->end)
		return 1;
	emit_request(c, s->skb, s->offset, part, index == REQUEST_CHUNKS - 1 && left > part ? HW_REQUEST_CUT : 0);
	c->offset += part;
	s->offset += part;
	return 0;
}

/* Current, a server, reads `length` bytes of `skb`, sent by client socket `sk`. */
HW_INLINE void observe_read(struct sk_buff *skb, struct sock *sk, struct unix_sock *server, __u32 length)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct sending sending = {.skb = skb};
	struct hw_request_window *window;
	__u64 send_to = HW_REQUEST_WINDOW, skip_to = 0;
	struct connection *c;

	c = connection_read(sk, server);
	if (!c || is_peek(task))
		return;
	window = bpf_map_lookup_elem(&request_windows, &c->id);
	if (window) {
		skip_to = window->skip_to;
		send_to = window->send_to;
	}
	sending.c = c;
	sending.end = c->offset + length;
	sending.offset = ((struct unix_skb_parms *)skb->cb)->consumed;
	if (sending.end <= skip_to) {
		c->offset = sending.end;
		return;
	}
	if (c->offset >= send_to) {
		if (!c->stopped)
			emit_request(c, skb, 0, 0, HW_REQUEST_LAST);
		c->stopped = 1;
		c->offset = sending.end;
		return;
	}
	c->stopped = 0;
	if (c->offset < skip_to) {
		sending.offset += skip_to - c->offset;
		c->offset = skip_to;
	}
	/* not a plain loop: the verifier would follow emit_request() through every round */
	bpf_loop(REQUEST_CHUNKS, send_chunk, &sending, 0);
	c->offset = sending.end;
}

#endif
