package analyzer

import (
	"encoding/binary"
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// view is a conversation as what follows from its trajectories is worked out: facts, marks, and the trajectories
// inferred from them.
type view struct {
	*mind
	c *Conversation
	j *Course
}

func (s *view) dir(side Side) uint8 { return uint8(side) ^ s.c.clientDir }

func (s *view) side(dir uint8) Side { return Side(dir ^ s.c.clientDir) }

func (s *view) sender(f *fact) Side { return s.side(f.dir()) }

func (s *view) lasts(t Time) int64 { return int64(max(0, s.now-t)) } // how long the capture goes on after t

func (s *view) of(side Side) *side { return &s.sides[s.dir(side)] }

// marked is the mark of a kind and a direction, nil if there is none.
func (s *view) marked(k markKind, dir uint8) *mark {
	for i := range s.c.marks {
		if m := &s.c.marks[i]; m.kind == k && m.dir == dir {
			return m
		}
	}
	return nil
}

// find returns the first captured fact of a direction from index i on for which ok holds, or nil.
func (s *view) find(dir uint8, i int, ok func(*fact) bool) *fact {
	if i = s.first(dir, i, func(f *fact) bool { return !f.bits.has(factStandIn) && ok(f) }); i < 0 {
		return nil
	}
	return &s.facts[i]
}

// either reports whether there is a captured fact, of either direction, for which ok holds.
func (s *view) either(ok func(*fact) bool) bool {
	return s.find(0, 0, ok) != nil || s.find(1, 0, ok) != nil
}

// step is the first step of an endpoint into a state, nil if it never was in it.
func (s *view) step(side Side, state fsm.State) *Step {
	for i := range s.j.Trajectory[side] {
		if st := &s.j.Trajectory[side][i]; st.State == state {
			return st
		}
	}
	return nil
}

// stateBefore is the state in which an endpoint was when f passed, by its trajectory: the one before the step
// that f made, if it made one, else the last that an earlier frame shows.
func (s *view) stateBefore(side Side, f *fact) fsm.State {
	state, last := fsm.Unknown, fsm.Unknown
	for i := range s.j.Trajectory[side] {
		st := &s.j.Trajectory[side][i]
		if st.Frame == s.frame(f) && s.madeBy(st, f) {
			return last
		}
		last = st.State
		if st.Frame < s.frame(f) && (st.Frame != 0 || st.Time < f.time) {
			state = st.State
		}
	}
	return state
}

// madeBy reports whether f is of the kind that makes a step like st.
func (s *view) madeBy(st *Step, f *fact) bool {
	switch st.Cause {
	case fsm.SendRST, fsm.RecvRST, fsm.ReturnToListen:
		return isRST(f)
	case fsm.SendFIN:
		return isFIN(f)
	}
	return false
}

// synchronized reports whether both sides know each other's ISN (RFC 9293 3.3.2).
func synchronized(st fsm.State) bool { return st >= fsm.Established }

// finWait2 is since when the sender of an RST had waited in FIN_WAIT_2.
func (s *view) finWait2(c *Close) (waited Time, ok bool) {
	st := s.step(c.By, fsm.FinWait2)
	if st == nil || st.Frame >= c.Frame {
		return 0, false
	}
	return c.Time - st.Time, true
}

// givesUp reports whether f is an RST by which its sender takes back its own SYN, having heard of its peer's: it acknowledges that.
// Who has heard nothing has no number to acknowledge.
func (s *view) givesUp(f *fact) bool {
	me := &s.sides[f.dir()]
	return isRST(f) && f.has(wire.ACK) && f.ack != 0 && me.knowsISN && f.seq == me.isn+1 && s.find(f.dir(), 0, isSYN) != nil
}

// resetText is the text that an RST carried, escaped, empty if it had none.
func (s *view) resetText(rst *fact) string {
	m := s.marked(markResetText, rst.dir())
	if m == nil || m.ahead != rst.ahead {
		return ""
	}
	b := make([]byte, 0, shortText)
	for _, word := range [...]int64{int64(m.run.since), int64(m.run.total), int64(m.run.longest), int64(m.hole.from)} {
		b = binary.BigEndian.AppendUint64(b, uint64(word))
	}
	return EscapeText(b[:m.ttl], int(m.amount))
}
