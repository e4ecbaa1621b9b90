//go:build ignore

// A record for each state that a TCP socket enters. `go generate` compiles it. The structs have the fields that are read, by the
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
struct task_struct {
	unsigned int flags;
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
	__u8 unused[5];
};
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

// by notes the process that calls, if it is not the kernel itself that does later what a process asked for.
static __always_inline void by(struct record *r)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	if (BPF_CORE_READ(task, flags) & PF_KTHREAD)
		return;
	r->pid = bpf_get_current_pid_tgid() >> 32;
	r->cgroup = bpf_get_current_cgroup_id();
	bpf_get_current_comm(r->command, sizeof(r->command));
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state, const struct sock *sk, int before, int after)
{
	const struct sock_common *c = &sk->__sk_common;
	__u16 family = c->skc_family;
	if (sk->sk_protocol != IPPROTO_TCP || (family != AF_INET && family != AF_INET6))
		return 0;
	struct record *r = bpf_ringbuf_reserve(&records, sizeof(*r), 0);
	if (!r) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	__builtin_memset(r, 0, sizeof(*r));
	r->time = bpf_ktime_get_ns();
	r->sock = (__u64)sk;
	r->family = family;
	r->before = before;
	r->state = after;
	r->uid = sk->sk_uid.val;
	r->netns = c->skc_net.net->ns.inum;
	r->local_port = bpf_ntohs(BPF_CORE_READ((const struct inet_sock *)sk, inet_sport)); // skc_num is gone when it enters CLOSED
	r->remote_port = bpf_ntohs(c->skc_dport);
	if (family == AF_INET) {
		BPF_CORE_READ_INTO((__be32 *)r->local, c, skc_rcv_saddr);
		BPF_CORE_READ_INTO((__be32 *)r->remote, c, skc_daddr);
	} else {
		BPF_CORE_READ_INTO((struct in6_addr *)r->local, c, skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO((struct in6_addr *)r->remote, c, skc_v6_daddr);
	}
	if (called(after))
		by(r);
	bpf_ringbuf_submit(r, 0);
	return 0;
}

// The functions used are for programs under the GPL only.
char __license[] SEC("license") = "Dual MIT/GPL";
