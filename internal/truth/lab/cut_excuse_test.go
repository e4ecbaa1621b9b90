package lab_test

import (
	"testing"

	"tcptrace/analyzer"
	"tcptrace/fsm"
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
	but := func(frames ...int) *cut { return &cut{left: frames} } // from 0
	for name, ok := range map[string]bool{
		"the handshake's ACK is missing":                           (&comparison{cut: but(0, 1, 3), whole: handshake(3, 0), rest: silent}).unended(),
		"its proof is left":                                        !(&comparison{cut: but(0, 1, 3), whole: handshake(3, 4), rest: silent}).unended(),
		"it is left, and its proof is missing":                     (&comparison{cut: but(0, 1, 2), whole: handshake(3, 4), rest: silent}).unended(),
		"another segment of who took it is left":                   !(&comparison{cut: but(0, 1, 2), whole: handshake(3, 4), rest: &told{acknowledged: [2]bool{1: true}}}).unended(),
		"a FIN with an old timestamp, and what took it is missing": late.drops(&told{}, 3),
		"another FIN": !late.drops(&told{}, 4),
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
	} {
		if !ok {
			t.Errorf("%s: wrong", name)
		}
	}
}
