package state

import (
	"math"
	"slices"

	"tcptrace/analyzer/host"
	"tcptrace/analyzer/internal/conn"
	"tcptrace/fsm"
)

// Hear has the trajectories be what the hosts of the endpoints say, as far as they say anything. Why an endpoint entered a state, and
// what segment shows it, is what was inferred. They may have said less before, of the same.
func (j *Course) Hear(c *conn.Conversation) {
	for side, end := range c.Hosts {
		if end == nil || len(end.Words) == 0 {
			continue
		}
		if !j.hears[side] {
			j.hears[side], j.inferred[side] = true, j.Trajectory[side]
		}
		h := hearing{end: end, inferred: j.inferred[side], now: c.Now, steps: j.heard[side][:0]}
		h.merge(c.Start)
		j.heard[side], j.Trajectory[side] = h.steps, h.steps
		j.State[side] = h.steps[len(h.steps)-1].State
	}
}

// hearing makes one trajectory of what was inferred and what was heard.
type hearing struct {
	end      *host.End
	inferred []Step // that are not taken or left out yet
	agreed   []bool // which of these are among the words
	now      conn.Time
	steps    []Step
}

// merge takes from both what they agree on; of the rest all words, and of what was inferred what they do not speak of.
func (h *hearing) merge(start conn.Time) {
	states := make([]fsm.State, len(h.inferred))
	for i := range states {
		states[i] = h.inferred[i].State
	}
	words := h.end.Words
	agreed, confirmed := host.Align(states, words)
	h.agreed = agreed
	for k, w := range words {
		h.between(k == 0 || !h.end.All || w.Found, func(s *Step) bool {
			return confirmed[k] || s.Time < conn.Time(w.Time) || s.State == fsm.Listen && k == 0
		})
		if confirmed[k] {
			h.said(h.inferred[0], w)
			h.skip()
			continue
		}
		h.said(Step{State: w.State, Time: max(min(conn.Time(w.Time), h.next()), start, h.before())}, w)
	}
	last := conn.Time(words[len(words)-1].Time)
	for len(h.inferred) > 0 {
		s := &h.inferred[0]
		isNew := s.Time > last && s.Time > h.now-conn.Time(h.end.Late)
		h.between(isNew || !h.end.All && s.Time <= last, func(t *Step) bool { return t == s })
	}
}

// between passes over the inferred steps in front of the next one that a word confirms, while they are wanted, and takes them if they are believed.
func (h *hearing) between(believed bool, wanted func(*Step) bool) {
	for len(h.inferred) > 0 && !h.agreed[0] && wanted(&h.inferred[0]) {
		if believed {
			h.steps = append(h.steps, h.inferred[0])
		}
		h.skip()
	}
}

func (h *hearing) skip() { h.inferred, h.agreed = h.inferred[1:], h.agreed[1:] }

// before is the time of the last step.
func (h *hearing) before() conn.Time {
	if n := len(h.steps); n > 0 {
		return h.steps[n-1].Time
	}
	return 0
}

// next is the time of the next step that a word confirms. Its segment was captured before the kernel got to it, and may have had it take other steps first.
func (h *hearing) next() conn.Time {
	if n := slices.Index(h.agreed, true); n >= 0 {
		return h.inferred[n].Time
	}
	return math.MaxInt64
}

// said appends a step that a word says.
func (h *hearing) said(s Step, w host.Word) {
	switch found := conn.Time(w.Time); {
	case !w.Found || s.Time <= found:
	case s.Frame == 0: // a timer has run out by then
		s.Time = found
	case s.Time > found+conn.Time(h.end.Late): // it was there already when that came
		s = Step{State: s.State, Time: max(found, h.before())}
	}
	s.Evidence, s.ProofFrame = EvidenceKernel, 0
	if w.Time != 0 && !w.Found {
		s.NotBefore, s.NotAfter = conn.Time(w.Time), conn.Time(w.Time)
	}
	h.steps = append(h.steps, s)
}
