package state

import (
	"testing"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// TIME_WAIT is entered at 100 and lasts 60; each case says what comes to the endpoint, and what ends it when.
func TestTimeWait(t *testing.T) {
	fin := func(at conn.Time) conn.Fact {
		return conn.Fact{Time: at, Flags: uint8(wire.FIN | wire.ACK), Bits: conn.FactFromB}
	}
	rst := func(at conn.Time) conn.Fact {
		return conn.Fact{Time: at, Flags: uint8(wire.RST), Bits: conn.FactFromB | conn.FactAccepted}
	}
	outside := rst(120)
	outside.Bits = conn.FactFromB
	for _, test := range []struct {
		name   string
		facts  []conn.Fact
		syn    conn.Time // of the peer's next connection; 0: none
		by     conn.Time // until when it is known
		self   conn.Endpoint
		end    conn.Time
		caused fsm.Event
	}{
		{name: "nothing comes", by: 159, end: 160},
		{name: "nothing comes in time", by: 160, end: 160, caused: fsm.TimeWaitTimeout},
		{name: "a FIN restarts it at the last moment", facts: []conn.Fact{fin(100), fin(159)}, by: 200, end: 219},
		{name: "a FIN comes too late", facts: []conn.Fact{fin(100), fin(160)}, by: 200, end: 160, caused: fsm.TimeWaitTimeout},
		{name: "a FIN that is not known yet", facts: []conn.Fact{fin(150)}, by: 149, end: 160},
		{name: "an RST at the last moment", facts: []conn.Fact{rst(159)}, by: 200, end: 159, caused: fsm.RecvRST},
		{name: "an RST with what began it", facts: []conn.Fact{rst(100)}, by: 130, end: 160},
		{name: "an RST right behind that", facts: []conn.Fact{rst(101)}, by: 130, end: 101, caused: fsm.RecvRST},
		{name: "a FIN before it", facts: []conn.Fact{fin(99)}, by: 130, end: 160},
		{name: "an RST within the way to the endpoint, that is heard again", facts: []conn.Fact{rst(120)}, by: 130, self: conn.Endpoint{Last: 142, Distance: 20}, end: 120, caused: fsm.RecvRST},
		{name: "and beyond it", facts: []conn.Fact{rst(120)}, by: 130, self: conn.Endpoint{Last: 143, Distance: 20}, end: 160},
		{name: "a SYN with what began it", syn: 100, by: 130, end: 100, caused: fsm.DeleteTCB},
		{name: "a SYN before it", syn: 99, by: 130, end: 160},
		{name: "an RST comes too late", facts: []conn.Fact{rst(160)}, by: 200, end: 160, caused: fsm.TimeWaitTimeout},
		{name: "an RST within a restarted one", facts: []conn.Fact{fin(150), rst(170)}, by: 200, end: 170, caused: fsm.RecvRST},
		{name: "an RST that is not accepted", facts: []conn.Fact{outside}, by: 130, end: 160},
		{name: "an RST that the endpoint outlives", facts: []conn.Fact{rst(120)}, by: 200, self: conn.Endpoint{Last: 121}, end: 160, caused: fsm.TimeWaitTimeout},
		{name: "an RST, and a stack that is not Linux", facts: []conn.Fact{rst(120)}, by: 130, self: conn.Endpoint{NotLinux: true}, end: 160},
		{name: "reuse at the last moment", syn: 159, by: 200, end: 159, caused: fsm.DeleteTCB},
		{name: "reuse comes too late", syn: 160, by: 200, end: 160, caused: fsm.TimeWaitTimeout},
		{name: "reuse that a challenge ACK answers", syn: 120, by: 130, self: conn.Endpoint{Challenged: true}, end: 160},
		{name: "an RST after reuse", facts: []conn.Fact{rst(130)}, syn: 120, by: 200, end: 120, caused: fsm.DeleteTCB},
	} {
		m := Inference{Facts: test.facts, TwoMSL: 60}
		m.Sides[0] = test.self
		if test.syn != 0 {
			m.successor = &conn.Incident{Time: test.syn, Dir: 1}
		}
		if got := m.TimeWait(0, 100, test.by); got.end != test.end || got.Cause != test.caused {
			t.Errorf("%s: ends at %d by %v; want %d by %v", test.name, got.end, got.Cause, test.end, test.caused)
		}
	}
}
