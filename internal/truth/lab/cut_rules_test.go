package lab_test

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/internal/truth/lab"
	"tcptrace/internal/wire"
)

// turns says which outcome a conversation may have if packets of it are missing, by the one that it has in the whole
// capture. What lacks packets may show less: a close that is not complete, no close at all, no answer. It may not show another
// end than there was. (Whether what is left bears an outcome out, such as unanswered, package invariant asks.)
var turns = [analyzer.NumOutcomes][]analyzer.Outcome{
	analyzer.Closed:     {analyzer.Closed, analyzer.Closing, analyzer.Open, analyzer.HalfOpen, analyzer.Unanswered},
	analyzer.Closing:    {analyzer.Closing, analyzer.Open, analyzer.HalfOpen, analyzer.Unanswered},
	analyzer.Reset:      {analyzer.Reset, analyzer.Closing, analyzer.Open, analyzer.HalfOpen, analyzer.Unanswered},
	analyzer.Refused:    {analyzer.Refused, analyzer.Unanswered},
	analyzer.Unanswered: {analyzer.Unanswered},
	analyzer.HalfOpen:   {analyzer.HalfOpen, analyzer.Unanswered},
	analyzer.Open:       {analyzer.Open, analyzer.HalfOpen, analyzer.Unanswered},
}

// turn is an exception that needs more than the two outcomes to tell.
type turn struct {
	from []analyzer.Outcome
	to   analyzer.Outcome
	why  string
	when func(c *comparison) bool
}

var (
	anyOutcome = []analyzer.Outcome{analyzer.Open, analyzer.Closed, analyzer.Closing, analyzer.Reset, analyzer.Refused, analyzer.Unanswered, analyzer.HalfOpen}

	otherTurns = []turn{
		{anyOutcome, analyzer.Reset, "an RST is left, and what shows that it was not accepted, or came when all was over, is missing", func(c *comparison) bool {
			return c.rest.completeness&analyzer.SawRST != 0
		}},
		{[]analyzer.Outcome{analyzer.Unanswered, analyzer.Refused, analyzer.HalfOpen}, analyzer.Open, "the SYN is missing, or the SYN-ACK", func(c *comparison) bool {
			return c.rest.completeness&(analyzer.SawSYN|analyzer.SawSYNACK) != analyzer.SawSYN|analyzer.SawSYNACK
		}},
		{[]analyzer.Outcome{analyzer.Reset}, analyzer.Closed, "the RST that ended it is missing", func(c *comparison) bool {
			return c.rest.completeness&analyzer.SawRST == 0
		}},
		{[]analyzer.Outcome{analyzer.Reset}, analyzer.Closed, "an RST behind its sender's own FIN shows that the connection is gone; whether its peer's FIN came before is in the direction that is missing", func(c *comparison) bool {
			return (c.rest.packets[0] == 0 || c.rest.packets[1] == 0) && c.rest.completeness&(analyzer.SawFIN|analyzer.SawRST) == analyzer.SawFIN|analyzer.SawRST
		}},
		{[]analyzer.Outcome{analyzer.Open}, analyzer.Closing, "what shows that a FIN is not its supposed sender's is missing", func(c *comparison) bool {
			return c.mayBelieve(0) || c.mayBelieve(1)
		}},
		{[]analyzer.Outcome{analyzer.Reset}, analyzer.Refused, "both opened at once, and the SYN of who reset is missing: an RST refuses if it acknowledges the SYN, whatever its number, as firewalls send it", (*comparison).crossed},
		{anyOutcome, analyzer.Refused, "it was refused at first, and tried again", func(c *comparison) bool {
			return c.whole.has("connection-refused") || c.whole.refusedOnce()
		}},
	}
)

// comparison is a conversation of a cut capture and the one of the whole that it is.
type comparison struct {
	capture     *capture
	cut         *cut
	whole, rest *told
	all         *telling // of the whole capture
}

func (c *told) has(id string) bool {
	return slices.ContainsFunc(c.anomalies, func(a anomaly) bool { return a.id == id })
}

