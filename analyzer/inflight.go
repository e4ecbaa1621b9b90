package analyzer

import (
	"slices"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/reading"
	"tcptrace/analyzer/internal/state"
	"tcptrace/fsm"
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// Flight follows what both sides of a conversation have sent, and how much of it was acknowledged, up to a
// moment. It gets the conversation's segments from a second pass. Everything is as the tap sees it: an
// acknowledgment counts when it passes.
type Flight struct {
	clientDir uint8
	self      bool          // one socket is both endpoints
	foreign   []uint64      // frames of FINs that their supposed senders did not send
	half      [2]flightHalf // by direction
}

// flightHalf is one direction. Positions are zero where none is known.
type flightHalf struct {
	next    reassembly.Pos // behind the highest byte, SYN or FIN sent (SND.NXT)
	una     reassembly.Pos // acknowledged up to here (SND.UNA)
	fin     reassembly.Pos // of the FIN
	since   Time           // when the timer was started last
	isn     uint32         // valid with flightISN
	repeats uint16         // how often what is at una was sent again; with flightProbing: how often it probed
	flags   flightFlags
}

type flightFlags uint8

const (
	flightISN     flightFlags = 1 << iota // isn is known
	flightSums                            // it computes checksums, so a wrong one is damage
	flightBlind                           // one direction was not captured: nothing is known of what is in flight
	flightClosed                          // the peer's window is zero
	flightProbing                         // and it probes it
)

func (f flightFlags) has(m flightFlags) bool { return f&m != 0 }

// NewFlight returns the Flight of c before its first segment.
func NewFlight(c *Conversation) Flight {
	f := Flight{clientDir: c.ClientDir, self: c.Self()}
	for dir := range c.Sides {
		me, h := &c.Sides[dir], &f.half[dir]
		h.isn = me.ISN
		if me.KnowsISN {
			h.flags |= flightISN
		}
		if me.GoodSum {
			h.flags |= flightSums
		}
		if me.Unseen || c.Sides[1-dir].Unseen && c.Outcome != Unanswered {
			h.flags |= flightBlind
		}
	}
	for i := range c.Facts {
		if fact := &c.Facts[i]; fact.Any(wire.FIN) && !fact.Any(wire.SYN|wire.RST) && fact.Bits.Has(conn.FactForeign) {
			f.foreign = append(f.foreign, c.FirstFrame+uint64(fact.Ahead))
		}
	}
	return f
}

// Segment adds the next segment, whose reading is r. These change nothing: a segment that its receiver would not accept, an RST, a SYN of another
// connection, a FIN not sent by its supposed sender, and a copy.
func (f *Flight) Segment(r *Reading) {
	if r.Kind == KindCaptureDuplicate || r.Amends != 0 || slices.Contains(f.foreign, r.Segment.Frame) {
		return
	}
	f.pass(r, r.Segment.Dir)
	if f.self {
		f.pass(r, 1-r.Segment.Dir)
	}
}

// pass adds a segment that was sent in direction dir.
func (f *Flight) pass(r *Reading, dir uint8) {
	s, tx, rx := r.Segment, &f.half[dir], &f.half[1-dir]
	if s.Flags.Any(wire.RST) || s.Flags.Any(wire.SYN) && tx.flags.has(flightISN) && s.Seq != tx.isn {
		return
	}
	dropped := r.Kind == KindUnacceptable
	damaged := s.Bits&wire.BadSum != 0 && tx.flags.has(flightSums) || s.Bits&wire.BadHeader != 0 && dropped
	if dropped && !damaged && !tx.isDue(r) || !tx.sent(r) {
		return
	}
	if s.Flags.Has(wire.ACK) && !damaged {
		rx.acknowledged(s)
	}
}

// isDue reports whether a segment that its receiver drops for its timestamp (if it checks those) is nevertheless what its sender is sending now, and
// will retransmit. Anything at another place is of another connection, or forged.
func (h *flightHalf) isDue(r *Reading) bool {
	return r.Notes&reading.NotePAWS != 0 && !r.Segment.Flags.Any(wire.FIN) && reassembly.Seq(r.Segment.Seq) == h.next.Seq()
}

// sent adds what r's segment sends. It reports whether its sequence number can belong to the connection.
func (h *flightHalf) sent(r *Reading) bool {
	s := r.Segment
	if h.next == 0 {
		h.next = reassembly.Start(reassembly.Seq(s.Seq))
	}
	pos := reassembly.Unwrap(h.next, reassembly.Seq(s.Seq))
	if pos > h.next+conn.Farthest || pos+conn.Farthest < h.next {
		return false
	}
	end := pos + reassembly.Pos(s.SeqLen())
	if r.Kind == KindData && end > pos && end <= h.next { // nothing behind it was sent, whatever somebody acknowledged
		h.next, h.una = pos, min(h.una, pos)
	}
	if h.una == 0 && s.Flags.Any(wire.SYN) {
		h.una = pos
	}
	if s.Flags.Any(wire.FIN) {
		h.fin = end - 1
	}
	now := Time(s.Time)
	switch {
	case h.flags.has(flightClosed) && s.SeqLen() <= 1 && h.una != 0 && (pos == h.una-1 || pos == h.una && s.Len == 1):
		// What passes a closed window is a probe, whether its octet is old or new (RFC 9293 3.8.6.1).
		if !h.flags.has(flightProbing) {
			h.repeats = 0
		}
		h.flags |= flightProbing
		h.repeat(now)
	case end == pos:
	case h.next <= h.una: // nothing was in flight
		if end > h.next {
			h.since, h.repeats = now, 0
		}
	case pos <= h.una && end > h.una && pos < h.next && h.una != 0: // RFC 6298 5.4, 5.6
		h.repeat(now)
	}
	h.next = max(h.next, end)
	return true
}

func (h *flightHalf) repeat(now Time) {
	h.since = now
	if h.repeats < 1<<16-1 {
		h.repeats++
	}
}

// acknowledged adds what s, which the peer sent, acknowledges.
func (h *flightHalf) acknowledged(s *wire.Segment) {
	if h.next == 0 {
		h.next = reassembly.Start(reassembly.Seq(s.Ack))
	}
	ack := reassembly.Unwrap(h.next, reassembly.Seq(s.Ack))
	if ack > h.next+conn.Farthest || ack+conn.Farthest < h.next {
		return
	}
	if ack >= h.una {
		h.flags &^= flightClosed
		if s.Window == 0 {
			h.flags |= flightClosed
		} else if h.flags.has(flightProbing) {
			h.flags &^= flightProbing
			h.since, h.repeats = Time(s.Time), 0
		}
	}
	if ack > h.una {
		h.una = ack
		h.next = max(h.next, ack) // what it acknowledges was sent, captured or not
		if !h.flags.has(flightProbing) && h.next > ack {
			h.since, h.repeats = Time(s.Time), 0 // RFC 6298 5.3
		}
	}
}

// outstanding reports whether anything sent, including a SYN or FIN, is not acknowledged yet.
func (h *flightHalf) outstanding() bool {
	return !h.flags.has(flightBlind) && h.una != 0 && h.next > h.una
}

// Bytes is how much payload of a side, whose state is e, was sent and not acknowledged. It is not known
// in a capture of one direction, nor before the first acknowledgment if the SYN was not captured. What a socket sent to
// itself counts as the client's.
func (f *Flight) Bytes(side Side, e *EndpointMoment) (n uint64, known bool) {
	h := &f.half[f.clientDir^uint8(side)]
	switch gone := e.State == fsm.Closed || e.State == fsm.Listen; {
	case h.flags.has(flightBlind) || h.una == 0 && !gone:
		return 0, false
	case gone || !h.outstanding() || f.self && side == Server:
		return 0, true
	}
	n = uint64(h.next - h.una)
	if h.flags.has(flightISN) && h.una.Seq() == reassembly.Seq(h.isn) {
		n--
	}
	if h.fin != 0 && h.fin >= h.una && h.fin < h.next {
		n--
	}
	return n, true
}

// TimerKind is what a running timer is for.
type TimerKind uint8

// The timers that a tap can know of. There are others: keep-alive, delayed ACK.
const (
	TimerNone           TimerKind = iota
	TimerRetransmission           // something is not acknowledged yet (RFC 6298)
	TimerPersist                  // the peer's window is zero, and the endpoint probes it (RFC 9293 3.8.6.1)
	TimerFinWait2                 // for the peer's FIN; no RFC asks for it, and it runs only if the socket was closed and not only shut down
	TimerTimeWait                 // 2 MSL
)

var timerNames = [...]string{
	TimerNone: "none", TimerRetransmission: "retransmission", TimerPersist: "persist", TimerFinWait2: "fin-wait-2", TimerTimeWait: "time-wait",
}

// String is the timer's name in the state record.
func (k TimerKind) String() string {
	if int(k) < len(timerNames) {
		return timerNames[k]
	}
	return "unknown"
}

// Timer is a timer that runs at an endpoint.
type Timer struct {
	Kind    TimerKind
	Since   Time   // when it was last started; for TimerTimeWait and TimerFinWait2, when the state was entered
	Until   Time   // for TimerTimeWait; only the endpoint knows it for the others: 0
	Repeats uint16 // how often in a row it has expired, with a retransmission or window probe
}

// waits reports whether an endpoint in s has an unacknowledged SYN or FIN, even if an acknowledgment has passed the tap.
func waits(s fsm.State) bool {
	return s == fsm.SynSent || s == fsm.SynRcvd || s == fsm.FinWait1 || s == fsm.Closing || s == fsm.LastAck
}

// Timer is the timer that runs at an endpoint, whose state is e.
func (f *Flight) Timer(side Side, e *EndpointMoment) Timer {
	h := &f.half[f.clientDir^uint8(side)]
	switch {
	case !state.Alive(e.State):
		return Timer{}
	case e.State == fsm.TimeWait:
		return Timer{Kind: TimerTimeWait, Since: e.Since, Until: e.TimeWaitEnd}
	case e.State == fsm.FinWait2:
		return Timer{Kind: TimerFinWait2, Since: e.Since}
	case h.flags.has(flightProbing) && !h.flags.has(flightBlind):
		return Timer{Kind: TimerPersist, Since: h.since, Repeats: h.repeats}
	case h.outstanding():
		return Timer{Kind: TimerRetransmission, Since: h.since, Repeats: h.repeats}
	case waits(e.State) && h.since != 0:
		if e.Since > h.since { // by what moved its sender only, as a FIN without ACK does
			return Timer{Kind: TimerRetransmission, Since: e.Since}
		}
		return Timer{Kind: TimerRetransmission, Since: h.since, Repeats: h.repeats}
	}
	return Timer{}
}
