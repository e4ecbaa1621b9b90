package state

import (
	"testing"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// The endpoint that is followed sends in direction 0 and has the ISN 1000; its peer's is 5000.
const isn, peerISN = 1000, 5000

// walk is a walker of the endpoint, with facts in the order in which they were captured.
func walk(facts ...conn.Fact) *walker {
	for i := range facts {
		facts[i].Ahead, facts[i].Time = uint32(i), conn.Time(i)*1e6
	}
	m := &Inference{Facts: facts}
	m.Sides[0] = conn.Endpoint{ISN: isn, KnowsISN: true, FIN: isn + 100, KnowsFIN: true, FirstFIN: -1}
	m.Sides[1] = conn.Endpoint{ISN: peerISN, KnowsISN: true, FirstFIN: -1}
	return &walker{Inference: m, me: 0, peer: 1, self: &m.Sides[0], other: &m.Sides[1]}
}

func own(flags wire.Flags, seq, ack uint32) conn.Fact {
	return conn.Fact{Flags: uint8(flags), Seq: seq, Ack: ack}
}

func peers(flags wire.Flags, seq, ack uint32) conn.Fact {
	return conn.Fact{Flags: uint8(flags), Seq: seq, Ack: ack, Bits: conn.FactFromB}
}

// TestInReach: an ACK of a SYN acknowledges no more than a window behind it.
func TestInReach(t *testing.T) {
	for _, test := range []struct {
		ack  uint32
		want bool
	}{{isn, false}, {isn + 1, true}, {isn + 1 + 65535<<14, true}, {isn + 2 + 65535<<14, false}} {
		f := own(wire.ACK, 0, test.ack)
		if got := inReach(&f, isn); got != test.want {
			t.Errorf("ack %d: %v, want %v", test.ack, got, test.want)
		}
	}
}

// TestRepeated: a SYN or FIN is a repeated one if the peer had acknowledged it before.
func TestRepeated(t *testing.T) {
	const far = 1<<20 + 1
	syn, fin := own(wire.SYN, isn, 0), own(wire.FIN|wire.ACK, isn+100, 0)
	for _, test := range []struct {
		why  string
		ev   fsm.Event
		ack  conn.Fact
		late bool // the ACK comes behind it
		open bool // the peer's ISN is not known
		want bool
	}{
		{why: "an ACK of the SYN", ev: fsm.SendSYN, ack: peers(wire.ACK, peerISN+1, isn+1), want: true},
		{why: "as of a SYN-ACK", ev: fsm.SendSYNACK, ack: peers(wire.ACK, peerISN+1, isn+1), want: true},
		{why: "of less", ev: fsm.SendSYN, ack: peers(wire.ACK, peerISN+1, isn)},
		{why: "of the FIN", ev: fsm.SendFIN, ack: peers(wire.ACK, peerISN+1, isn+101), want: true},
		{why: "of all but the FIN", ev: fsm.SendFIN, ack: peers(wire.ACK, peerISN+1, isn+100)},
		{why: "behind it", ev: fsm.SendSYN, ack: peers(wire.ACK, peerISN+1, isn+1), late: true},
		{why: "an RST's", ev: fsm.SendSYN, ack: peers(wire.RST|wire.ACK, peerISN+1, isn+1)},
		{why: "of another event", ev: fsm.SendRST, ack: peers(wire.ACK, peerISN+1, isn+1)},
		{why: "far from it, by its peer's numbers", ev: fsm.SendSYN, ack: peers(wire.ACK, peerISN+1<<20, isn+far), want: true},
		{why: "and not by these", ev: fsm.SendSYN, ack: peers(wire.ACK, peerISN+far, isn+far)},
		{why: "near to it, and not by these", ev: fsm.SendSYN, ack: peers(wire.ACK, peerISN+far, isn+far-1), want: true},
		{why: "far, and these are not known", ev: fsm.SendSYN, ack: peers(wire.ACK, peerISN+1, isn+far), open: true},
	} {
		f := syn
		if test.ev == fsm.SendFIN {
			f = fin
		}
		s, at := walk(test.ack, f), 1
		if test.late {
			s, at = walk(f, test.ack), 0
		}
		s.other.KnowsISN = !test.open
		if got := s.repeated(test.ev, &s.Facts[at]); got != test.want {
			t.Errorf("%s: %v, want %v", test.why, got, test.want)
		}
	}
}

// TestRefuse: CLOSED alone answers a SYN by an RST that acknowledges it.
func TestRefuse(t *testing.T) {
	syn, rst := peers(wire.SYN, peerISN, 0), own(wire.RST|wire.ACK, 0, peerISN+1)
	outside := rst
	outside.Bits |= conn.FactOutside
	for _, test := range []struct {
		why   string
		facts []conn.Fact
		want  bool
	}{
		{"an RST that acknowledges the SYN", []conn.Fact{syn, rst}, true},
		{"no SYN", []conn.Fact{rst}, false},
		{"no RST", []conn.Fact{syn}, false},
		{"one that does not", []conn.Fact{syn, own(wire.RST|wire.ACK, 0, peerISN)}, false},
		{"or has no ACK", []conn.Fact{syn, own(wire.RST, peerISN+1, peerISN+1)}, false},
		{"or is out of place", []conn.Fact{syn, outside}, false},
		{"it sent something else", []conn.Fact{syn, own(wire.ACK, isn+1, peerISN+1), rst}, false},
		{"its own SYN was answered", []conn.Fact{syn, peers(wire.SYN|wire.ACK, peerISN, isn+1), rst}, false},
	} {
		if got := walk(test.facts...).refuse(); got != test.want {
			t.Errorf("%s: %v, want %v", test.why, got, test.want)
		}
	}
}

// TestExchanged: who sends data that did not come with a SYN has had the ACK of its SYN-ACK.
func TestExchanged(t *testing.T) {
	synData := own(wire.SYN|wire.ACK, isn, peerISN+1)
	synData.Len = 1
	peersData := peers(wire.SYN, peerISN, 0)
	peersData.Len = 1
	data := own(wire.ACK, isn+1, peerISN+1)
	data.Len = 1
	syn, synack := peers(wire.SYN, peerISN, 0), own(wire.SYN|wire.ACK, isn, peerISN+1)
	for _, test := range []struct {
		why         string
		self, other bool // sent data
		facts       []conn.Fact
		want        bool
	}{
		{"both sent data", true, true, []conn.Fact{syn, synack, data}, true},
		{"one did", true, false, []conn.Fact{syn, synack, data}, false},
		{"the other did", false, true, []conn.Fact{syn, synack}, false},
		{"with the SYN-ACK", true, true, []conn.Fact{syn, synData}, false},
		{"with the SYN", true, true, []conn.Fact{peersData, synack}, false},
	} {
		s := walk(test.facts...)
		s.self.SentData, s.other.SentData = test.self, test.other
		if got := s.exchanged(); got != test.want {
			t.Errorf("%s: %v, want %v", test.why, got, test.want)
		}
	}
	// In a simultaneous open each side sends a SYN-ACK, too: no fact has to be the ACK of it.
	for _, sent := range []bool{false, true} {
		s := walk(own(wire.SYN, isn, 0), syn, synack)
		s.self.SentData, s.other.SentData = sent, sent
		s.state = fsm.SynSent
		s.dialed(0, 2)
		if want := map[bool]fsm.State{false: fsm.SynRcvd, true: fsm.Established}[sent]; s.state != want {
			t.Errorf("data of both %v: %v, want %v", sent, s.state, want)
		}
	}
}

// TestWhoClosed: the endpoint whose FIN came first closed; one that is only known by what its peer received is taken for that unless its own
// FIN answers another.
func TestWhoClosed(t *testing.T) {
	step := func(states ...fsm.State) (steps []Step) {
		for i, st := range states {
			steps = append(steps, Step{State: st, Time: conn.Time(i + 1)})
		}
		return steps
	}
	const client, server, neither = "client", "server", "neither"
	for _, test := range []struct {
		why            string
		client, server []Step
		want           string
	}{
		{"nobody", step(fsm.Established), step(fsm.Established), neither},
		{"the client", step(fsm.Established, fsm.FinWait1), step(fsm.Established, fsm.CloseWait), client},
		{"the server", step(fsm.Established, fsm.CloseWait), step(fsm.Established, fsm.FinWait1), server},
		{"the server, in whose name a FIN came", step(fsm.Established, fsm.CloseWait), step(fsm.Established), server},
		{"which was received, and answered a FIN", step(fsm.Established, fsm.CloseWait), step(fsm.Established, fsm.CloseWait, fsm.LastAck), client},
		{"the client, in whose name a FIN came", step(fsm.Established), step(fsm.Established, fsm.CloseWait), client},
		{"both, the client first", step(fsm.FinWait1), step(fsm.Established, fsm.FinWait1), client},
		{"both, the server first", step(fsm.Established, fsm.FinWait1), step(fsm.FinWait1), server},
		{"both at once", step(fsm.FinWait1, fsm.Closing), step(fsm.FinWait1, fsm.Closing), neither},
		{"both, but one did not know", step(fsm.FinWait1, fsm.Closing), step(fsm.FinWait1, fsm.TimeWait), client},
	} {
		var c Close
		s := View{J: &Course{Trajectory: [2][]Step{conn.Client: test.client, conn.Server: test.server}}}
		s.whoClosed(&c)
		got := neither
		if c.HasFirst {
			got = c.First.String()
		}
		if got != test.want {
			t.Errorf("%s: %s, want %s", test.why, got, test.want)
		}
	}
}

// TestFirstFIN: a FIN without ACK is the first of one that comes again with ACK, unless it is hardly its sender's.
func TestFirstFIN(t *testing.T) {
	bare, fin := own(wire.FIN, isn+100, 0), own(wire.FIN|wire.ACK, isn+100, peerISN+1)
	bare.Bits |= conn.FactForeign // nobody takes it
	elsewhere, forged := bare, bare
	elsewhere.Seq++
	forged.Bits |= conn.FactOnPath
	for _, test := range []struct {
		why   string
		first conn.Fact
		want  int
	}{{"without ACK", bare, 0}, {"with another number", elsewhere, 1}, {"not its own", forged, 1}} {
		if got := walk(test.first, fin).firstFIN(0); got != test.want {
			t.Errorf("%s: %d, want %d", test.why, got, test.want)
		}
	}
	s := walk(bare, own(wire.RST|wire.ACK, isn, peerISN+1), fin)
	for i := range s.Facts {
		s.disown(0, uint32(i), wire.RST|wire.FIN)
	}
	for i, want := range []bool{true, false, false} {
		if got := s.Facts[i].Bits.Has(conn.FactOnPath); got != want {
			t.Errorf("fact %d disowned: %v, want %v", i, got, want)
		}
	}
}

// TestLetIn: who had data acknowledged behind its SYN was let in before it sent an RST.
func TestLetIn(t *testing.T) {
	syn, rst := own(wire.SYN, isn, 0), own(wire.RST, isn+101, 0)
	data := func(seq, ack uint32, n int) conn.Fact {
		f := peers(wire.ACK, seq, ack)
		f.Len = uint16(n)
		return f
	}
	for _, test := range []struct {
		why   string
		bytes int // of the SYN
		f     conn.Fact
		late  bool
		want  bool
	}{
		{why: "an octet more than the SYN", f: data(peerISN+1, isn+2, 10), want: true},
		{why: "the SYN", f: data(peerISN+1, isn+1, 10)},
		{why: "what came with the SYN", bytes: 5, f: data(peerISN+1, isn+6, 10)},
		{why: "more than that", bytes: 5, f: data(peerISN+1, isn+7, 10), want: true},
		{why: "no data", f: data(peerISN+1, isn+2, 0)},
		{why: "the last near number", f: data(peerISN+conn.Slack, isn+2, 10), want: true},
		{why: "one of another connection", f: data(peerISN+conn.Slack+1, isn+2, 10)},
		{why: "behind the RST", f: data(peerISN+1, isn+2, 10), late: true},
	} {
		first := syn
		first.Len = uint16(test.bytes)
		s, at := walk(first, test.f, rst), 2
		if test.late {
			s, at = walk(first, rst, test.f), 1
		}
		if got := s.letIn(0, at); got != test.want {
			t.Errorf("%s: %v, want %v", test.why, got, test.want)
		}
	}
}

// TestClosedUnseen: from SYN_RCVD who took data with the SYN may have closed where octets are missing, or the SYN-ACK is.
func TestClosedUnseen(t *testing.T) {
	for _, test := range []struct {
		why    string
		bytes  int // of the SYN
		synack conn.FactBits
		proof  conn.FactBits
		want   bool
	}{
		{"octets are missing", 79, 0, conn.FactSkips, true},
		{"none are", 79, 0, 0, false},
		{"the SYN-ACK is missing", 79, conn.FactStandIn, 0, true},
		{"octets, and the SYN had none", 0, 0, conn.FactSkips, false},
		{"the SYN-ACK, and the SYN had none", 0, conn.FactStandIn, 0, false},
	} {
		syn := peers(wire.SYN, peerISN, 0)
		syn.Len = uint16(test.bytes)
		synack, proof := own(wire.SYN|wire.ACK, isn, peerISN+1+uint32(test.bytes)), own(wire.ACK, isn+50, peerISN+200)
		synack.Bits, proof.Bits = test.synack, test.proof
		s := walk(syn, synack, proof)
		if got := s.closedUnseen(&s.Facts[1], &s.Facts[2]); got != test.want {
			t.Errorf("%s: %v, want %v", test.why, got, test.want)
		}
	}
	for _, test := range []struct {
		why  string
		ack  uint32
		want bool
	}{{"its FIN was acknowledged before it was captured", isn + 101, true}, {"all before its FIN was", isn + 100, false}} {
		syn := peers(wire.SYN, peerISN, 0)
		syn.Len = 79
		s := walk(syn, own(wire.SYN|wire.ACK, isn, peerISN+80), own(wire.ACK, isn+1, peerISN+80), peers(wire.ACK, peerISN+80, test.ack), own(wire.FIN|wire.ACK, isn+100, peerISN+80))
		s.self.FirstFIN = 4
		if got := s.closedUnseen(&s.Facts[1], &s.Facts[2]); got != test.want {
			t.Errorf("%s: %v, want %v", test.why, got, test.want)
		}
	}
}

// TestSentStandIn: an ACK proves that its receiver sent a SYN, but not from which state.
func TestSentStandIn(t *testing.T) {
	for _, test := range []struct {
		why  string
		bits conn.FactBits
		want Evidence
	}{{"captured", 0, EvidenceSent}, {"not captured", conn.FactStandIn, EvidenceAssumed}} {
		synack := own(wire.SYN|wire.ACK, isn, peerISN+1)
		synack.Bits = test.bits
		s := walk(peers(wire.SYN, peerISN, 0), synack, peers(wire.ACK, peerISN+1, isn+1))
		s.state = fsm.Listen
		s.sent(fsm.SendSYNACK, &s.Facts[1])
		if got := s.out[0]; got.State != fsm.SynRcvd || got.Evidence != test.want || got.ProofFrame != 0 {
			t.Errorf("%s: %+v, want %v", test.why, got, test.want)
		}
	}
}

// TestGoesOn: an RST did not come in the handshake if its sender goes on behind it with data that acknowledges data.
func TestGoesOn(t *testing.T) {
	rst := own(wire.RST, isn+1, 0)
	for _, test := range []struct {
		why      string
		seq, ack uint32
		bytes    uint16
		before   bool
		want     bool
	}{
		{why: "data", seq: isn + 1, ack: peerISN + 2, bytes: 1, want: true},
		{why: "no data", seq: isn + 1, ack: peerISN + 2},
		{why: "data that acknowledges the SYN", seq: isn + 1, ack: peerISN + 1, bytes: 1},
		{why: "data before it", seq: isn + 1, ack: peerISN + 2, bytes: 1, before: true},
		{why: "the last near number", seq: isn + conn.Slack, ack: peerISN + 2, bytes: 1, want: true},
		{why: "data of another connection", seq: isn + conn.Slack + 1, ack: peerISN + 2, bytes: 1},
	} {
		f := own(wire.ACK, test.seq, test.ack)
		f.Len = test.bytes
		s, at := walk(rst, f), 0
		if test.before {
			s, at = walk(f, rst), 1
		}
		if got := s.goesOn(&s.Facts[at]); got != test.want {
			t.Errorf("%s: %v, want %v", test.why, got, test.want)
		}
	}
}