func (c *told) refusedOnce() bool {
	for _, steps := range c.steps {
		for i := 1; i < len(steps); i++ {
			if steps[i-1].State == fsm.SynSent && steps[i].Cause == fsm.RecvRST || steps[i-1].Cause == fsm.SendRST && steps[i].Cause == fsm.PassiveOpen {
				return true
			}
		}
	}
	return false
}

// contradictions lists what is said of a cut capture that contradicts what is said of the whole.
func contradictions(c *capture, k *cut, whole, rest *telling) (found []string) {
	for i := range rest.conversations {
		r := &rest.conversations[i]
		var best []string
		compared := false
		for j := range whole.conversations {
			w := &whole.conversations[j]
			if w.addr != r.addr || w.last < r.first || w.first > r.last {
				continue
			}
			got := (&comparison{c, k, w, r, whole}).contradictions()
			if !compared || len(got) < len(best) {
				best, compared = got, true
			}
		}
		if !compared {
			best = []string{fmt.Sprintf("conversation: %v between frames %d and %d, the whole has none", r.addr, r.first, r.last)}
		}
		found = append(found, best...)
	}
	return append(found, missing(c, k, whole, rest)...)
}

func (c *comparison) contradictions() (found []string) {
	w, r := c.whole, c.rest
	if w.outcome != r.outcome && !c.turns() {
		found = append(found, fmt.Sprintf("outcome: %v becomes %v", w.outcome, r.outcome))
	}
	for _, a := range r.anomalies {
		if a.severity == analyzer.SeverityError && !w.has(a.id) && !c.unheard(a.id) && !c.unexplained(a) {
			found = append(found, fmt.Sprintf("error: %s (frame %d), which the whole capture does not have", a.id, a.frame))
		}
	}
	for side := range r.steps {
		if c.cut.back == 0 && c.cut.kind != "swap" { // else how long something took is not known there, and it may seem to have crossed what it answers
			found = append(found, c.steps(side)...)
		}
	}
	if c.cut.kind == "double" {
		found = append(found, c.doubled()...)
	}
	return found
}

// unheard reports whether an error is that nothing answered, where what did is missing, and nothing of what is left shows
// that anything did.
func (c *comparison) unheard(id string) bool {
	switch id {
	case "no-answer":
		return c.rest.completeness&^(analyzer.SawSYN|analyzer.SawRST) == 0
	case "retries-exhausted", "keep-alive-timeout": // the RST that ended it is missing
		return c.whole.outcome == analyzer.Reset && c.rest.outcome != analyzer.Reset
	}
	return false
}

// unexplained reports whether an error is what the whole has, too, but explains by what is missing.
func (c *comparison) unexplained(a anomaly) bool {
	switch a.id {
	case "data-after-fin", "write-after-close": // the FIN is not its supposed sender's
		return c.mayBelieve(0) || c.mayBelieve(1) || c.joins()
	case "suspected-injection": // the RST is of another conversation, or what it answered, which was of none, is missing
		if a.frame > 1 && !c.cut.has(a.frame-1) && c.all.strays[a.frame-1] {
			return true
		}
		if c.unsummed(a) || c.joins() || c.moved(a.frame) {
			return true
		}
		return a.frame != 0 && c.all.of[a.frame] != c.whole.first && alone(c.capture, c.cut, c.all, a.frame)
	case "connection-refused": // it was, at first, or what its sender had opened itself is missing
		return c.whole.refusedOnce() || c.crossed()
	case "rst-in-handshake": // that of an old duplicate SYN; or nothing is left that may have ended the handshake, or it comes too late
		return c.leavesListener(a.frame) || c.unended() || c.whole.refusedOnce() || c.cut.kind == "late" && (c.whole.has("ack-of-unsent") || c.oneDirection())
	case "time-wait-assassination": // the RST answered what TIME_WAIT answered to a SYN
		return slices.ContainsFunc(c.all.conversations, func(w told) bool {
			return w.addr == c.whole.addr && slices.ContainsFunc(w.anomalies, func(w anomaly) bool {
				return w.id == "time-wait-refused" && w.frame < a.frame && !c.cut.has(w.frame)
			})
		})
	}
	return false
}

