package state

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/fsm"
)

// Evidence says how a step of a trajectory is known.
type Evidence uint8

// The kinds of evidence, weakest first.
const (
	EvidenceAssumed      Evidence = iota // the tap saw what moved the endpoint pass towards it; nothing proves or disproves that it arrived
	EvidenceTimer                        // capture time passed, nothing was seen
	EvidenceAcknowledged                 // a later segment of the endpoint itself proves it
	EvidenceSent                         // the endpoint sent what only that state sends
	EvidenceKernel                       // its own kernel says so
)

var evidenceNames = [...]string{
	EvidenceAssumed: "assumed", EvidenceTimer: "timer", EvidenceAcknowledged: "acknowledged", EvidenceSent: "sent", EvidenceKernel: "kernel",
}

// String is the evidence's name in the conversation record.
func (e Evidence) String() string { return evidenceNames[min(e, EvidenceKernel)] }

// Step is one state that an endpoint entered.
type Step struct {
	State      fsm.State
	Cause      fsm.Event
	Evidence   Evidence
	Frame      uint64    // the captured segment that shows the step; 0: none does
	ProofFrame uint64    // with EvidenceAcknowledged: the endpoint's segment that proves it
	Time       conn.Time // of Frame
	NotBefore  conn.Time // the endpoint entered the state between these; 0: not known
	NotAfter   conn.Time
}

// Entered is when the endpoint entered the state: when its kernel reported that, or else when the segment passed that shows it.
func (s *Step) Entered() conn.Time {
	if s.Evidence == EvidenceKernel && s.NotBefore == s.NotAfter && s.NotBefore != 0 {
		return s.NotBefore
	}
	return s.Time
}

// Inference infers the trajectories of a connection from its facts. It is a function of
// the facts so far: what a new fact contradicts was never said, so that a live view
// which asks again takes it back.
type Inference struct {
	Facts      []conn.Fact
	scratch    []conn.Fact
	Sides      [2]conn.Endpoint
	Now        conn.Time // how far the capture's clock has come
	TwoMSL     conn.Time // how long TIME_WAIT lasts
	FirstFrame uint64
	lacks      bool           // something was acknowledged that was not captured: there may be more that was not
	challenged [2]conn.Time   // when a direction last had a challenge ACK
	succeeds   bool           // an earlier connection had the sockets
	oldAnswer  bool           // an ACK of the connection before answered the SYN
	successor  *conn.Incident // the SYN of the conversation that took over the sockets; nil: none did
}

func (m *Inference) Frame(f *conn.Fact) uint64 { return m.FirstFrame + uint64(f.Ahead) }

// walker follows one endpoint through its states.
type walker struct {
	*Inference
	me, peer uint8
	self     *conn.Endpoint
	other    *conn.Endpoint
	state    fsm.State
	passive  bool       // opened from LISTEN
	refusal  *conn.Fact // the RST by which it refused the SYN that it answered later; nil: none
	out      []Step
	begin    int // index in out of the endpoint's first step
}

// infer returns the steps of the endpoint that sends in direction me, appended to out.
func (m *Inference) infer(me uint8, out []Step) []Step {
	s := walker{Inference: m, me: me, peer: 1 - me, self: &m.Sides[me], other: &m.Sides[1-me], out: out, begin: len(out)}
	s.opening()
	s.closing()
	s.expiry()
	s.afterlife()
	reconcile(s.out[s.begin:])
	return s.out
}

// heard reports whether what the endpoint sent at t was sent after f had arrived.
func (s *walker) heard(f *conn.Fact, t conn.Time) bool { return t > f.Time+s.self.Margin() }

// move enters the state that event leads to, if it leads anywhere.
func (s *walker) move(ev fsm.Event, step Step) {
	next, ok := s.state.Next(ev)
	if !ok || next == s.state {
		return
	}
	s.state = next
	step.State, step.Cause = next, ev
	s.out = append(s.out, step)
}

// sent enters a state by something the endpoint sent.
func (s *walker) sent(ev fsm.Event, f *conn.Fact) {
	step := Step{Evidence: EvidenceSent, Frame: s.Frame(f), Time: f.Time, NotBefore: s.self.SentSince(f.Time), NotAfter: f.Time}
	if f.Bits.Has(conn.FactStandIn) {
		step.Evidence, step.ProofFrame, step.NotBefore = EvidenceAcknowledged, s.Frame(f), 0
		// A SYN-ACK may have been a SYN, from SYN_SENT; a SYN of which only the SYN-ACK is there, somebody else's in its name.
		if ev == fsm.SendSYNACK || ev == fsm.SendSYN && s.first(s.peer, 0, conn.IsOrdinary) < 0 {
			step.assume()
		}
	}
	if s.repeated(ev, f) {
		step.NotBefore = 0
	}
	s.move(ev, step)
}

// assume has nothing prove the step.
func (step *Step) assume() { step.Evidence, step.ProofFrame = EvidenceAssumed, 0 }

// repeated reports whether f, a SYN or FIN of the endpoint, is not the first copy that it sent: its peer had acknowledged it before, and only
// the first moved the endpoint.
func (s *walker) repeated(ev fsm.Event, f *conn.Fact) bool {
	seq := s.self.ISN
	switch ev {
	case fsm.SendSYN, fsm.SendSYNACK:
	case fsm.SendFIN:
		seq = s.self.FIN
	default:
		return false
	}
	return s.first(s.peer, 0, func(g *conn.Fact) bool {
		return g.Ahead < f.Ahead && !conn.IsRST(g) && g.Covers(seq) && (conn.Near(g.Ack, seq) || s.other.KnowsISN && conn.Near(g.Seq, s.other.ISN))
	}) >= 0
}

