package view

import (
	"time"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/internal/live/kernel"
	"tcptrace/report"
)

// row is a conversation in the table, with nothing that belongs to the loop.
type row struct {
	c      analyzer.Conversation
	now    analyzer.Time
	state  [2]known // by Side
	rate   [2]float64
	worst  *analyzer.AnomalyKind // nil: there is none
	others int                   // further anomalies
	over   bool                  // its client is
	kernel [2]kernel.Endpoint    // what their kernels say of the ends on this host, by Side
}

// firstSilent is above the numbers of all frames, and that of the first conversation without packets.
const firstSilent = 1 << 63

const noPackets = "no packet of this connection has been captured yet: it is this host's kernel that has it"

// isSilent reports whether no packet of a conversation has come: its kernel has it.
func isSilent(firstFrame uint64) bool { return firstFrame >= firstSilent }

// known is the state that an endpoint is believed to be in.
type known struct{ state, mark string }

func (k known) String() string { return k.state + k.mark }

func newKnown(j *analyzer.Judgment, side analyzer.Side) known {
	steps := j.Trajectory[side]
	if len(steps) == 0 {
		return known{state: "-"}
	}
	return known{j.State[side].String(), report.EvidenceMark(steps[len(steps)-1].Evidence)}
}

// set makes r the row of c, of which j is the judgment. It uses r's memory again.
func (r *row) set(c *analyzer.Conversation, j *analyzer.Judgment, rate [2]float64, now analyzer.Time) {
	c.CopyTo(&r.c)
	r.rate, r.now, r.over = rate, now, isOver(j.State[analyzer.Client])
	for side := range r.state {
		r.state[side] = newKnown(j, analyzer.Side(side))
	}
	r.worst, r.others = j.Worst()
}

// isOver reports whether an endpoint in this state has nothing left to do.
func isOver(s fsm.State) bool { return s == fsm.Closed || s == fsm.TimeWait }

// roundTrip is the time from the client to the server and back: from each of them to the tap and back. Where one
// has no samples, its handshake stands in.
func (r *row) roundTrip() time.Duration {
	var sum time.Duration
	for side := range r.c.Sent {
		switch s := &r.c.Sent[side]; {
		case s.RTT.Samples > 0:
			sum += s.RTT.Smoothed
		default:
			sum += s.HandshakeRTT
		}
	}
	return sum
}

func (r *row) resent() uint64 {
	return r.c.Sent[analyzer.Client].Retransmitted() + r.c.Sent[analyzer.Server].Retransmitted()
}

// told is an anomaly that was told.
type told struct {
	first   uint64 // frame of the conversation
	stream  uint64
	dropped uint64 // packets that the capture had lost since the conversation began
	anomaly analyzer.Anomaly
}

// of reports whether a correction takes it back.
func (t *told) of(e *analyzer.Event) bool {
	a, c := &t.anomaly, &e.Correction
	return t.stream == e.Conversation.Stream && a.Kind == c.Anomaly && a.Frame == c.Frame && a.HasSide == c.HasSide &&
		(!a.HasSide || a.Side == e.Side)
}
