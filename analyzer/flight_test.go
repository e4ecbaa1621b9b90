package analyzer

import (
	"net/netip"
	"testing"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/reading"
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// unread is a reading that says no more of s than that its receiver does not drop it.
func unread(s *wire.Segment) *Reading { return &Reading{Segment: s, Kind: KindACK} }

// A connection that begins as any, and then in ways that the sequence numbers alone do not tell. Both ISNs are
// below the wrap.
func TestFlight(t *testing.T) {
	const client, server = 0xFFFFFFFF, 0xFFFFFFFE
	const ack = wire.ACK
	type view struct {
		state   fsm.State
		bytes   uint64
		kind    TimerKind
		since   Time
		repeats uint16
	}
	f := Flight{half: [2]flightHalf{{isn: client, flags: flightISN}, {isn: server, flags: flightISN}}}
	for i, step := range []struct {
		what     string
		dir      uint8
		flags    wire.Flags
		seq, ack uint32 // behind the ISNs
		len      uint32
		window   uint16
		want     [2]view // after it
	}{
		{"SYN", 0, wire.SYN, 0, 0, 0, 100, [2]view{{fsm.SynSent, 0, TimerRetransmission, 1, 0}, {state: fsm.Listen}}},
		{"SYN again", 0, wire.SYN, 0, 0, 0, 100, [2]view{{fsm.SynSent, 0, TimerRetransmission, 2, 1}, {state: fsm.Listen}}},
		{"SYN-ACK", 1, wire.SYN | ack, 0, 1, 0, 100, [2]view{{fsm.SynSent, 0, TimerRetransmission, 2, 1}, {fsm.SynRcvd, 0, TimerRetransmission, 3, 0}}},
		{"a foreign SYN", 0, wire.SYN, 7000, 0, 0, 100, [2]view{{fsm.SynSent, 0, TimerRetransmission, 2, 1}, {fsm.SynRcvd, 0, TimerRetransmission, 3, 0}}},
		{"ACK", 0, ack, 1, 1, 0, 100, [2]view{{state: fsm.Established}, {state: fsm.Established}}},
		{"data", 0, ack, 1, 1, 10, 100, [2]view{{fsm.Established, 10, TimerRetransmission, 6, 0}, {state: fsm.Established}}},
		{"more", 0, ack, 11, 1, 10, 100, [2]view{{fsm.Established, 20, TimerRetransmission, 6, 0}, {state: fsm.Established}}},
		{"half acknowledged", 1, ack, 1, 11, 0, 100, [2]view{{fsm.Established, 10, TimerRetransmission, 8, 0}, {state: fsm.Established}}},
		{"a repeat", 0, ack, 11, 1, 10, 100, [2]view{{fsm.Established, 10, TimerRetransmission, 9, 1}, {state: fsm.Established}}},
		{"an old ACK", 1, ack, 1, 1, 0, 100, [2]view{{fsm.Established, 10, TimerRetransmission, 9, 1}, {state: fsm.Established}}},
		{"an RST", 1, wire.RST | ack, 1, 21, 0, 0, [2]view{{fsm.Established, 10, TimerRetransmission, 9, 1}, {state: fsm.Established}}},
		{"an ACK from nowhere", 1, ack, 1, 1 << 31, 0, 100, [2]view{{fsm.Established, 10, TimerRetransmission, 9, 1}, {state: fsm.Established}}},
		{"acknowledged, and closed", 1, ack, 1, 21, 0, 0, [2]view{{state: fsm.Established}, {state: fsm.Established}}},
		{"a probe behind", 0, ack, 20, 1, 0, 100, [2]view{{fsm.Established, 0, TimerPersist, 14, 1}, {state: fsm.Established}}},
		{"its answer", 1, ack, 1, 21, 0, 0, [2]view{{fsm.Established, 0, TimerPersist, 14, 1}, {state: fsm.Established}}},
		{"a probe ahead", 0, ack, 21, 1, 1, 100, [2]view{{fsm.Established, 1, TimerPersist, 16, 2}, {state: fsm.Established}}},
		{"opened", 1, ack, 1, 22, 0, 100, [2]view{{state: fsm.Established}, {state: fsm.Established}}},
		{"data of a segment not captured acknowledged", 1, ack, 1, 32, 0, 100, [2]view{{state: fsm.Established}, {state: fsm.Established}}},
		{"FIN behind data", 0, wire.FIN | ack, 32, 1, 5, 100, [2]view{{fsm.FinWait1, 5, TimerRetransmission, 19, 0}, {state: fsm.CloseWait}}},
		{"the data acknowledged", 1, ack, 1, 37, 0, 100, [2]view{{fsm.FinWait1, 0, TimerRetransmission, 20, 0}, {state: fsm.CloseWait}}},
		{"the FIN acknowledged, on its way", 1, ack, 1, 38, 0, 100, [2]view{{fsm.FinWait1, 0, TimerRetransmission, 20, 0}, {state: fsm.CloseWait}}},
		{"the FIN acknowledged", 1, ack, 1, 38, 0, 100, [2]view{{fsm.FinWait2, 0, TimerFinWait2, 99, 0}, {state: fsm.CloseWait}}},
		{"the other FIN", 1, wire.FIN | ack, 1, 38, 0, 100, [2]view{{fsm.TimeWait, 0, TimerTimeWait, 99, 0}, {fsm.LastAck, 0, TimerRetransmission, 23, 0}}},
		{"data of who is gone", 1, ack, 2, 38, 9, 100, [2]view{{fsm.TimeWait, 0, TimerTimeWait, 99, 0}, {state: fsm.Closed}}},
	} {
		isn := [2]uint32{client, server}
		s := wire.Segment{
			Time: int64(i + 1), Dir: step.dir, Flags: step.flags, Len: step.len, Window: step.window,
			Seq: isn[step.dir] + step.seq, Ack: isn[1-step.dir] + step.ack,
		}
		f.Segment(unread(&s))
		for side, want := range step.want {
			e := EndpointMoment{State: want.state, Since: 1, TimeWaitEnd: 159}
			if want.state == fsm.TimeWait || want.state == fsm.FinWait2 {
				e.Since = 99
			}
			n, known := f.Bytes(Side(side), &e)
			timer := f.Timer(Side(side), &e)
			got := view{want.state, n, timer.Kind, timer.Since, timer.Repeats}
			if got != want || !known && want.state != fsm.Listen {
				t.Errorf("%d, %s, %v: got %+v (known: %v), want %+v", i+1, step.what, Side(side), got, known, want)
			}
			if end := timer.Until; (end != 0) != (want.kind == TimerTimeWait) || end != 0 && end != 159 {
				t.Errorf("%d, %s, %v: until %d", i+1, step.what, Side(side), end)
			}
		}
	}
}

// What was not captured is not known, rather than nothing.
func TestFlightUnknown(t *testing.T) {
	established := EndpointMoment{State: fsm.Established}
	two := [2]netip.AddrPort{netip.MustParseAddrPort("10.0.0.1:40000"), netip.MustParseAddrPort("10.0.0.2:80")}
	midstream := NewFlight(&Conversation{Addr: two})
	midstream.Segment(unread(&wire.Segment{Flags: wire.ACK, Seq: 1000, Len: 10, Dir: 0, Ack: 500}))
	if n, known := midstream.Bytes(Client, &established); known {
		t.Errorf("%d bytes in flight before anything was acknowledged", n)
	}
	midstream.Segment(unread(&wire.Segment{Flags: wire.ACK, Seq: 500, Dir: 1, Ack: 1005}))
	if n, known := midstream.Bytes(Client, &established); n != 5 || !known {
		t.Errorf("midstream: %d, %v; want 5 bytes in flight", n, known)
	}
	oneSided := NewFlight(&Conversation{Addr: two, Sides: [2]conn.Endpoint{1: {Unseen: true}}})
	oneSided.Segment(unread(&wire.Segment{Flags: wire.SYN, Seq: 1000}))
	oneSided.Segment(unread(&wire.Segment{Flags: wire.ACK, Seq: 1001, Len: 10, Ack: 500}))
	for side := range Server + 1 {
		if n, known := oneSided.Bytes(side, &established); known || oneSided.Timer(side, &established).Kind != TimerNone {
			t.Errorf("one-sided, %v: %d bytes in flight, timer %v", side, n, oneSided.Timer(side, &established).Kind)
		}
	}
}

// TestFlightDropped: what its receiver drops is in flight only where its sender will send it again, and its ACK counts only there.
func TestFlightDropped(t *testing.T) {
	const old = reading.NotePAWS
	for _, test := range []struct {
		what      string
		s         wire.Segment // behind 100 bytes of either side, the server's of which are not acknowledged
		kind      Kind
		notes     Notes
		sums      bool
		want      uint64 // in flight
		wantACKed bool
	}{
		{"data", wire.Segment{Seq: 100, Len: 10, Ack: 100}, KindData, 0, true, 10, true},
		{"ahead", wire.Segment{Seq: 20000, Len: 10, Ack: 100}, KindData, 0, true, 19910, true},
		{"ahead, of an older connection", wire.Segment{Seq: 20000, Len: 10, Ack: 100}, KindUnacceptable, old, true, 0, false},
		{"one byte ahead, with an old timestamp", wire.Segment{Seq: 101, Len: 10, Ack: 100}, KindUnacceptable, old, true, 0, false},
		{"due, with an old timestamp", wire.Segment{Seq: 100, Len: 10, Ack: 100}, KindUnacceptable, old, true, 10, true},
		{"a FIN, with an old timestamp", wire.Segment{Seq: 100, Flags: wire.FIN, Ack: 100}, KindUnacceptable, old, true, 0, false},
		{"dropped for its ACK", wire.Segment{Seq: 100, Len: 10, Ack: 100}, KindUnacceptable, reading.NoteOldACK, true, 0, false},
		{"damaged", wire.Segment{Seq: 100, Len: 10, Ack: 100, Bits: wire.BadSum}, KindUnacceptable, 0, true, 10, false},
		{"ahead, of a sender whose sums are wrong", wire.Segment{Seq: 20000, Len: 10, Ack: 100, Bits: wire.BadSum}, KindUnacceptable, old, false, 0, false},
		{"with a damaged IP header", wire.Segment{Seq: 100, Len: 10, Ack: 100, Bits: wire.BadHeader}, KindUnacceptable, 0, false, 10, false},
		{"new, where another is said to have been", wire.Segment{Seq: 50, Len: 50, Ack: 100}, KindData, 0, true, 50, true},
		{"partly new", wire.Segment{Seq: 50, Len: 51, Ack: 100}, KindData, 0, true, 1, true},
		{"sent again", wire.Segment{Seq: 50, Len: 50, Ack: 100}, KindRetransmission, 0, true, 0, true},
		{"a copy", wire.Segment{Seq: 100, Len: 10, Ack: 100}, KindCaptureDuplicate, 0, true, 0, false},
	} {
		f := Flight{}
		if test.sums {
			f.half[0].flags |= flightSums
		}
		for _, s := range []wire.Segment{{Seq: 0, Len: 100, Ack: 0}, {Seq: 0, Len: 100, Ack: 100, Dir: 1}} {
			s.Flags, s.Window = wire.ACK, 100
			f.Segment(unread(&s))
		}
		test.s.Flags |= wire.ACK
		f.Segment(&Reading{Segment: &test.s, Kind: test.kind, Notes: test.notes})
		e := EndpointMoment{State: fsm.Established}
		if n, _ := f.Bytes(Client, &e); n != test.want {
			t.Errorf("%s: %d bytes in flight, want %d", test.what, n, test.want)
		}
		if n, _ := f.Bytes(Server, &e); n == 0 != test.wantACKed {
			t.Errorf("%s: the server has %d bytes in flight", test.what, n)
		}
	}
}

// TestFlightForeign: a FIN that the first pass found not to be its sender's is not in flight; another is.
func TestFlightForeign(t *testing.T) {
	for bits, want := range map[conn.FactBits]uint64{conn.FactForeign: 50, 0: 1000} {
		f := NewFlight(&Conversation{FirstFrame: 1, Facts: []conn.Fact{{Ahead: 2, Flags: uint8(wire.FIN | wire.ACK), Seq: 1100, Bits: bits}}})
		for i, s := range []wire.Segment{
			{Flags: wire.ACK, Seq: 0, Len: 100, Ack: 100}, {Dir: 1, Flags: wire.ACK, Seq: 100, Ack: 100, Window: 100},
			{Flags: wire.FIN | wire.ACK, Seq: 1100, Ack: 100}, {Flags: wire.ACK, Seq: 100, Len: 50, Ack: 100},
		} {
			s.Frame = uint64(i + 1)
			f.Segment(unread(&s))
		}
		if n, _ := f.Bytes(Client, &EndpointMoment{State: fsm.Established}); n != want {
			t.Errorf("bits %d: %d bytes in flight, want %d", bits, n, want)
		}
	}
}

// TestFlightTimer: an endpoint whose own step says when it began to wait has waited since then at least.
func TestFlightTimer(t *testing.T) {
	f := Flight{half: [2]flightHalf{{isn: 1, flags: flightISN}}}
	for i, s := range []wire.Segment{{Flags: wire.SYN, Seq: 1}, {Flags: wire.SYN, Seq: 1}, {Flags: wire.SYN | wire.ACK, Seq: 1, Ack: 2, Dir: 1, Window: 100}} {
		s.Time = int64(i + 1)
		f.Segment(unread(&s))
	}
	for since, want := range map[Time]Timer{1: {TimerRetransmission, 2, 0, 1}, 2: {TimerRetransmission, 2, 0, 1}, 3: {TimerRetransmission, 3, 0, 0}} {
		if got := f.Timer(Client, &EndpointMoment{State: fsm.FinWait1, Since: since}); got != want {
			t.Errorf("in FIN_WAIT_1 since %d: %+v, want %+v", since, got, want)
		}
	}
}

// What a closed window lets through is a probe only if it is an octet, or none; and it is what is due, or was due before.
func TestFlightProbes(t *testing.T) {
	for _, test := range []struct {
		seq, len uint32
		want     TimerKind
	}{
		{99, 0, TimerPersist}, {99, 1, TimerPersist}, {99, 2, TimerRetransmission},
		{100, 0, TimerNone}, {100, 1, TimerPersist}, {100, 2, TimerRetransmission},
		{98, 1, TimerNone}, {101, 1, TimerRetransmission},
	} {
		f := Flight{}
		f.Segment(unread(&wire.Segment{Time: 1, Flags: wire.ACK, Seq: 90, Ack: 1, Len: 10}))
		f.Segment(unread(&wire.Segment{Time: 2, Dir: 1, Flags: wire.ACK, Seq: 1, Ack: 100}))
		f.Segment(unread(&wire.Segment{Time: 3, Flags: wire.ACK, Seq: test.seq, Ack: 1, Len: test.len}))
		if got := f.Timer(Client, &EndpointMoment{State: fsm.Established}).Kind; got != test.want {
			t.Errorf("%d bytes at %d into a window that is closed at 100: %v, want %v", test.len, test.seq, got, test.want)
		}
	}
}

// TestSelfFlight: what it sent is in flight until it acknowledges that itself.
func TestSelfFlight(t *testing.T) {
	itself := []wire.Segment{
		{Flags: wire.SYN, Seq: 100}, {Flags: wire.SYN | wire.ACK, Seq: 100, Ack: 101}, {Flags: wire.ACK, Seq: 101, Ack: 101, Len: 10},
		{Flags: wire.ACK, Seq: 111, Ack: 111}, {Flags: wire.FIN | wire.ACK, Seq: 111, Ack: 111}, {Flags: wire.ACK, Seq: 112, Ack: 112},
	}
	socket := netip.MustParseAddrPort("10.0.0.1:40000")
	me := conn.Endpoint{ISN: 100, KnowsISN: true}
	f := NewFlight(&Conversation{Addr: [2]netip.AddrPort{socket, socket}, Sides: [2]conn.Endpoint{me, me}})
	key, dir := wire.MakeKey(wire.Addr{Lo: 1}, wire.Addr{Lo: 1}, 40000, 40000, false)
	e := EndpointMoment{State: fsm.Established}
	for i, want := range []uint64{0, 0, 10, 0, 0, 0} {
		s := itself[i]
		s.Key, s.Dir, s.Window, s.Time = key, dir, 1000, int64(i)
		f.Segment(unread(&s))
		for side, want := range [2]uint64{want, 0} {
			if n, ok := f.Bytes(Side(side), &e); n != want || !ok {
				t.Errorf("behind segment %d the %v has %d bytes in flight, %v, want %d", i+1, Side(side), n, ok, want)
			}
		}
	}
}

// TestFlightFarthest: nothing beyond the largest window there can be is in flight.
func TestFlightFarthest(t *testing.T) {
	const known = 101 // numbers up to there, in both directions
	for _, test := range []struct {
		seq, ack  uint32
		next, una uint32 // how far it sent, and the server was acknowledged
	}{
		{known + 65535<<14, known, known + 65535<<14 + 10, known},
		{known + 65535<<14 + 1, known, known, known},
		{known, known + 65535<<14, known + 10, known + 65535<<14},
		{known, known + 65535<<14 + 1, known + 10, known},
		{1<<32 + known - 65535<<14, known, known, known},
	} {
		f := Flight{}
		for _, s := range []wire.Segment{
			{Flags: wire.ACK, Seq: 1, Ack: 1, Len: known - 1, Window: 1000},
			{Flags: wire.ACK, Seq: 1, Ack: known, Len: known - 1, Window: 1000, Dir: 1},
			{Flags: wire.ACK, Seq: known, Ack: known, Window: 1000},
			{Flags: wire.ACK, Seq: test.seq, Ack: test.ack, Len: 10, Window: 1000},
		} {
			f.Segment(unread(&s))
		}
		if next, una := uint32(f.half[0].next), uint32(f.half[1].una); next != test.next || una != test.una {
			t.Errorf("number %d, ACK %d: in flight up to %d, acknowledged %d; want %d, %d", test.seq, test.ack, next, una, test.next, test.una)
		}
	}
}