// received enters a state by something that reached the endpoint: f, proved by proof or by nothing.
func (s *walker) received(ev fsm.Event, f, proof *conn.Fact) {
	step := Step{Frame: s.Frame(f), Time: f.Time, NotBefore: f.Time}
	switch {
	case proof != nil:
		step.Evidence, step.ProofFrame, step.NotAfter = EvidenceAcknowledged, s.Frame(proof), max(proof.Time, f.Time)
	case s.self.Distance > 0:
		// The least distance measured is less than it can take: queues and jitter come on top.
		step.NotAfter = f.Time + 2*s.self.Distance
	}
	if f == proof || (s.self.Unseen || s.other.Unseen) && (f.Bits.Has(conn.FactStandIn) || proof != nil && proof.Bits.Has(conn.FactStandIn)) {
		step.NotBefore = 0 // it was not captured, or what it was the answer to
	}
	s.move(ev, step)
}

// reconcile drops the bounds that leave no moment for a step in the order of the steps. What is seen to be
// sent sets an end to all that came before it; what is only assumed does not.
func reconcile(steps []Step) {
	for i := range steps {
		for k := i + 1; k < len(steps); k++ {
			switch later := &steps[k]; {
			case later.NotAfter == 0 || later.NotAfter >= steps[i].NotBefore:
			case later.Evidence == EvidenceAssumed:
				later.NotAfter = 0
			default:
				steps[i].NotBefore = 0
			}
		}
	}
}

// uncaptured enters a state by something that was not captured, and that proof proves to have reached the endpoint since.
func (s *walker) uncaptured(ev fsm.Event, since conn.Time, proof *conn.Fact) {
	s.move(ev, Step{Evidence: EvidenceAcknowledged, Frame: s.Frame(proof), ProofFrame: s.Frame(proof), Time: proof.Time, NotBefore: since, NotAfter: proof.Time})
}

// first returns the first fact of a direction from index i on for which ok holds, -1 if there is none.
func (m *Inference) first(dir uint8, i int, ok func(*conn.Fact) bool) int {
	for ; i < len(m.Facts); i++ {
		if f := &m.Facts[i]; f.Dir() == dir && ok(f) {
			return i
		}
	}
	return -1
}

// IsOwnFIN tells a FIN that its sender sent from a copy that the network made of one.
func IsOwnFIN(f *conn.Fact) bool { return conn.IsFIN(f) && !f.Bits.Has(conn.FactCopy) }

// repeats reports whether the endpoint sends again what fact i would have ended.
func (s *walker) repeats(i int, again func(*conn.Fact) bool) bool {
	return s.repeatsBefore(i, len(s.Facts), again)
}

func (s *walker) repeatsBefore(i, end int, again func(*conn.Fact) bool) bool {
	j := s.first(s.me, i+1, func(f *conn.Fact) bool { return again(f) && s.heard(&s.Facts[i], f.Time) && !s.late(f) })
	return j >= 0 && j < end
}

// late reports whether f is an old FIN of the endpoint that the network held back, or a second copy: no clock
// of timestamps goes back (RFC 7323 4.1); but some repeat a SYN-ACK as it was.
func (s *walker) late(f *conn.Fact) bool {
	return conn.IsFIN(f) && (f.Bits.Has(conn.FactCopy) || f.Bits.Has(conn.FactTimestamps) && s.first(s.me, 0, func(g *conn.Fact) bool {
		return g.Ahead < f.Ahead && g.Bits.Has(conn.FactTimestamps) && int32(g.TSval-f.TSval) > 0
	}) >= 0)
}

// echoes reports whether proof echoes the timestamp of a segment that it acknowledges, or a later one. Not every stack does
// so at once (RFC 7323 4.3).
func (s *walker) echoes(is func(*conn.Fact) bool, proof *conn.Fact) bool {
	return proof.Bits.Has(conn.FactTimestamps) && s.first(s.peer, 0, func(f *conn.Fact) bool {
		return is(f) && f.Bits.Has(conn.FactTimestamps) && int32(f.TSval-proof.TSecr) <= 0
	}) >= 0
}

func (s *walker) at(i int) *conn.Fact {
	if i < 0 {
		return nil
	}
	return &s.Facts[i]
}

// copyBefore picks, of the copies of a segment towards the endpoint, the one that it can
// have received when it sent proof: the latest that passed the tap early enough. With
// timestamps none is beyond what proof echoes (RFC 7323 4.3); a D-SACK in proof says that the
// last copy was not the first to arrive.
func (s *walker) copyBefore(is func(*conn.Fact) bool, proof *conn.Fact) int {
	found, before, any := -1, -1, -1
	echoes := s.echoes(is, proof)
	for i := s.first(s.peer, 0, is); i >= 0; i = s.first(s.peer, i+1, is) {
		f := &s.Facts[i]
		if f.Ahead > proof.Ahead {
			break // what it received was not captured
		}
		if any < 0 {
			any = i
		}
		if f.Time > proof.Time-s.self.Distance*3/4 {
			break
		}
		if echoes && f.Bits.Has(conn.FactTimestamps) && int32(f.TSval-proof.TSecr) > 0 {
			break
		}
		before, found = found, i
	}
	switch {
	case found >= 0 && before >= 0 && proof.Bits.Has(conn.FactDSACK):
		return before
	case found >= 0:
		return found
	}
	return any
}
