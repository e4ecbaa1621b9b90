//go:build ignore

// A record for each state that a TCP socket enters, and for what else says to whom it belongs and how it came to be. `go generate` compiles it. The structs have the fields that are read, by the
// kernel's names; the loader finds where they are in the running kernel (CO-RE).

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define RELOCATED __attribute__((preserve_access_index))
#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6
#define IPPROTO_MPTCP 262
#define PF_KTHREAD 0x00200000

enum state { SYN_SENT = 2, FIN_WAIT_1 = 4, LAST_ACK = 9, LISTEN = 10 };

struct in6_addr {
	__u8 bytes[16];
};
struct ns_common {
	unsigned int inum;
} RELOCATED;
struct net {
	struct ns_common ns;
} RELOCATED;
typedef struct {
	struct net *net;
} possible_net_t;
struct sock_common {
	union {
		struct {
			__be32 skc_daddr;
			__be32 skc_rcv_saddr;
		};
	};
	union {
		struct {
			__be16 skc_dport;
			__u16 skc_num;
		};
	};
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
} RELOCATED;
typedef struct {
	unsigned int val;
} kuid_t;
struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
	kuid_t sk_uid;
} RELOCATED;
struct inet_sock {
	struct sock sk;
	__be16 inet_sport;
} RELOCATED;
struct kernfs_node {
	__u64 id;
} RELOCATED;

struct cgroup {
	struct kernfs_node *kn;
} RELOCATED;

struct css_set {
	struct cgroup *dfl_cgrp;
} RELOCATED;

struct task_struct {
	unsigned int flags;
	int tgid;
	char comm[16];
	struct task_struct *group_leader;
	struct css_set *cgroups;
} RELOCATED;

struct inode {
	unsigned long i_ino;
} RELOCATED;

struct file {
	struct inode *f_inode;
} RELOCATED;

struct socket {
	struct sock *sk;
} RELOCATED;

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
} RELOCATED;

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct file *file;
} RELOCATED;

struct record {
	__u64 time; // CLOCK_MONOTONIC, ns
	__u64 sock; // which one it is, while it lives
	__u64 cgroup;
	__u32 netns;
	__u32 pid; // 0: not called by a process
	__u32 uid; // of the socket
	__u16 local_port;
	__u16 remote_port;
	__u8 local[16];
	__u8 remote[16];
	__u8 command[16];
	__u8 family;
	__u8 before;
	__u8 state;
	__u8 kind; // of enum kind
	__u32 inode; // of the socket, of HELD only
};

// In what program a record is made. The state of all but the first has not changed.
enum kind { ENTERED, CONNECTING, ACCEPTED, HELD };
const struct record *unused_record __attribute__((unused)); // bpf2go looks for its type

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 23);
} records SEC(".maps");

__u64 lost; // records that the ring had no room for

// In these states a socket enters by a call of a process (connect, listen, close, shutdown) and in no other way.
// Interrupts find any process running: who runs then says nothing.
static __always_inline int called(int state)
{
	return state == SYN_SENT || state == LISTEN || state == FIN_WAIT_1 || state == LAST_ACK;
}

// process notes a process: its main thread's name, as /proc has it.
static __always_inline void process(struct record *r, struct task_struct *task)
{
	r->pid = BPF_CORE_READ(task, tgid);
	r->cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	BPF_CORE_READ_STR_INTO(&r->command, task, group_leader, comm);
}

// by notes the process that calls, if it is not the kernel itself that does later what a process asked for.
static __always_inline void by(struct record *r)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	if (BPF_CORE_READ(task, flags) & PF_KTHREAD)
		return;
	r->pid = bpf_get_current_pid_tgid() >> 32;
	r->cgroup = bpf_get_current_cgroup_id();
	BPF_CORE_READ_STR_INTO(&r->command, task, group_leader, comm);
}

// is_inet is whether a socket is one of IPv4 or IPv6, and of a protocol.
static __always_inline int is_inet(const struct sock *sk, __u16 protocol)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	return BPF_CORE_READ(sk, sk_protocol) == protocol && (family == AF_INET || family == AF_INET6);
}

// is_tcp is whether a socket is one of those that are reported.
static __always_inline int is_tcp(const struct sock *sk) { return is_inet(sk, IPPROTO_TCP); }

