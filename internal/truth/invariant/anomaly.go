package invariant

import (
	"slices"
	"strings"

	"tcptrace/analyzer"
	"tcptrace/fsm"
)

// ofOpening are the anomalies that speak of a handshake.
var ofOpening = []string{
	"rst-in-handshake", "connection-refused", "no-answer", "syn-retransmit", "syn-ack-retransmit", "handshake-incomplete",
	"simultaneous-open", "split-handshake", "syn-changed", "syn-data", "slow-handshake", "accept-queue-overflow",
}

// notOpened are those of them that say that the connection never opened.
var notOpened = []string{"rst-in-handshake", "connection-refused", "no-answer", "handshake-incomplete"}

// opening checks that nothing is said of a handshake that was not captured, or that succeeded.
func (k *checker) opening() {
	for i := range k.j.Anomalies {
		a := &k.j.Anomalies[i]
		if slices.Contains(ofOpening, a.Kind.ID) && !k.saw(opens) {
			k.errorf("%s, but there is neither SYN nor SYN-ACK", a.Kind.ID)
		}
		if slices.Contains(notOpened, a.Kind.ID) && k.openBefore(a.Frame) {
			k.errorf("%s in frame %d, but both sides were ESTABLISHED before it", a.Kind.ID, a.Frame)
		}
	}
}

// sound checks that a conversation of which it was said, without a judgment, that nothing is wrong with it has a judgment that says the same.
func (k *checker) sound() {
	if !k.c.Sound {
		return
	}
	if end := &k.j.Close; len(k.j.Anomalies) > 0 || end.Kind != analyzer.CloseGraceful || k.c.Outcome != analyzer.Closed {
		k.errorf("it is sound, but %s by %s, %d anomalies, outcome %s", end.Kind, end.Cause, len(k.j.Anomalies), k.c.Outcome)
	}
}

// openBefore reports whether it is proved that both sides were ESTABLISHED before a frame.
func (k *checker) openBefore(frame uint64) bool {
	for side := range analyzer.Server + 1 {
		if !slices.ContainsFunc(k.life(side), func(s analyzer.Step) bool {
			return s.State == fsm.Established && s.Evidence == analyzer.EvidenceAcknowledged && s.ProofFrame < frame
		}) {
			return false
		}
	}
	return true
}

// want is what an anomaly says that must be true beside it.
type want struct {
	id   string
	text string
	ok   func(k *checker, a *analyzer.Anomaly) bool
}

func outcomes(some ...analyzer.Outcome) func(k *checker, a *analyzer.Anomaly) bool {
	return func(k *checker, _ *analyzer.Anomaly) bool { return slices.Contains(some, k.c.Outcome) }
}

func was(states ...fsm.State) func(k *checker, a *analyzer.Anomaly) bool {
	return func(k *checker, a *analyzer.Anomaly) bool { return a.HasSide && k.entered(a.Side, states...) }
}

func eitherWas(states ...fsm.State) func(k *checker, a *analyzer.Anomaly) bool {
	return func(k *checker, _ *analyzer.Anomaly) bool {
		return k.entered(analyzer.Client, states...) || k.entered(analyzer.Server, states...)
	}
}

// wants is what an anomaly implies.
var wants = []want{
	{"no-answer", "the outcome unanswered", outcomes(analyzer.Unanswered)},
	{"handshake-incomplete", "the outcome half-open", outcomes(analyzer.HalfOpen)},
	{"missing-final-ack", "the outcome closing", outcomes(analyzer.Closing, analyzer.Reset)},
	{"abortive-close", "the outcome reset", outcomes(analyzer.Reset)},
	{"fin-retransmit-in-time-wait", "an endpoint in TIME_WAIT", eitherWas(fsm.TimeWait)},
	{"time-wait-assassination", "an endpoint in TIME_WAIT", eitherWas(fsm.TimeWait)},
	{"simultaneous-close", "both in CLOSING", func(k *checker, _ *analyzer.Anomaly) bool {
		return k.entered(analyzer.Client, fsm.Closing) && k.entered(analyzer.Server, fsm.Closing)
	}},
	{"simultaneous-open", "both in SYN_SENT", func(k *checker, _ *analyzer.Anomaly) bool {
		return k.entered(analyzer.Client, fsm.SynSent) && k.entered(analyzer.Server, fsm.SynSent)
	}},
	{"one-sided", "one side without packets", func(k *checker, _ *analyzer.Anomaly) bool { return k.aSideIsMissing() }},
	{"close-wait-lingering", "its endpoint in CLOSE_WAIT", was(fsm.CloseWait)},
	{"rst-in-handshake", "an RST that ended it", func(k *checker, _ *analyzer.Anomaly) bool { return k.saw(analyzer.SawRST) }},
	{"connection-refused", "the client reset in SYN_SENT", func(k *checker, _ *analyzer.Anomaly) bool { return k.refusedOnce() }},
}

// refusedOnce reports whether the client was reset while it connected.
func (k *checker) refusedOnce() bool {
	steps := k.j.Trajectory[analyzer.Client]
	for i := 1; i < len(steps); i++ {
		if steps[i-1].State == fsm.SynSent && steps[i].Cause == fsm.RecvRST {
			return true
		}
	}
	return false
}

// raised is an anomaly as a segment names it.
type raised struct {
	id      string
	frame   uint64
	side    analyzer.Side
	hasSide bool
}

// ofOtherFrames reports whether an anomaly is shown by a frame that is none of the conversation's segments: one of another
// conversation, or an ICMP error.
func ofOtherFrames(id string) bool {
	return id == "time-wait-reuse" || id == "port-reused" || strings.HasPrefix(id, "icmp-")
}

// anomalies checks each for what it implies, and that it is raised once.
func (k *checker) anomalies() {
	seen := map[raised]bool{}
	last := uint64(0)
	for i := range k.j.Anomalies {
		a := &k.j.Anomalies[i]
		for _, w := range wants {
			if w.id == a.Kind.ID && !w.ok(k, a) {
				k.errorf("%s (%v, frame %d) without %s", a.Kind.ID, a.Side, a.Frame, w.text)
			}
		}
		r := raised{a.Kind.ID, a.Frame, a.Side, a.HasSide}
		if seen[r] {
			k.errorf("%s twice in frame %d", a.Kind.ID, a.Frame)
		}
		seen[r] = true
		if a.Frame < last {
			k.errorf("%s in frame %d is listed behind one in frame %d", a.Kind.ID, a.Frame, last)
		}
		last = max(last, a.Frame)
		if a.Frame != 0 && !k.has(a.Frame) && !ofOtherFrames(a.Kind.ID) {
			k.errorf("%s in frame %d, which the conversation does not have", a.Kind.ID, a.Frame)
		}
		k.injection(a)
	}
}

// injection checks that a segment is not said to be forged and believed.
func (k *checker) injection(a *analyzer.Anomaly) {
	if a.Kind.ID != "suspected-injection" || !a.HasSide {
		return
	}
	for side := range analyzer.Server + 1 {
		for _, s := range k.j.Trajectory[side] {
			if s.Frame == a.Frame && slices.Contains(sends, s.Cause) && s.Evidence == analyzer.EvidenceSent {
				k.errorf("frame %d is suspected to be injected, and is what shows that the %v is in %v", a.Frame, side, s.State)
			}
		}
	}
}
