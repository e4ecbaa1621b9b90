package conn

// Predecessor says of the connection that had the sockets before how it stood
// when they were used again.
type Predecessor uint32

func (f Predecessor) Has(m Predecessor) bool { return f&m != 0 }

const (
	PriorClosed     Predecessor = 1 << iota // both FINs were acknowledged
	PriorUnanswered                         // its SYN had no answer, nor had a port scan
	PriorReset                              // or refused
	WaitedAtOpener                          // the side that sent the SYN was in TIME_WAIT
	WaitedAtPeer                            // the other was
	LargerISN                               // than all that its sender had used
	LaterTimestamp
	WasProbe // of a port scan: there was no SYN
)

// Waiting are the endpoints that were in TIME_WAIT.
const Waiting = WaitedAtOpener | WaitedAtPeer
