package analyzer

// predecessor says of the connection that had the sockets before how it stood
// when they were used again.
type predecessor uint32

func (f predecessor) has(m predecessor) bool { return f&m != 0 }

const (
	wasClosed      predecessor = 1 << iota // both FINs were acknowledged
	wasUnanswered                          // its SYN had no answer, nor had a port scan
	wasReset                               // or refused
	waitedAtOpener                         // the side that sent the SYN was in TIME_WAIT
	waitedAtPeer                           // the other was
	largerISN                              // than all that its sender had used
	laterTimestamp
	wasProbe // of a port scan: there was no SYN
)

// waiting are the endpoints that were in TIME_WAIT.
const waiting = waitedAtOpener | waitedAtPeer
