package analyzer

import (
	"fmt"

	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// CloseKind says how a connection ended.
type CloseKind uint8

// The kinds.
const (
	CloseNone       CloseKind = iota // it did not, as far as the capture shows
	CloseUnfinished                  // a FIN was seen; the close is not complete
	CloseGraceful                    // both FINs were acknowledged
	CloseReset                       // by an RST
)

var closeKindNames = [...]string{CloseNone: "none", CloseUnfinished: "unfinished", CloseGraceful: "graceful", CloseReset: "reset"}

// String is the kind's name in records.
func (k CloseKind) String() string { return closeKindNames[min(int(k), len(closeKindNames)-1)] }

// ResetCause says what an RST was the answer to, as far as the capture tells.
type ResetCause uint8

// The causes.
const (
	NoReset              ResetCause = iota
	ResetRefused                    // a SYN, where nobody listens
	ResetScan                       // a SYN-ACK, at once: the client only wanted to know, or had given up already
	ResetAbandoned                  // nothing: the client gave up while it connected
	ResetDropped                    // nothing: the server took its SYN-ACK back
	ResetUnreadData                 // the peer's FIN: bytes were not read, or SO_LINGER 0
	ResetWriteAfterClose            // data, to an endpoint that had closed
	ResetFinWait2                   // the peer's FIN, long awaited: FIN_WAIT_2 had timed out
	ResetAfterFIN                   // nothing: its sender had sent a FIN before
	ResetHalfOpen                   // a segment of a connection that its sender did not know
	ResetChallenge                  // a challenge ACK
	ResetInjected                   // nothing: its supposed sender goes on
	ResetAborted                    // nothing: its sender threw the connection away
)

var resetCauses = [...]struct{ name, text string }{
	NoReset:              {"", ""},
	ResetRefused:         {"refused", "it answers the SYN"},
	ResetScan:            {"scan", "it answers the SYN-ACK at once, as a half-open scan does, or a connect() that was given up"},
	ResetAbandoned:       {"abandoned", "its sender gave up while it connected"},
	ResetDropped:         {"dropped", "the server took its SYN-ACK back"},
	ResetUnreadData:      {"unread-data", "it answers a FIN, as close() does with unread data or SO_LINGER 0"},
	ResetWriteAfterClose: {"write-after-close", "it answers data that came after its sender had closed"},
	ResetFinWait2:        {"fin-wait-2-timeout", "it answers a FIN that its sender no longer waited for"},
	ResetAfterFIN:        {"after-fin", "its sender had sent a FIN before"},
	ResetHalfOpen:        {"half-open", "its sender did not know the connection (any more)"},
	ResetChallenge:       {"challenge-ack", "it answers a challenge ACK"},
	ResetInjected:        {"injected", "its supposed sender goes on: somebody else sent it"},
	ResetAborted:         {"aborted", "without a FIN: unread data, SO_LINGER 0, or a process that ended"},
}

// String is the cause's name in records, empty for NoReset.
func (c ResetCause) String() string { return resetCauses[min(int(c), len(resetCauses)-1)].name }

// Close explains how a connection ended.
type Close struct {
	Kind CloseKind
	// First is the side that sent the first FIN, valid with HasFirst; with Simultaneous they crossed.
	First        Side
	HasFirst     bool
	Simultaneous bool
	Segments     uint8 // of a graceful close, repetitions not counted: 3 if the second FIN is also the ACK of the first, else 4; 0: not known

	// Of CloseReset.
	Cause      ResetCause
	By         Side      // whose address the RST bears
	ByState    fsm.State // in which its sender was
	OtherState fsm.State // in which its receiver was
	Frame      uint64    // the RST
	Time       Time

	rst fact
}

// String is the close in plain words.
func (c *Close) String() string {
	switch c.Kind {
	case CloseGraceful:
		how := fmt.Sprintf("%s closed first", c.First)
		if c.Simultaneous {
			how = "both closed at once"
		}
		if c.Segments > 0 {
			return fmt.Sprintf("%s; graceful, in %d segments", how, c.Segments)
		}
		return how + "; graceful"
	case CloseUnfinished:
		if c.Simultaneous {
			return "both closed at once; not complete"
		}
		return fmt.Sprintf("%s closed first; not complete", c.First)
	case CloseReset:
		in := ""
		if c.ByState != fsm.Unknown {
			in = " in " + c.ByState.String()
		}
		return fmt.Sprintf("RST from the %s%s: %s", c.By, in, resetCauses[c.Cause].text)
	}
	return "not closed"
}

// explain works out how the conversation ended.
func (s *scene) explain() (c Close) {
	s.whoClosed(&c)
	i := s.endingRST()
	switch {
	case s.c.Outcome == Closed || s.finished(Client, i) && s.finished(Server, i):
		c.Kind = CloseGraceful
		c.Segments = s.segments(&c)
	case i >= 0:
		s.explainReset(&c, &s.facts[i])
	case c.HasFirst || c.Simultaneous:
		c.Kind = CloseUnfinished
	}
	return c
}

// finished reports whether an endpoint had sent its FIN and come to the end of its way when fact
// rst passed, -1 for the end of the capture.
func (s *scene) finished(side Side, rst int) bool {
	st := s.j.State[side]
	if rst >= 0 {
		st = s.stateBefore(side, &s.facts[rst])
	}
	if st != fsm.TimeWait && st != fsm.Closed {
		return false
	}
	return s.step(side, fsm.FinWait1) != nil || s.step(side, fsm.LastAck) != nil
}

// whoClosed says who sent the first FIN.
func (s *scene) whoClosed(c *Close) {
	client, server := s.step(Client, fsm.FinWait1), s.step(Server, fsm.FinWait1)
	switch {
	case client != nil && server != nil:
		c.Simultaneous = s.step(Client, fsm.Closing) != nil && s.step(Server, fsm.Closing) != nil
		c.HasFirst = !c.Simultaneous
		if server.Time < client.Time {
			c.First = Server
		}
	case client != nil:
		c.HasFirst = true
	case server != nil:
		c.First, c.HasFirst = Server, true
	default:
		for i := range s.facts {
			if f := &s.facts[i]; isFIN(f) {
				c.First, c.HasFirst = s.sender(f), true
				return
			}
		}
	}
}

// segments counts those of a graceful close.
func (s *scene) segments(c *Close) uint8 {
	if c.Simultaneous {
		return 4
	}
	active, passive := s.dir(c.First), s.dir(c.First.Peer())
	if s.sides[passive].unseen || s.sides[active].unseen || !s.sides[active].knowsFIN {
		return 0
	}
	i := s.first(passive, 0, func(f *fact) bool { return !isRST(f) && f.covers(s.sides[active].fin) })
	if i >= 0 && isFIN(&s.facts[i]) {
		return 3
	}
	return 4
}

// endingRST is the index of the RST that ended the connection for an endpoint, -1 if none did.
func (s *scene) endingRST() int {
	frame := uint64(0)
	for _, steps := range s.j.Trajectory {
		for i := range steps {
			switch st := &steps[i]; st.Cause {
			case fsm.SendRST, fsm.RecvRST, fsm.ReturnToListen:
				if st.Frame != 0 && (frame == 0 || st.Frame < frame) {
					frame = st.Frame
				}
			}
		}
	}
	for i := range s.facts {
		if f := &s.facts[i]; isRST(f) && s.frame(f) == frame {
			return i
		}
	}
	return -1
}

func (s *scene) explainReset(c *Close, rst *fact) {
	by := s.sender(rst)
	c.Kind, c.By, c.Frame, c.Time, c.rst = CloseReset, by, s.frame(rst), rst.time, *rst
	c.ByState, c.OtherState = s.stateOfSender(rst), s.stateBefore(by.Peer(), rst)
	c.Cause = s.causeOf(c, rst)
}

// causeOf says what an RST that ended a connection was the answer to.
func (s *scene) causeOf(c *Close, rst *fact) ResetCause {
	me, peer := s.dir(c.By), s.dir(c.By.Peer())
	before := func(is func(*fact) bool) func(*fact) bool {
		return func(f *fact) bool { return f.time <= rst.time && f.ahead < rst.ahead && is(f) }
	}
	ownFIN, peerFIN := s.find(me, 0, before(isFIN)), s.find(peer, 0, before(isFIN))
	late := s.marked(markUnsolicited, peer)
	challenge := s.marked(markChallenge, peer)
	switch {
	case s.goesOn(c.By, rst):
		return ResetInjected
	case !synchronized(c.OtherState) || !synchronized(c.ByState) && c.ByState >= fsm.SynSent:
		return s.causeInHandshake(c, rst)
	case challenge != nil && challenge.ahead < rst.ahead && isPlainRST(rst):
		return ResetChallenge
	case ownFIN != nil && late != nil && late.ahead < rst.ahead:
		return ResetWriteAfterClose
	case ownFIN != nil && peerFIN != nil && isPlainRST(rst) && c.ByState != fsm.LastAck:
		return ResetFinWait2
	case ownFIN != nil:
		return ResetAfterFIN
	case peerFIN != nil:
		return ResetUnreadData
	case isPlainRST(rst):
		return ResetHalfOpen
	}
	return ResetAborted
}

// goesOn reports whether the supposed sender of an RST sends anything else so long after it
// that it cannot have sent it.
func (s *scene) goesOn(by Side, rst *fact) bool { return s.of(by).last > rst.time }

func (s *scene) causeInHandshake(c *Close, rst *fact) ResetCause {
	me, peer := s.dir(c.By), s.dir(c.By.Peer())
	if s.find(me, 0, isSYNACK) != nil {
		return ResetDropped
	}
	if s.find(me, 0, isSYN) == nil && rst.has(wire.ACK) {
		return ResetRefused
	}
	synack := s.find(peer, 0, isSYNACK)
	if synack != nil && isPlainRST(rst) && rst.time-synack.time <= roundTrip {
		return ResetScan
	}
	return ResetAbandoned
}

// roundTrip is the longest that is common: what comes later is not the kernel's answer.
const roundTrip Time = 500e6