// sockets notes the addresses and ports of a socket.
static __always_inline void sockets(struct record *r, const struct sock *sk)
{
	r->local_port = bpf_ntohs(BPF_CORE_READ((const struct inet_sock *)sk, inet_sport)); // skc_num is gone when it enters CLOSED
	if (r->family == AF_INET) {
		BPF_CORE_READ_INTO((__be32 *)r->local, sk, __sk_common.skc_rcv_saddr);
		BPF_CORE_READ_INTO((__be32 *)r->remote, sk, __sk_common.skc_daddr);
	} else {
		BPF_CORE_READ_INTO((struct in6_addr *)r->local, sk, __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO((struct in6_addr *)r->remote, sk, __sk_common.skc_v6_daddr);
	}
}

// fill makes a record of a socket, in no state yet.
static __always_inline void fill(struct record *r, const struct sock *sk, enum kind kind)
{
	__builtin_memset(r, 0, sizeof(*r));
	r->time = bpf_ktime_get_ns();
	r->sock = (__u64)sk;
	r->kind = kind;
	r->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	r->uid = BPF_CORE_READ(sk, sk_uid.val);
	r->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	r->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	sockets(r, sk);
}

// begin is room for a record in the ring; 0 if there is none.
static __always_inline struct record *begin(void)
{
	struct record *r = bpf_ringbuf_reserve(&records, sizeof(*r), 0);

	if (!r)
		__sync_fetch_and_add(&lost, 1);
	return r;
}

// It is fill with direct loads: what interrupts this program on its processor and changes a state there is not reported, so it has to be brief.
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state, const struct sock *sk, int before, int after)
{
	const struct sock_common *c = &sk->__sk_common;
	__u16 family = c->skc_family;
	struct record *r;

	if (sk->sk_protocol != IPPROTO_TCP || (family != AF_INET && family != AF_INET6) || !(r = begin()))
		return 0;
	__builtin_memset(r, 0, sizeof(*r));
	r->time = bpf_ktime_get_ns();
	r->sock = (__u64)sk;
	r->kind = ENTERED;
	r->family = family;
	r->before = before;
	r->state = after;
	r->uid = sk->sk_uid.val;
	r->netns = c->skc_net.net->ns.inum;
	r->remote_port = bpf_ntohs(c->skc_dport);
	sockets(r, sk);
	if (called(after))
		by(r);
	bpf_ringbuf_submit(r, 0);
	return 0;
}

// own reports a socket that is not entering a state, and the process that runs.
static __always_inline int own(const struct sock *sk, enum kind kind)
{
	struct record *r;

	if (!sk || !is_tcp(sk) || !(r = begin()))
		return 0;
	fill(r, sk, kind);
	r->before = r->state = BPF_CORE_READ(sk, __sk_common.skc_state);
	by(r);
	bpf_ringbuf_submit(r, 0);
	return 0;
}

// The programs below are optional: what they add is not known where the kernel has not the function, or cannot have it call a program.

// A socket enters SYN_SENT before it has a port, unless it was bound to one. Here it has, and its SYN has not left yet.
SEC("fentry/tcp_connect")
int BPF_PROG(connect, const struct sock *sk)
{
	return own(sk, CONNECTING);
}

// No socket enters a state when it is accepted. Which arguments the function has depends on the kernel.
SEC("fexit/inet_csk_accept")
int accept(void *ctx)
{
	__u64 sk = 0;

	if (bpf_get_func_ret(ctx, &sk))
		return 0;
	return own((const struct sock *)sk, ACCEPTED);
}

// A list of the TCP sockets that processes have: a record for each file. Whoever holds the link may read it at any time.
SEC("iter/task_file")
int holders(struct bpf_iter__task_file *ctx)
{
	struct file *file = ctx->file;
	struct task_struct *task = ctx->task;
	struct socket *socket;
	struct record r;

	if (!file || !task || !(socket = bpf_sock_from_file(file)) || !socket->sk)
		return 0;
	// The socket of Multipath TCP has others of TCP, of which none has a file. They have its inode number.
	if (!is_tcp(socket->sk) && !is_inet(socket->sk, IPPROTO_MPTCP))
		return 0;
	fill(&r, socket->sk, HELD);
	r.before = r.state = BPF_CORE_READ(socket->sk, __sk_common.skc_state);
	r.inode = BPF_CORE_READ(file, f_inode, i_ino);
	process(&r, task);
	bpf_seq_write(ctx->meta->seq, &r, sizeof(r));
	return 0;
}

// The functions used are for programs under the GPL only.
char __license[] SEC("license") = "Dual MIT/GPL";
