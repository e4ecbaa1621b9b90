package lab_test

import (
	"testing"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// TestCutExcuses: what the cut rules excuse, and what is next to that and is a violation.
func TestCutExcuses(t *testing.T) {
	handshake := func(frame, proof uint64) *told {
		w := &told{}
		w.steps[1] = []analyzer.Step{{State: fsm.Established, Cause: fsm.RecvAckOfSYN, Frame: frame, ProofFrame: proof}}
		return w
	}
	dup := &told{}
	dup.steps[1] = []analyzer.Step{{State: fsm.SynRcvd, Frame: 1}, {State: fsm.Listen, Cause: fsm.ReturnToListen, Frame: 3}}
	four := &capture{side: []int{0, 1, 0, 0}}
	all := &telling{of: map[uint64]uint64{1: 1, 2: 1, 3: 1, 4: 1}}
	unanswered := &told{outcome: analyzer.Unanswered, first: 3}
	beside := func(o analyzer.Outcome) *telling {
		return &telling{conversations: []told{{outcome: o, first: 1}}, of: map[uint64]uint64{1: 1, 3: 1}}
	}
	silent := &told{}
	late := &telling{conversations: []told{{anomalies: []anomaly{{id: "paws-rejected", frame: 3}}}}}
	again := &telling{of: map[uint64]uint64{1: 1, 2: 1, 3: 3, 4: 3}}
	dialed := func(sides ...int) *told {
		w := &told{}
		for _, side := range sides {
			w.steps[side] = []analyzer.Step{{State: fsm.SynSent}}
		}
		return w
	}
	flagged := &capture{side: []int{0, 1, 0, 0}, flags: []wire.Flags{wire.ACK, wire.ACK, wire.SYN, wire.ACK}, sent: make([]wire.Segment, 4)}
	behind := &told{first: 3}
	one := &telling{of: map[uint64]uint64{3: 1, 4: 1}}
	but := func(frames ...int) *cut { return &cut{left: frames} } // from 0
	before := &capture{side: []int{0, 1, 1, 1}, flags: []wire.Flags{wire.SYN, wire.ACK, wire.SYN | wire.ACK, wire.FIN | wire.ACK},
		sent: []wire.Segment{{}, {Seq: 100, Len: 10}, {Seq: 108}, {Seq: 109}}}
	below := &capture{side: before.side, flags: before.flags, sent: []wire.Segment{{}, {Seq: 100, Len: 10}, {Seq: 109}, {Seq: 110}}}
	for name, ok := range map[string]bool{
		"data beyond a SYN-ACK that comes behind them and is missing": older(before, but(0, 1, 3), all, 4),
		"data in front of it":                                        !older(below, but(0, 1, 3), all, 4),
		"the SYN-ACK is left, too":                                   !older(before, but(0, 1, 2, 3), all, 4),
		"the data are missing, too":                                  !older(before, but(0, 3), all, 4),
		"the handshake's ACK is missing":                             (&comparison{cut: but(0, 1, 3), whole: handshake(3, 0), rest: silent}).unended(),
		"its proof is left":                                          !(&comparison{cut: but(0, 1, 3), whole: handshake(3, 4), rest: silent}).unended(),
		"it is left, and its proof is missing":                       (&comparison{cut: but(0, 1, 2), whole: handshake(3, 4), rest: silent}).unended(),
		"another segment of who took it is left":                     !(&comparison{cut: but(0, 1, 2), whole: handshake(3, 4), rest: &told{acknowledged: [2]bool{1: true}}}).unended(),
		"a FIN with an old timestamp, and what took it is missing":   late.drops(&told{}, 3),
		"another FIN":                                                !late.drops(&told{}, 4),
		"a FIN with an old timestamp that the whole has dropped too": !late.drops(&late.conversations[0], 3),
		"it is left":       !(&comparison{cut: but(0, 1, 2, 3), whole: handshake(3, 0), rest: silent}).unended(),
		"an RST to LISTEN": (&comparison{whole: dup}).leavesListener(3),
		"another RST":      !(&comparison{whole: dup}).leavesListener(2),
		"an RST without any other segment of its sender": alone(four, but(1, 3), all, 4),
		"an RST with one":                                        !alone(four, but(2, 3), all, 4),
		"a SYN into what may live":                               mayBeBlind(unanswered, beside(analyzer.Closing), 3),
		"a SYN into what is over":                                !mayBeBlind(unanswered, beside(analyzer.Closed), 3),
		"a SYN that was answered":                                !mayBeBlind(&told{outcome: analyzer.Open, first: 3}, beside(analyzer.Closing), 3),
		"a SYN-ACK that the whole gives to another conversation": (&comparison{whole: &told{first: 1}, all: again}).begins(4),
		"one of its own":                                         !(&comparison{whole: &told{first: 1}, all: again}).begins(2),
		"the SYN of a peer that dials, too, is missing":          (&comparison{whole: dialed(0, 1), rest: dialed(0)}).crossed(),
		"only one dialed":                                        !(&comparison{whole: dialed(0), rest: dialed(0)}).crossed(),
		"both dialed, and that is left":                          !(&comparison{whole: dialed(0, 1), rest: dialed(0, 1)}).crossed(),
		"a SYN behind which nothing of its sender is left":       unconfirmed(flagged, but(0, 1, 2), behind, again, one, 3),
		"a SYN behind which something is":                        !unconfirmed(flagged, but(0, 1, 2, 3), behind, again, one, 3),
		"an RST whose sender goes on without a SYN that is left": outlived(flagged, but(0, 1, 3), again, 2),
		"an RST whose sender goes on by a SYN":                   !outlived(flagged, but(0, 1, 2, 3), again, 2),
		"an RST behind which nothing is left":                    !outlived(flagged, but(0, 1), again, 2),
		"a FIN behind data that lies behind it, captured late":   belied(&cut{kind: "late"}, &told{anomalies: []anomaly{{id: "data-after-fin"}}}, &telling{}),
		"the same, in order":                                     !belied(&cut{kind: "skip"}, &told{anomalies: []anomaly{{id: "data-after-fin"}}}, &telling{}),
	} {
		if !ok {
			t.Errorf("%s: wrong", name)
		}
	}
}
