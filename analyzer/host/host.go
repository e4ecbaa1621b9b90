// Package host holds what an endpoint's own host says about it: the states that its kernel had it in, and the process it belongs to. Packets
// do not show that, but a live capture on the endpoint's host can ask.
//
// Not its job: asking (internal/live/kernel), and using the answers (the trajectories of package analyzer).
package host

import (
	"time"

	"tcptrace/fsm"
)

// End is what a host says about its end of a connection. It does not change once it has been handed out.
type End struct {
	Words   []Word        // oldest first
	All     bool          // Words has every state since the first, except before one that was Found; false: only those that were found by asking
	Late    time.Duration // the longest delay with which the host reports an event
	Process Process
	Info    *Info // nil: not known

	Overflow *Overflow // nil: its listening socket dropped nothing while it was opened, as far as that is known
}

// Overflow says that a listening socket had no room: it dropped SYNs, or ACKs of handshakes, while a connection to it was not open yet.
type Overflow struct {
	Time           int64  // when the host was asked, last
	Dropped        uint32 // of all connections to the socket
	Queue, Backlog uint32 // connections that waited for its process at Time, and as many as may
}

// Word says that an endpoint is in a state.
type Word struct {
	State fsm.State
	Time  int64 // when it entered it, in ns since the Unix epoch; 0: some time before the next word
	Found bool  // it had entered it by Time, when the host was asked
}

// Process is the process that a socket belongs to. The zero value is an unknown one.
type Process struct {
	PID    uint32
	User   uint32 // number of the socket's user
	Cgroup uint64 // the control group's number, which is the inode of its directory; 0: not known
	Name   string // 15 bytes at most
	// Container is the id of the container that it runs in, Unit otherwise the systemd unit; "": in none, or not known.
	Container, Unit string
	Listens         bool // the process is only known to listen where the connection arrived; another one may have accepted it
}

// Align finds the longest common subsequence of the two lists of states. ofStates and ofWords mark its members. An endpoint that is
// back in LISTEN has no connection, which hosts call CLOSED.
func Align(states []fsm.State, words []Word) (ofStates, ofWords []bool) {
	same := func(i, j int) bool {
		s, w := states[i], words[j].State
		return s == w || s == fsm.Listen && w == fsm.Closed && i > 0
	}
	longest := make([][]int, len(states)+1)
	for i := range longest {
		longest[i] = make([]int, len(words)+1)
	}
	for i := len(states) - 1; i >= 0; i-- {
		for j := len(words) - 1; j >= 0; j-- {
			longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			if same(i, j) {
				longest[i][j] = max(longest[i][j], 1+longest[i+1][j+1])
			}
		}
	}
	ofStates, ofWords = make([]bool, len(states)), make([]bool, len(words))
	for i, j := 0, 0; i < len(states) && j < len(words); {
		switch {
		case same(i, j) && longest[i][j] == 1+longest[i+1][j+1]:
			ofStates[i], ofWords[j] = true, true
			i, j = i+1, j+1
		case longest[i][j] == longest[i+1][j]:
			i++
		default:
			j++
		}
	}
	return ofStates, ofWords
}

// Info is what TCP at an endpoint had measured and decided when it was last asked. Unknown values are 0.
type Info struct {
	RTT, RTTVar, MinRTT time.Duration // smoothed (RFC 6298), its variation, the recent minimum
	CWND, SSThresh      uint32        // congestion window and slow start threshold, in segments; SSThresh is 0 before the first loss
	Retransmitted       uint32        // segments
	Delivery, Pacing    uint64        // bytes per second: the latest delivery rate, and the pacing limit
	Congestion          string        // name of the algorithm
}
