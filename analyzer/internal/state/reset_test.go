package state

import (
	"testing"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

const window = 65535 << 14 // the largest there can be

// TestTookMore: who acknowledges more than its SYN-ACK did, and no more than a window, had the ACK of that.
func TestTookMore(t *testing.T) {
	const acked = peerISN + 1
	synack, took := own(wire.SYN|wire.ACK, isn, acked), own(wire.ACK, isn+1, acked+1)
	acks := func(f conn.Fact, ack uint32) conn.Fact { f.Ack = ack; return f }
	at := func(f conn.Fact, seq uint32) conn.Fact { f.Seq = seq; return f }
	flagged := func(f conn.Fact, flags wire.Flags) conn.Fact { f.Flags = uint8(flags); return f }
	standIn, data := took, took
	standIn.Bits, data.Len = conn.FactStandIn, 1
	for _, test := range []struct {
		why    string
		f      conn.Fact
		before conn.Time // by how much it was captured before the SYN-ACK; 0: behind it
		want   bool
	}{
		{"a byte more", took, 0, true},
		{"as much", acks(took, acked), 0, false},
		{"less", acks(took, acked-1), 0, false},
		{"a window more", acks(took, acked+window), 0, true},
		{"more than a window", acks(took, acked+window+1), 0, false},
		{"near to its ISN", at(took, isn+conn.Slack), 0, true},
		{"of another connection", at(took, isn+conn.Slack+1), 0, false},
		{"no ACK", flagged(took, 0), 0, false},
		{"an RST", flagged(took, wire.RST|wire.ACK), 0, false},
		{"nothing that was captured", standIn, 0, false},
		{"captured ahead of the SYN-ACK", took, conn.RoundTrip, true},
		{"long before it", took, conn.RoundTrip + 1, false},
		{"long before it, with data", data, conn.RoundTrip + 1, true},
	} {
		facts := []conn.Fact{synack, test.f}
		if test.before > 0 {
			facts = []conn.Fact{test.f, synack}
		}
		s := walk(facts...)
		i := s.first(0, 0, conn.IsSYNACK)
		s.Facts[1-i].Time = s.Facts[i].Time - test.before
		if got := s.tookMore(&s.Facts[i], &s.Facts[1-i]); got != test.want {
			t.Errorf("%s: %v, want %v", test.why, got, test.want)
		}
	}
}

// TestTookMoreThanSYN: of a SYN with data the SYN-ACK says how much it acknowledges; where that was not captured, all of it.
func TestTookMoreThanSYN(t *testing.T) {
	const bytes = 10
	for _, test := range []struct {
		why     string
		ack     uint32
		standIn bool
		want    bool
	}{
		{"more than the SYN-ACK", peerISN + 2, false, true},
		{"the SYN's data, and no SYN-ACK was captured", peerISN + 1 + bytes, true, false},
		{"more than these", peerISN + 2 + bytes, true, true},
	} {
		syn, synack := peers(wire.SYN, peerISN, 0), own(wire.SYN|wire.ACK, isn, peerISN+1)
		syn.Len = bytes
		if test.standIn {
			synack.Bits |= conn.FactStandIn
		}
		s := walk(syn, synack, own(wire.ACK, isn+1, test.ack))
		if got := s.tookMore(&s.Facts[1], &s.Facts[2]); got != test.want {
			t.Errorf("%s: %v, want %v", test.why, got, test.want)
		}
	}
}

// TestMayTake: an RST at a number that is not the next one may be taken if it lies in the window.
func TestMayTake(t *testing.T) {
	const acked, offered = isn + 500, 2000
	for _, test := range []struct {
		why    string
		seq    uint32
		change func(self *conn.Endpoint, rst *conn.Fact)
		want   bool
	}{
		{why: "the next number", seq: acked, want: true},
		{why: "one before", seq: acked - 1},
		{why: "the last of the window", seq: acked + offered - 1, want: true},
		{why: "one behind the window", seq: acked + offered},
		{why: "the last of any window", seq: acked + window - 1, change: func(self *conn.Endpoint, _ *conn.Fact) { self.RightWin = 0 }, want: true},
		{why: "one behind any window", seq: acked + window, change: func(self *conn.Endpoint, _ *conn.Fact) { self.RightWin = 0 }},
		{why: "any number where nothing was acknowledged", seq: acked - 1, change: func(self *conn.Endpoint, _ *conn.Fact) { self.Acked = 0 }, want: true},
		{why: "a number that is expected", seq: acked, change: func(_ *conn.Endpoint, rst *conn.Fact) { rst.Bits &^= conn.FactOutside }},
		{why: "no RST", seq: acked, change: func(_ *conn.Endpoint, rst *conn.Fact) { rst.Flags = uint8(wire.ACK) }},
		{why: "its own", seq: acked, change: func(_ *conn.Endpoint, rst *conn.Fact) { rst.Bits &^= conn.FactFromB }},
		{why: "answered by a challenge ACK", seq: acked, change: func(self *conn.Endpoint, _ *conn.Fact) { self.Challenged = true }},
		{why: "it says no more than had crossed that", seq: acked, change: func(self *conn.Endpoint, rst *conn.Fact) { self.Distance, self.Last = 100, rst.Time+110 }, want: true},
		{why: "it goes on", seq: acked, change: func(self *conn.Endpoint, rst *conn.Fact) { self.Distance, self.Last = 100, rst.Time+111 }},
	} {
		rst := peers(wire.RST, test.seq, 0)
		rst.Bits |= conn.FactOutside
		s := walk(rst)
		s.self.Acked, s.self.RightWin = acked, acked+offered
		if test.change != nil {
			test.change(s.self, &s.Facts[0])
		}
		if got := s.MayTake(0, &s.Facts[0]); got != test.want {
			t.Errorf("%s: %v, want %v", test.why, got, test.want)
		}
	}
}

// TestStrangeRST: an RST that its supposed sender, the endpoint, cannot have sent.
func TestStrangeRST(t *testing.T) {
	const acked, offered = isn + 500, isn + 2500
	type change func(s *walker, rst *conn.Fact)
	long := func(s *walker, rst *conn.Fact) { s.other.Last = rst.Time - conn.RoundTrip - 1 }
	also := func(list ...change) change {
		return func(s *walker, rst *conn.Fact) {
			for _, f := range list {
				f(s, rst)
			}
		}
	}
	challenged := func(since conn.Time) change {
		return func(s *walker, rst *conn.Fact) {
			s.other.Challenged, s.challenged[1], s.Now = true, rst.Time, rst.Time+since
		}
	}
	for _, test := range []struct {
		why    string
		seq    uint32
		change change
		want   bool
	}{
		{why: "at its ISN", seq: isn},
		{why: "less than its ISN", seq: isn - 1, want: true},
		{why: "less than an ISN that is not known", seq: isn - 1, change: func(s *walker, _ *conn.Fact) { s.self.KnowsISN = false }},
		{why: "far before it", seq: 1<<32 + isn - conn.Slack, want: true},
		{why: "of another connection", seq: 1<<32 + isn - conn.Slack - 1},
		{why: "in the window", seq: offered - 1},
		{why: "beyond the window", seq: offered, want: true},
		{why: "beyond a window that it had gone beyond itself", seq: offered, change: func(s *walker, _ *conn.Fact) { s.self.End = offered + 1 }},
		{why: "beyond the window, in a capture that lacks segments", seq: offered, change: func(s *walker, _ *conn.Fact) { s.lacks = true }},
		{why: "one that is expected", seq: offered, change: func(_ *walker, rst *conn.Fact) { rst.Bits &^= conn.FactOutside }},

		{why: "what was acknowledged, long after", seq: acked, change: long},
		{why: "less than that, long after", seq: acked - 1, change: long, want: true},
		{why: "less than that, soon after", seq: acked - 1, change: func(s *walker, rst *conn.Fact) { s.other.Last = rst.Time - conn.RoundTrip }},
		{why: "the same in a capture that lacks segments", seq: acked - 1, change: also(long, func(s *walker, _ *conn.Fact) { s.lacks = true })},
		{why: "where it acknowledged nothing", seq: acked - 1, change: also(long, func(s *walker, _ *conn.Fact) { s.self.Acked = 0 })},
		{why: "where its peer acknowledged nothing", seq: 1<<32 - 1, change: also(long, func(s *walker, _ *conn.Fact) { s.other.Acked, s.self.KnowsISN = 0, false })},
		{why: "a little less", seq: 5 * conn.Slack, change: also(long, func(s *walker, _ *conn.Fact) { s.other.Acked, s.other.RightWin = 6*conn.Slack, 0 }), want: true},
		{why: "far less", seq: 5*conn.Slack - 1, change: also(long, func(s *walker, _ *conn.Fact) { s.other.Acked, s.other.RightWin = 6*conn.Slack, 0 })},

		{why: "answered by a challenge ACK, which it leaves unanswered", seq: acked + 1, change: challenged(conn.RoundTrip + 1), want: true},
		{why: "or has had no time to answer", seq: acked + 1, change: challenged(conn.RoundTrip)},
		{why: "from far away", seq: acked + 1, change: also(func(s *walker, _ *conn.Fact) { s.self.Distance, s.other.Distance = 400e6, 100e6 }, challenged(1000e6+1)), want: true},
		{why: "from far away, and has had no time", seq: acked + 1, change: also(func(s *walker, _ *conn.Fact) { s.self.Distance, s.other.Distance = 400e6, 100e6 }, challenged(1000e6))},
		{why: "the challenge ACK came before it", seq: acked + 1, change: also(challenged(conn.RoundTrip+1), func(s *walker, rst *conn.Fact) { s.challenged[1] = rst.Time - 1 })},
	} {
		rst := own(wire.RST, test.seq, 0)
		rst.Bits |= conn.FactOutside
		s := walk(rst)
		s.Facts[0].Time = 10e9
		s.self.Acked, s.self.End, s.other.Acked, s.other.RightWin, s.other.Last = peerISN+1, acked, acked, offered, 10e9
		if test.change != nil {
			test.change(s, &s.Facts[0])
		}
		if got := s.isStrange(&s.Facts[0]); got != test.want {
			t.Errorf("%s: %v, want %v", test.why, got, test.want)
		}
	}
	// an RST that answers the challenge ACK is its sender's
	first, second := own(wire.RST, acked+1, 0), own(wire.RST, acked, 0)
	first.Bits |= conn.FactOutside
	s := walk(first, second)
	s.self.Acked, s.other.Acked, s.other.RightWin = peerISN+1, acked, offered
	challenged(conn.RoundTrip+1)(s, &s.Facts[0])
	if s.isStrange(&s.Facts[0]) {
		t.Error("its sender answers the challenge ACK")
	}
}

// viewed is what follows from a walker's facts and some incidents. The endpoint is the client.
func viewed(s *walker, incidents ...conn.Incident) *View {
	return &View{Inference: s.Inference, C: &conn.Conversation{Incidents: incidents}, J: &Course{}}
}

// TestAnswersChallenge: an RST of a host that has no such connection answers a challenge ACK.
func TestAnswersChallenge(t *testing.T) {
	for _, test := range []struct {
		why    string
		change func(s *walker, m *conn.Incident)
		want   bool
	}{
		{"it had said nothing since", func(*walker, *conn.Incident) {}, true},
		{"or in that moment", func(s *walker, m *conn.Incident) { s.self.Last = m.Last }, true},
		{"it had said something since the last of several", func(s *walker, m *conn.Incident) { s.self.Last = m.Last + 1 }, false},
		{"it had said something since the first of several", func(s *walker, m *conn.Incident) { s.self.Last = m.Time + 1 }, true},
		{"the challenge ACK came behind it", func(_ *walker, m *conn.Incident) { m.Ahead = 5 }, false},
		{"or is it", func(_ *walker, m *conn.Incident) { m.Ahead = 4 }, false},
		{"its number is not expected", func(s *walker, _ *conn.Incident) { s.Facts[0].Bits |= conn.FactOutside }, false},
		{"the challenge ACK was its own", func(_ *walker, m *conn.Incident) { m.Dir = 0 }, false},
	} {
		s := walk(own(wire.RST, isn+1, 0))
		s.Facts[0].Ahead = 4
		m := conn.Incident{Kind: conn.IncidentChallenge, Dir: 1, Ahead: 3, Time: 100, Last: 200}
		test.change(s, &m)
		if got := viewed(s, m).answersChallenge(0, &s.Facts[0]); got != test.want {
			t.Errorf("%s: %v, want %v", test.why, got, test.want)
		}
	}
}

// TestWaitedNot: a server that has not sent its SYN-ACK again for as long as a timer takes waits for no ACK of it.
func TestWaitedNot(t *testing.T) {
	const waits = firstTimer + conn.RoundTrip
	synack, ack, rst := own(wire.SYN|wire.ACK, isn, peerISN+1), peers(wire.ACK, peerISN+1, isn+1), own(wire.RST, isn+1, 0)
	for _, test := range []struct {
		why    string
		after  conn.Time // the SYN-ACK
		change func(s *walker)
		want   bool
	}{
		{"while it may wait", waits, func(*walker) {}, false},
		{"longer", waits + 1, func(*walker) {}, true},
		{"an RST with ACK", waits + 1, func(s *walker) { s.Facts[2].Flags |= uint8(wire.ACK) }, false},
		{"an RST with another number", waits + 1, func(s *walker) { s.Facts[2].Seq++ }, false},
		{"nothing was acknowledged", waits + 1, func(s *walker) { s.Facts[1].Flags = uint8(wire.RST | wire.ACK) }, false},
		{"it was acknowledged behind that", waits + 1, func(s *walker) { s.Facts[1].Ahead = 3 }, false},
	} {
		s := walk(synack, ack, rst)
		s.Facts[2].Time = test.after
		test.change(s)
		if got := viewed(s).waitedNot(&s.Facts[2]); got != test.want {
			t.Errorf("%s: %v, want %v", test.why, got, test.want)
		}
	}
}

// TestOpened: one side that was ESTABLISHED is enough.
func TestOpened(t *testing.T) {
	for _, test := range []struct {
		states [2]fsm.State
		want   bool
	}{
		{[2]fsm.State{fsm.Established, fsm.SynRcvd}, true},
		{[2]fsm.State{fsm.SynSent, fsm.Established}, true},
		{[2]fsm.State{fsm.Established, fsm.Established}, true},
		{[2]fsm.State{fsm.SynSent, fsm.SynRcvd}, false},
	} {
		v := viewed(walk())
		for side, state := range test.states {
			v.J.Trajectory[side] = []Step{{State: state}}
		}
		if got := v.Opened(); got != test.want {
			t.Errorf("%v: %v, want %v", test.states, got, test.want)
		}
	}
}

// TestPlainAnswersChallenge: who answers a challenge ACK for want of a connection sends no ACK.
func TestPlainAnswersChallenge(t *testing.T) {
	for flags, want := range map[wire.Flags]ResetCause{wire.RST: ResetChallenge, wire.RST | wire.ACK: ResetAborted} {
		s := walk(own(wire.ACK, isn+1, peerISN+1), own(flags, isn+1, peerISN+1))
		v := viewed(s, conn.Incident{Kind: conn.IncidentChallenge, Dir: 1, Ahead: 0})
		if got := v.causeOf(&Close{By: conn.Client}, &s.Facts[1]); got != want {
			t.Errorf("flags %v: %v, want %v", flags, got, want)
		}
	}
}

// TestSeemsTaken: an RST was taken if a challenge ACK had time to come, and did not, or if all that came is an RST for want of a connection.
func TestSeemsTaken(t *testing.T) {
	const far = 400e6
	answer := func(flags wire.Flags, bits conn.FactBits) func(*walker) {
		return func(s *walker) { s.Facts[1].Flags, s.Facts[1].Bits = uint8(flags), bits }
	}
	for _, test := range []struct {
		why    string
		since  conn.Time
		change func(s *walker)
		want   bool
	}{
		{why: "as long as it may take", since: conn.RoundTrip},
		{why: "longer", since: conn.RoundTrip + 1, want: true},
		{why: "as long as from far away", since: 2 * far, change: func(s *walker) { s.self.Distance = far }},
		{why: "longer than from far away", since: 2*far + 1, change: func(s *walker) { s.self.Distance = far }, want: true},
		{why: "nothing was acknowledged", since: conn.RoundTrip + 1, change: func(s *walker) { s.self.Acked = 0 }},
		{why: "an RST for want of a connection", change: answer(wire.RST, 0), want: true},
		{why: "an RST with ACK", change: answer(wire.RST|wire.ACK, 0)},
		{why: "an RST in its name", change: answer(wire.RST, conn.FactForeign)},
	} {
		rst, behind := peers(wire.RST, peerISN+11, 0), own(wire.ACK, isn+1, peerISN+1)
		rst.Bits |= conn.FactOutside
		s := walk(rst, behind)
		s.Facts[1].Ahead = 0 // nothing comes behind the RST, unless test.change says so
		s.self.Acked = peerISN + 1
		s.Now = s.Facts[0].Time + test.since
		if test.change != nil {
			test.change(s)
			if s.Facts[1].Flags&uint8(wire.RST) != 0 {
				s.Facts[1].Ahead = 1
			}
		}
		if got := s.seemsTaken(0, &s.Facts[0]); got != test.want {
			t.Errorf("%s: %v, want %v", test.why, got, test.want)
		}
	}
}

// TestAnswerToProbe: CLOSED answers by an RST that acknowledges what came, with a FIN or without.
func TestAnswerToProbe(t *testing.T) {
	probe := own(wire.FIN, isn, 0)
	probe.Len = 5
	for _, test := range []struct {
		why  string
		rst  conn.Fact
		want int
	}{
		{"less than came", peers(wire.RST|wire.ACK, 0, isn+4), -1},
		{"all but the FIN", peers(wire.RST|wire.ACK, 0, isn+5), 1},
		{"all", peers(wire.RST|wire.ACK, 0, isn+6), 1},
		{"more", peers(wire.RST|wire.ACK, 0, isn+7), -1},
		{"without ACK", peers(wire.RST, 0, isn+6), -1},
		{"no RST", peers(wire.ACK, 0, isn+6), -1},
	} {
		if got := walk(probe, test.rst).AnswerToProbe(0); got != test.want {
			t.Errorf("%s: fact %d, want %d", test.why, got, test.want)
		}
	}
	if got := walk(peers(wire.RST|wire.ACK, 0, isn+6), probe).AnswerToProbe(0); got != -1 {
		t.Errorf("it came before: fact %d", got)
	}
}

// TestResetText: a text is told of the RST that carried it, and of no other.
func TestResetText(t *testing.T) {
	s := walk(own(wire.RST, isn+1, 0), own(wire.RST, isn+1, 0))
	m := conn.Incident{Kind: conn.IncidentResetText, Ahead: 1, TTL: 2, Amount: 2}
	m.Run.Since = 'n'<<56 | 'o'<<48
	v := viewed(s, m)
	if got := v.resetText(&s.Facts[1]); got != "no" {
		t.Errorf("it says %q", got)
	}
	if got := v.resetText(&s.Facts[0]); got != "" {
		t.Errorf("the one before says %q", got)
	}
}
