package lab_test

import (
	"fmt"
	"slices"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// missing lists what the whole capture shows by segments that are still there, and the cut one does not.
func missing(c *capture, k *cut, whole, rest *telling) (found []string) {
	for i := range whole.conversations {
		w := &whole.conversations[i]
		for side, steps := range w.steps {
			for _, s := range steps {
				if s.Evidence != analyzer.EvidenceSent || !k.has(s.Frame) {
					continue
				}
				states := kept(c.flags[s.Frame-1], s.Cause, s.State)
				if s.Cause == fsm.SendRST && (alone(c, k, whole, s.Frame) || outlived(c, k, whole, s.Frame)) || mayBeBlind(w, rest, s.Frame) || unconfirmed(c, k, w, whole, rest, s.Frame) ||
					s.Cause == fsm.SendFIN && (rest.drops(w, s.Frame) || c.mayBelieveRST(k, w, s.Frame) || belied(k, w, rest) || older(c, k, whole, s.Frame)) {
					continue
				}
				if states != nil && !rest.enters(w, side, states) {
					found = append(found, fmt.Sprintf("lost: %v showed by frame %d that it was in %v, and that is left", w.addr[side], s.Frame, s.State))
				}
			}
		}
	}
	return found
}

// alone reports whether no other segment of the sender of an RST is left of its conversation in front of it. That has no number of its
// own then: it may answer a segment of another connection (RFC 9293 3.10.7.1, 3.10.7.3), or be forged.
func alone(c *capture, k *cut, whole *telling, frame uint64) bool {
	for f, first := range whole.of {
		if f < frame && first == whole.of[frame] && c.side[f-1] == c.side[frame-1] && k.has(f) {
			return false
		}
	}
	return true
}

// outlived reports whether the sender of an RST goes on, in another conversation of the whole of which every SYN is cut away: then it seems to be
// the same.
func outlived(c *capture, k *cut, whole *telling, frame uint64) bool {
	sends := false
	for f, first := range whole.of {
		if first > frame && c.sent[f-1].Key == c.sent[frame-1].Key && k.has(f) {
			if c.flags[f-1].Any(wire.SYN) {
				return false
			}
			sends = true
		}
	}
	return sends
}

// mayBeBlind reports whether the SYN of a conversation, which nobody answers, is left in one that may live, since what
// ended that is missing: then nobody can tell whether its sender sent it (RFC 5961 4).
func mayBeBlind(w *told, rest *telling, frame uint64) bool {
	return w.outcome == analyzer.Unanswered && w.first == frame && slices.ContainsFunc(rest.conversations, func(r told) bool {
		return r.first == rest.of[frame] && r.first < frame && (r.outcome == analyzer.Open || r.outcome == analyzer.Closing)
	})
}

// unconfirmed reports whether the SYN by which a conversation begins is left in the one before, and nothing that its sender sent behind it: then
// nobody can tell whether that sent it.
func unconfirmed(c *capture, k *cut, w *told, whole, rest *telling, frame uint64) bool {
	if w.first != frame || rest.of[frame] == frame {
		return false
	}
	for f, first := range whole.of {
		if first == frame && f > frame && k.has(f) && c.side[f-1] == c.side[frame-1] && c.flags[f-1].Has(wire.ACK) {
			return false
		}
	}
	return true
}

// older reports whether data that the sender of a FIN sent of an older connection, in front of its SYN-ACK and beyond the number of that, are left,
// and the SYN-ACK, which shows that, is missing.
func older(c *capture, k *cut, whole *telling, frame uint64) bool {
	own := func(f uint64) bool {
		return whole.of[f] == whole.of[frame] && c.side[f-1] == c.side[frame-1]
	}
	for f := range whole.of {
		if f > frame || !own(f) || k.has(f) || !c.flags[f-1].Has(wire.SYN|wire.ACK) {
			continue
		}
		for g := range whole.of {
			if s := &c.sent[g-1]; g < f && own(g) && k.has(g) && s.Len > 0 && int32(s.Seq+s.Len-c.sent[f-1].Seq) > 1 {
				return true
			}
		}
	}
	return false
}

// belied reports whether a FIN comes behind data that lies behind it, or what shows that an ACK was of what had not been sent is missing.
func belied(k *cut, w *told, rest *telling) bool {
	const unsent = "ack-of-unsent"
	return k.kind == "late" && w.has("data-after-fin") || w.has(unsent) && !slices.ContainsFunc(rest.conversations, func(r told) bool { return r.addr == w.addr && r.has(unsent) })
}

// drops reports whether the whole shows that a FIN was taken although its timestamp is old, and what is left does not.
func (t *telling) drops(w *told, frame uint64) bool {
	const old = "paws-rejected"
	return !w.has(old) && slices.ContainsFunc(t.conversations, func(r told) bool {
		return r.addr == w.addr && slices.ContainsFunc(r.anomalies, func(a anomaly) bool { return a.id == old && a.frame == frame })
	})
}

// kept are the states, one of which an endpoint is known to have entered if the segment by which it showed that is
// captured, whatever else is not: flags are that segment's, since what lies behind a FIN shows it only beside what is known of
// that. Who sends a FIN is in FIN_WAIT_1 or LAST_ACK: which of them may
// depend on what is missing.
func kept(flags wire.Flags, cause fsm.Event, state fsm.State) []fsm.State {
	switch {
	case cause == fsm.SendSYN && flags.Has(wire.SYN), cause == fsm.SendSYNACK && flags.Has(wire.SYN|wire.ACK):
		return []fsm.State{state}
	case cause == fsm.SendFIN && flags.Has(wire.FIN|wire.ACK): // without ACK it may be anybody's, until it comes again with it
		return []fsm.State{fsm.FinWait1, fsm.LastAck}
	case cause == fsm.SendRST && flags.Has(wire.RST):
		return []fsm.State{fsm.Closed, fsm.Listen}
	}
	return nil
}

// enters reports whether an endpoint of the conversation enters one of the states.
func (t *telling) enters(w *told, side int, states []fsm.State) bool {
	for i := range t.conversations {
		r := &t.conversations[i]
		if r.addr == w.addr && slices.ContainsFunc(r.steps[side], func(s analyzer.Step) bool { return slices.Contains(states, s.State) }) {
			return true
		}
	}
	return false
}
