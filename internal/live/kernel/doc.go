// Package kernel finds out what this host's kernel says about its own ends of TCP connections: the state of each, since
// when, and the process it belongs to.
//
// If BPF may be used, the kernel reports every state as a socket enters it (states.bpf.c). States that no socket holds (an
// incomplete handshake, or TIME_WAIT) are polled with sock_diag: at once when a socket ends, and every second. Without BPF
// everything is polled, soon where a packet shows a connection (Want), and what happens between two polls is not known.
// Connections that are open when a Watcher is opened are known from the start.
//
// The process is known from its system calls: connect, listen, close and shutdown put a socket into a state that nothing else
// does, and accept is reported where the kernel can have its function call a program. Where no call was seen, and for what
// may have been handed on since, it is looked up who has the socket (search): by BPF, or else in /proc, by another process that
// keeps the right to (helper). Polling and looking up go on beside the goroutine that reads, which waits for neither.
//
// Not its job: packets, and what is inferred from them; hosts other than this one; systems other than Linux.
package kernel

import (
	"net/netip"
	"time"

	"tcptrace/analyzer/host"
	"tcptrace/fsm"
)

// Key tells an end of a connection from all others of this host.
type Key struct {
	Namespace     uint32 // number of its network namespace, as in /proc/self/ns/net
	Local, Remote netip.AddrPort
}

// Endpoint is one end of a connection, or a socket that listens, in the words of the kernel.
type Endpoint struct {
	Key
	State fsm.State
	// Since is when it entered State, or was first found in it; the zero time: before anyone watched.
	Since time.Time
	// Process connected or closed it, or listens; of what was open before, it has the socket.
	Process host.Process
	// Socket is whether there is a socket, rather than a request that waits for the end of its handshake or for
	// room among those to be accepted, or what is left of a socket without a process.
	Socket bool
	// Info is what TCP measures there, Listening what waits there, when it was last asked; nil: not known.
	Info      *host.Info
	Listening *Listening

	sock   uint64 // which socket
	inode  uint32 // of a socket that was found by asking; 0: of nothing that a process has
	holder holder

	accepted bool // Process accepted it, and another may have it by now
}

// Listening is what a listening socket has of connections that wait for its process.
type Listening struct {
	Queue, Backlog uint32 // that wait, and as many as may
	Drops          uint32 // segments that it did not take since it listens: SYNs and ACKs that it had no room for, and bare RSTs, FINs and whatever else
}

// Change is an endpoint after something happened to it. State may equal Before: a socket has ended, and its remains are in its state.
type Change struct {
	Endpoint
	Before fsm.State
	Time   time.Time
	Drops  uint32 // of a listening socket, in LISTEN as before: as many SYNs and ACKs, at most, it had no room for since it was last asked
	Found  bool   // it was found to have happened when the kernel was asked, at Time; false: it happened then
}

// Cookies are SYN-ACKs of a host that had no room to remember the SYN, and what became of them.
type Cookies struct {
	Sent     uint64 // in place of remembering it
	Accepted uint64 // connections were made of them, without SACK, window scaling and timestamps unless the client's timestamps brought these back
	Refused  uint64 // ACKs that had none, or an old one
}

// Source is how the kernel tells.
type Source string

// The sources.
const (
	BPF  Source = "bpf"       // every state of a socket, when it enters it
	Diag Source = "sock_diag" // what is, when asked
)

// holder is what stands for an endpoint in the kernel.
type holder uint8

const (
	nothing holder = iota
	socket
	request // of a listening socket: the handshake is not over
	remains // of a socket that no process has
)
