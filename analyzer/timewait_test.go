package analyzer

import (
	"testing"

	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// TIME_WAIT is entered at 100 and lasts 60; each case says what comes to the endpoint, and what ends it when.
func TestTimeWait(t *testing.T) {
	fin := func(at Time) fact { return fact{time: at, flags: uint8(wire.FIN | wire.ACK), bits: factFromB} }
	rst := func(at Time) fact { return fact{time: at, flags: uint8(wire.RST), bits: factFromB | factAccepted} }
	outside := rst(120)
	outside.bits = factFromB
	for _, test := range []struct {
		name   string
		facts  []fact
		syn    Time // of the peer's next connection; 0: none
		by     Time // until when it is known
		self   side
		end    Time
		caused fsm.Event
	}{
		{name: "nothing comes", by: 159, end: 160},
		{name: "nothing comes in time", by: 160, end: 160, caused: fsm.TimeWaitTimeout},
		{name: "a FIN restarts it at the last moment", facts: []fact{fin(100), fin(159)}, by: 200, end: 219},
		{name: "a FIN comes too late", facts: []fact{fin(100), fin(160)}, by: 200, end: 160, caused: fsm.TimeWaitTimeout},
		{name: "a FIN that is not known yet", facts: []fact{fin(150)}, by: 149, end: 160},
		{name: "an RST at the last moment", facts: []fact{rst(159)}, by: 200, end: 159, caused: fsm.RecvRST},
		{name: "an RST with what began it", facts: []fact{rst(100)}, by: 130, end: 160},
		{name: "an RST right behind that", facts: []fact{rst(101)}, by: 130, end: 101, caused: fsm.RecvRST},
		{name: "a FIN before it", facts: []fact{fin(99)}, by: 130, end: 160},
		{name: "an RST within the way to the endpoint, that is heard again", facts: []fact{rst(120)}, by: 130, self: side{last: 142, distance: 20}, end: 120, caused: fsm.RecvRST},
		{name: "and beyond it", facts: []fact{rst(120)}, by: 130, self: side{last: 143, distance: 20}, end: 160},
		{name: "a SYN with what began it", syn: 100, by: 130, end: 100, caused: fsm.DeleteTCB},
		{name: "a SYN before it", syn: 99, by: 130, end: 160},
		{name: "an RST comes too late", facts: []fact{rst(160)}, by: 200, end: 160, caused: fsm.TimeWaitTimeout},
		{name: "an RST within a restarted one", facts: []fact{fin(150), rst(170)}, by: 200, end: 170, caused: fsm.RecvRST},
		{name: "an RST that is not accepted", facts: []fact{outside}, by: 130, end: 160},
		{name: "an RST that the endpoint outlives", facts: []fact{rst(120)}, by: 200, self: side{last: 121}, end: 160, caused: fsm.TimeWaitTimeout},
		{name: "an RST, and a stack without numbers", facts: []fact{rst(120)}, by: 130, self: side{unnumbered: true}, end: 160},
		{name: "reuse at the last moment", syn: 159, by: 200, end: 159, caused: fsm.DeleteTCB},
		{name: "reuse comes too late", syn: 160, by: 200, end: 160, caused: fsm.TimeWaitTimeout},
		{name: "reuse that a challenge ACK answers", syn: 120, by: 130, self: side{challenged: true}, end: 160},
		{name: "an RST after reuse", facts: []fact{rst(130)}, syn: 120, by: 200, end: 120, caused: fsm.DeleteTCB},
	} {
		m := mind{facts: test.facts, msl2: 60}
		m.sides[0] = test.self
		if test.syn != 0 {
			m.successor = &mark{time: test.syn, dir: 1}
		}
		if got := m.timeWait(0, 100, test.by); got.end != test.end || got.cause != test.caused {
			t.Errorf("%s: ends at %d by %v; want %d by %v", test.name, got.end, got.cause, test.end, test.caused)
		}
	}
}
