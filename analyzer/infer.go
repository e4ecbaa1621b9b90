package analyzer

import (
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
)

var evidenceNames = [...]string{EvidenceAssumed: "assumed", EvidenceTimer: "timer", EvidenceAcknowledged: "acknowledged", EvidenceSent: "sent"}

// String is the evidence's name in the conversation record.
func (e Evidence) String() string { return evidenceNames[e&3] }

// Step is one state that an endpoint entered.
type Step struct {
	State      fsm.State
	Cause      fsm.Event
	Evidence   Evidence
	Frame      uint64 // the captured segment that shows the step; 0: none does
	ProofFrame uint64 // with EvidenceAcknowledged: the endpoint's segment that proves it
	Time       Time   // of Frame
	NotBefore  Time   // the endpoint entered the state between these; 0: not known
	NotAfter   Time
}

// mind infers the trajectories of a connection from its facts. It is a function of
// the facts so far: what a new fact contradicts was never said, so that a live view
// which asks again takes it back.
type mind struct {
	facts      []fact
	scratch    []fact
	sides      [2]side
	now        Time // how far the capture's clock has come
	msl2       Time // how long TIME_WAIT lasts
	firstFrame uint64
	lacks      bool  // something was acknowledged that was not captured: there may be more that was not
	successor  *mark // the SYN of the conversation that took over the sockets; nil: none did
}

func (m *mind) frame(f *fact) uint64 { return m.firstFrame + uint64(f.ahead) }

// story follows one endpoint through its states.
type story struct {
	*mind
	me, peer uint8
	self     *side
	other    *side
	state    fsm.State
	passive  bool // opened from LISTEN
	out      []Step
}

// infer returns the steps of the endpoint that sends in direction me, appended to out.
func (m *mind) infer(me uint8, out []Step) []Step {
	s := story{mind: m, me: me, peer: 1 - me, self: &m.sides[me], other: &m.sides[1-me], out: out}
	s.opening()
	s.closing()
	s.expiry()
	s.afterlife()
	reconcile(s.out[len(out):])
	return s.out
}

// heard reports whether what the endpoint sent at t was sent after f had arrived.
func (s *story) heard(f *fact, t Time) bool { return t > f.time+s.self.margin() }

// move enters the state that event leads to, if it leads anywhere.
func (s *story) move(ev fsm.Event, step Step) {
	next, ok := s.state.Next(ev)
	if !ok || next == s.state {
		return
	}
	s.state = next
	step.State, step.Cause = next, ev
	s.out = append(s.out, step)
}

// sent enters a state by something the endpoint sent.
func (s *story) sent(ev fsm.Event, f *fact) {
	step := Step{Evidence: EvidenceSent, Frame: s.frame(f), Time: f.time, NotBefore: s.self.sentSince(f.time), NotAfter: f.time}
	if f.bits.has(factStandIn) {
		step.Evidence, step.ProofFrame, step.NotBefore = EvidenceAcknowledged, s.frame(f), 0
		if ev == fsm.SendSYN && s.first(s.peer, 0, ordinary) < 0 {
			step.Evidence, step.ProofFrame = EvidenceAssumed, 0 // a SYN-ACK alone: somebody else may have sent the SYN in its name
		}
	}
	s.move(ev, step)
}

// received enters a state by something that reached the endpoint: f, proved by proof or by nothing.
func (s *story) received(ev fsm.Event, f, proof *fact) {
	step := Step{Frame: s.frame(f), Time: f.time, NotBefore: f.time}
	switch {
	case proof != nil:
		step.Evidence, step.ProofFrame, step.NotAfter = EvidenceAcknowledged, s.frame(proof), max(proof.time, f.time)
	case s.self.distance > 0:
		// The least distance measured is less than it can take: queues and jitter come on top.
		step.NotAfter = f.time + 2*s.self.distance
	}
	if f == proof || (s.self.unseen || s.other.unseen) && (f.bits.has(factStandIn) || proof != nil && proof.bits.has(factStandIn)) {
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
func (s *story) uncaptured(ev fsm.Event, since Time, proof *fact) {
	s.move(ev, Step{Evidence: EvidenceAcknowledged, Frame: s.frame(proof), ProofFrame: s.frame(proof), Time: proof.time, NotBefore: since, NotAfter: proof.time})
}

// first returns the first fact of a direction from index i on for which ok holds, -1 if there is none.
func (m *mind) first(dir uint8, i int, ok func(*fact) bool) int {
	for ; i < len(m.facts); i++ {
		if f := &m.facts[i]; f.dir() == dir && ok(f) {
			return i
		}
	}
	return -1
}

// isOwnFIN tells a FIN that its sender sent from a copy that the network made of one.
func isOwnFIN(f *fact) bool { return isFIN(f) && !f.bits.has(factCopy) }

// repeats reports whether the endpoint sends again what fact i would have ended.
func (s *story) repeats(i int, again func(*fact) bool) bool {
	return s.repeatsBefore(i, len(s.facts), again)
}

func (s *story) repeatsBefore(i, end int, again func(*fact) bool) bool {
	j := s.first(s.me, i+1, func(f *fact) bool { return again(f) && s.heard(&s.facts[i], f.time) && !s.late(f) })
	return j >= 0 && j < end
}

// late reports whether f is an old FIN of the endpoint that the network held back, or a second copy: no clock
// of timestamps goes back (RFC 7323 4.1); but some repeat a SYN-ACK as it was.
func (s *story) late(f *fact) bool {
	return isFIN(f) && (f.bits.has(factCopy) || f.bits.has(factTimestamps) && s.first(s.me, 0, func(g *fact) bool {
		return g.ahead < f.ahead && g.bits.has(factTimestamps) && int32(g.tsval-f.tsval) > 0
	}) >= 0)
}

// echoes reports whether proof echoes the timestamp of a segment that it acknowledges, or a later one. Not every stack does
// so at once (RFC 7323 4.3).
func (s *story) echoes(is func(*fact) bool, proof *fact) bool {
	return proof.bits.has(factTimestamps) && s.first(s.peer, 0, func(f *fact) bool {
		return is(f) && f.bits.has(factTimestamps) && int32(f.tsval-proof.tsecr) <= 0
	}) >= 0
}

func (s *story) at(i int) *fact {
	if i < 0 {
		return nil
	}
	return &s.facts[i]
}

// copyBefore picks, of the copies of a segment towards the endpoint, the one that it can
// have received when it sent proof: the latest that passed the tap early enough. With
// timestamps none is beyond what proof echoes (RFC 7323 4.3); a D-SACK in proof says that the
// last copy was not the first to arrive.
func (s *story) copyBefore(is func(*fact) bool, proof *fact) int {
	found, before, any := -1, -1, -1
	echoes := s.echoes(is, proof)
	for i := s.first(s.peer, 0, is); i >= 0; i = s.first(s.peer, i+1, is) {
		f := &s.facts[i]
		if f.ahead > proof.ahead {
			break // what it received was not captured
		}
		if any < 0 {
			any = i
		}
		if f.time > proof.time-s.self.distance*3/4 {
			break
		}
		if echoes && f.bits.has(factTimestamps) && int32(f.tsval-proof.tsecr) > 0 {
			break
		}
		before, found = found, i
	}
	switch {
	case found >= 0 && before >= 0 && proof.bits.has(factDSACK):
		return before
	case found >= 0:
		return found
	}
	return any
}