// moved reports whether the cut moves segments, and what the whole tells of the one in a frame is otherwise: that it has other content than one
// which came before, or no ACK; or it may be the answer to one of another connection, which is captured behind it.
func (c *comparison) moved(frame uint64) bool {
	if moves[c.cut.kind] == nil {
		return false
	}
	for f := frame - min(frame, tooLate); f < frame; f++ {
		if c.all.strays[f] {
			return true
		}
	}
	return c.whole.has("overlap-conflict") || c.whole.has("no-ack-flag") || c.whole.has("ack-of-unsent")
}

// joins reports whether another conversation of the whole goes on in this one, and every SYN of that is cut away: nothing tells its
// segments, if its numbers are the same, from those of who did not close.
func (c *comparison) joins() bool {
	var syns, joined bool
	for f := range c.all.of {
		if c.all.of[f] != c.whole.first && f >= c.rest.first && f <= c.rest.last && c.cut.has(f) {
			joined = true
			syns = syns || c.capture.flags[f-1].Any(wire.SYN)
		}
	}
	return joined && !syns
}

// oneDirection reports whether the capture has one direction only: then nothing tells that a SYN which comes late opened what it comes behind.
func (c *comparison) oneDirection() bool { return c.rest.packets[0] == 0 || c.rest.packets[1] == 0 }

// crossed reports whether both sides sent a SYN in the whole, and one of them is said to have sent none.
func (c *comparison) crossed() bool {
	dialed := func(steps []analyzer.Step) bool { return len(steps) > 0 && steps[0].State == fsm.SynSent }
	w, r := &c.whole.steps, &c.rest.steps
	return dialed(w[0]) && dialed(w[1]) && !(dialed(r[0]) && dialed(r[1]))
}

// leavesListener reports whether the whole has an RST, too, that took an endpoint from SYN_RCVD to LISTEN.
func (c *comparison) leavesListener(frame uint64) bool {
	for _, steps := range c.whole.steps {
		for i := 1; i < len(steps); i++ {
			if steps[i].Cause == fsm.ReturnToListen && steps[i].Frame == frame && steps[i-1].State == fsm.SynRcvd {
				return true
			}
		}
	}
	return false
}

// unended reports whether all is missing by which the whole has an endpoint leave SYN_RCVD: the ACK, or what proves that it came and all
// that could in its place.
func (c *comparison) unended() bool {
	for side, steps := range c.whole.steps {
		for _, s := range steps {
			if s.Cause == fsm.RecvAckOfSYN && s.State == fsm.Established {
				proved := s.ProofFrame != 0 && (c.cut.has(s.ProofFrame) || c.rest.acknowledged[side])
				return !proved && (s.ProofFrame != 0 || !c.cut.has(s.Frame))
			}
		}
	}
	return false
}

func (c *comparison) turns() bool {
	if c.cut.kind == "double" {
		return false
	}
	if slices.Contains(turns[c.whole.outcome], c.rest.outcome) {
		return true
	}
	for _, t := range otherTurns {
		if t.to == c.rest.outcome && slices.Contains(t.from, c.whole.outcome) && t.when(c) {
			return true
		}
	}
	return false
}

func proved(s *analyzer.Step) bool {
	return s.Evidence == analyzer.EvidenceSent || s.Evidence == analyzer.EvidenceAcknowledged
}

// begins reports whether a frame belongs to another conversation of the whole.
func (c *comparison) begins(frame uint64) bool { return c.all.of[frame] != c.whole.first }

// steps holds the steps of an endpoint that are proved against those of the whole capture: they must be there, in
// their order, at a time that both allow.
func (c *comparison) steps(side int) (found []string) {
	all := c.whole.steps[side]
	next := 0
	for i := range c.rest.steps[side] {
		s := &c.rest.steps[side][i]
		if !proved(s) {
			continue
		}
		k := next
		for k < len(all) && all[k].State != s.State {
			k++
		}
		if k == len(all) {
			if s.Cause == fsm.SendFIN && c.mayBelieve(side) {
				continue
			}
			if s.Cause == fsm.SendRST && s.Frame != 0 && c.whole.has("bad-checksum") && c.capture.unsummed(c.cut, int(s.Frame)-1) {
				continue // what shows that the RST is not its supposed sender's is missing
			}
			if s.State == fsm.FinWait2 && slices.ContainsFunc(all, func(w analyzer.Step) bool { return w.State == fsm.TimeWait }) {
				continue // the whole knows that it was passed in the same instant
			}
			if c.joins() {
				continue
			}
			if c.rest.refusedOnce() && (s.State == fsm.SynSent || s.State == fsm.Closed) {
				continue // it is let in behind the cut: then its attempt had not ended
			}
			if s.State == fsm.SynRcvd && next > 0 && c.begins(s.Frame) {
				continue // the whole knows of what came behind it, that another connection begins so
			}
			found = append(found, fmt.Sprintf("step: %v of %v is %v (frame %d), the whole has %s", s.State, c.rest.addr[side], s.Evidence, s.Frame, states(all)))
			continue
		}
		if c.begins(s.Frame) {
			continue // the whole has this step in another conversation, of which the cut takes the beginning away
		}
		if !slices.ContainsFunc(all[k:], func(w analyzer.Step) bool { return w.State == s.State && !c.apart(s, &w) }) {
			w := &all[k]
			found = append(found, fmt.Sprintf("bracket: %v of %v is %v (frame %d) at a time that the whole (%v, frame %d) does not allow", s.State, c.rest.addr[side], s.Evidence, s.Frame, w.Evidence, w.Frame))
		}
		next = k + 1
	}
	return found
}

// apart reports whether two steps into one state cannot be the same: their times exclude each other. A copy that is
// not captured cannot be told from one that was not sent, so nothing follows where the whole has another one.
func (c *comparison) apart(rest, whole *analyzer.Step) bool {
	switch {
	case c.capture.stepsBack(), c.cut.kind == "late": // when the clock was right is another matter where the step is missing
		return false
	case !proved(whole), !c.cut.has(whole.Frame), rest.Evidence == analyzer.EvidenceSent && rest.Frame != whole.Frame:
		return false
	}
	return before(rest.NotAfter, whole.NotBefore) || before(whole.NotAfter, rest.NotBefore)
}

// stepsBack reports whether the clock of a capture does.
func (c *capture) stepsBack() bool {
	return !slices.IsSortedFunc(c.frames, func(a, b lab.Frame) int { return cmp.Compare(a.Time, b.Time) })
}

// before reports whether one bound lies before another; one that is not known does not.
func before(t, u analyzer.Time) bool { return t != 0 && u != 0 && t < u }

func states(steps []analyzer.Step) string {
	var b strings.Builder
	for i, s := range steps {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(s.State.String())
		if !proved(&s) {
			b.WriteByte('?')
		}
	}
	return b.String()
}

// doubled is what changes if every packet is captured twice, and must not.
func (c *comparison) doubled() (found []string) {
	w, r := c.whole, c.rest
	for side := range r.steps {
		if a, b := states(w.steps[side]), states(r.steps[side]); a != b {
			found = append(found, fmt.Sprintf("trajectory: %s, the whole has %s", b, a))
		}
	}
	ids := func(c *told) (out []string) {
		for _, a := range c.anomalies {
			if a.id != "capture-duplicates" && a.id != "capture-reordered" {
				out = append(out, fmt.Sprintf("%s in frame %d", a.id, a.frame))
			}
		}
		slices.Sort(out)
		return out
	}
	whole, rest := ids(w), ids(r)
	for _, id := range rest {
		if !slices.Contains(whole, id) {
			found = append(found, "anomaly: "+id+", which the whole does not have")
		}
	}
	for _, id := range whole {
		if !slices.Contains(rest, id) {
			found = append(found, "anomaly: "+id+" is not found")
		}
	}
	return found
}

var particular = regexp.MustCompile(`\d+\.\d+\.\d+\.\d+:\d+|\[[0-9a-f:]+\]:\d+|[0-9][0-9.,]*(ns|µs|ms|s|m|h)?([0-9.]+(ms|s|m))*|\b(client|server)\b`)

// kindOf is a problem without what is particular to one capture.
func kindOf(problem string) string {
	problem, _, _ = strings.Cut(problem, ", the whole has ")
	return particular.ReplaceAllString(strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(problem, "FIN_WAIT_1", "FIN_WAIT_#"), "FIN_WAIT_2", "FIN_WAIT_##"), "/", "/"), "N")
}
