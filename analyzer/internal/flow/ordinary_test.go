package flow

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// chatter is n segments of some connections: most in order, and each kind of what is not ordinary among them.
func chatter(rng *rand.Rand, keys, n int) (segments []wire.Segment) {
	type side struct{ next uint32 }
	sides := make([][2]side, keys)
	now := int64(1e9)
	for i := range n {
		k := rng.IntN(keys)
		now += rng.Int64N(1e8)
		s := wire.Segment{Key: pair(k), Dir: uint8(rng.IntN(2)), Time: now, Frame: uint64(i + 1), Flags: wire.ACK, Window: 1000, IPID: uint16(i),
			TTL: 64, IPLen: 40, WireLen: 54, Bits: wire.GoodSum}
		a, b := &sides[k][s.Dir], &sides[k][1-s.Dir]
		if a.next == 0 {
			s.Flags, a.next = wire.SYN, 1000*uint32(k+1)
			if b.next != 0 {
				s.Flags |= wire.ACK
			}
		}
		s.Seq, s.Ack = a.next, b.next
		if rng.IntN(2) == 0 {
			s.Len, s.PayloadCap, s.IPLen, s.WireLen = 100, 100, 140, 154
		}
		switch rng.IntN(150) {
		case 0:
			s.Flags |= [...]wire.Flags{wire.FIN, wire.RST, wire.SYN, wire.PSH, wire.URG}[rng.IntN(5)]
		case 1:
			s.Flags = [...]wire.Flags{0, wire.RST, wire.FIN, wire.PSH}[rng.IntN(4)]
		case 2:
			s.Bits = [...]wire.Bits{wire.BadSum, wire.BadHeader, wire.CutOptions, wire.FirstFragment, wire.ACKsFragment}[rng.IntN(5)]
		case 3:
			s.Seq += [...]uint32{^uint32(99), 100, conn.Slack, conn.Slack + 1, 1 << 31}[rng.IntN(5)]
		case 4:
			s.Ack -= [...]uint32{1, 100, conn.Slack + 1, 1 << 31}[rng.IntN(4)]
		case 5:
			s.Time -= rng.Int64N(3e9) // the clock goes back
		case 6:
			now += [...]int64{int64(conn.MinConnectTimeout) - 1, int64(conn.MinConnectTimeout), 4 * int64(conn.DefaultMSL)}[rng.IntN(3)]
			s.Time = now
		case 7:
			s.Net, s.VLAN[0] = 1, 1
		case 8:
			s.Key.B, s.Key.PortB = s.Key.A, s.Key.PortA // a socket that is connected to itself
		case 9:
			s.Seq, s.Ack = s.Seq+1<<31, s.Ack+1<<31 // of another connection
		case 10:
			if i > 0 { // captured twice, or sent again
				frame, last := s.Frame, segments[max(0, i-1-rng.IntN(3))]
				last.Frame, last.Time = frame, max(last.Time, now)
				s = last
			}
		}
		if s.Seq == a.next {
			a.next += s.SeqLen()
		}
		segments = append(segments, s)
	}
	return segments
}

// TestOrdinaryBoundaries has what is ordinary on one side, and what is not on the other.
func TestOrdinaryBoundaries(t *testing.T) {
	for _, tc := range []struct {
		what string
		set  func(t *Tracker, c *conn.Conn, s *wire.Segment)
		want bool
	}{
		{"data", func(*Tracker, *conn.Conn, *wire.Segment) {}, true},
		{"PSH", func(_ *Tracker, _ *conn.Conn, s *wire.Segment) { s.Flags |= wire.PSH }, true},
		{"FIN", func(_ *Tracker, _ *conn.Conn, s *wire.Segment) { s.Flags |= wire.FIN }, false},
		{"no ACK", func(_ *Tracker, _ *conn.Conn, s *wire.Segment) { s.Flags = wire.PSH }, false},
		{"right checksum", func(_ *Tracker, _ *conn.Conn, s *wire.Segment) { s.Bits |= wire.GoodSum }, true},
		{"wrong checksum", func(_ *Tracker, _ *conn.Conn, s *wire.Segment) { s.Bits |= wire.BadSum }, false},
		{"a VLAN", func(_ *Tracker, _ *conn.Conn, s *wire.Segment) { s.Net = 1 }, false},
		{"before a deadline", func(t *Tracker, _ *conn.Conn, s *wire.Segment) { t.Wake = conn.Time(s.Time) + 1 }, true},
		{"at a deadline", func(t *Tracker, _ *conn.Conn, s *wire.Segment) { t.Wake = conn.Time(s.Time) }, false},
		{"as many ended as may be", func(t *Tracker, _ *conn.Conn, _ *wire.Segment) { t.ended.N = t.maxEnded }, true},
		{"one more", func(t *Tracker, _ *conn.Conn, _ *wire.Segment) { t.ended.N = t.maxEnded + 1 }, false},
		{"before memory is looked at", func(t *Tracker, _ *conn.Conn, _ *wire.Segment) { t.sinceBound = checkEvery - 2 }, true},
		{"when memory is looked at", func(t *Tracker, _ *conn.Conn, _ *wire.Segment) { t.sinceBound = checkEvery - 1 }, false},
		{"as soon as a conversation may be over", func(t *Tracker, c *conn.Conn, s *wire.Segment) { c.Last = conn.Time(s.Time) - t.soonest }, false},
		{"before that", func(t *Tracker, c *conn.Conn, s *wire.Segment) { c.Last = conn.Time(s.Time) - t.soonest + 1 }, true},
		{"the time of the segment before", func(_ *Tracker, c *conn.Conn, s *wire.Segment) { c.Last = conn.Time(s.Time) }, true},
		{"an earlier time", func(_ *Tracker, c *conn.Conn, s *wire.Segment) { c.Last = conn.Time(s.Time) + 1 }, false},
		{"far ahead", func(_ *Tracker, _ *conn.Conn, s *wire.Segment) { s.Seq += conn.Slack }, true},
		{"farther", func(_ *Tracker, _ *conn.Conn, s *wire.Segment) { s.Seq += conn.Slack + 1 }, false},
		{"far behind", func(_ *Tracker, _ *conn.Conn, s *wire.Segment) { s.Seq -= conn.Slack }, true},
		{"farther behind", func(_ *Tracker, _ *conn.Conn, s *wire.Segment) { s.Seq -= conn.Slack + 1 }, false},
		{"a FIN before", func(_ *Tracker, c *conn.Conn, _ *wire.Segment) { c.Half[1].Flags |= conn.SentFIN }, false},
		{"a SYN that waits", func(_ *Tracker, c *conn.Conn, _ *wire.Segment) { c.Flags |= conn.Pending }, false},
		{"an ICMP error", func(t *Tracker, c *conn.Conn, s *wire.Segment) {
			c.Note(&t.Facts.Incidents, conn.IncidentTooBig, 0, s, 0)
		}, false},
		{"another incident", func(t *Tracker, c *conn.Conn, s *wire.Segment) {
			c.Note(&t.Facts.Incidents, conn.IncidentBadSum, 0, s, 0)
		}, true},
		{"a clock that went back", func(t *Tracker, c *conn.Conn, s *wire.Segment) {
			c.Note(&t.Facts.Incidents, conn.IncidentClock, 0, s, 0)
		}, false},
	} {
		tr, segments, hashes := known(1)
		s := &segments[0]
		s.Time, s.Seq = s.Time+1e6, s.Seq+s.Len
		tr.Wake = conn.Never
		slot := tr.index.find(&tr.Slab, &s.Key, hashes[0])
		tc.set(tr, tr.Slab.At(slot), s)
		if _, c := tr.ordinary(s, hashes[0]); (c != nil) != tc.want {
			t.Errorf("%s is ordinary: %v", tc.what, !tc.want)
		}
	}
}

// TestOrdinaryTellTheSame: that ordinary segments go past the rules that have nothing to say of them makes no difference.
func TestOrdinaryTellTheSame(t *testing.T) {
	ordinary := 0
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 2))
		segments := chatter(rng, 1+rng.IntN(6), 300)
		o := Options{Quick: seed%3 == 0, MaxFlows: 1 + int(seed%7)*2}
		for _, watch := range []bool{false, true} {
			a, _ := analyze(o, func(t *Tracker) {}, watch, segments, nil)
			b, _ := analyze(o, func(t *Tracker) { t.Sorts = false }, watch, segments, nil)
			if !reflect.DeepEqual(a, b) {
				t.Fatalf("seed %d, %+v, watched %v: %+v, %+v,\nby all rules %+v, %+v", seed, o, watch, a.kept, a.sum, b.kept, b.sum)
			}
		}
		tr := NewTracker(o, nil)
		var out Output
		for _, s := range segments {
			if _, c := tr.ordinary(&s, Hash(&s.Key)); c != nil {
				ordinary++
			}
			tr.Segment(&s, Hash(&s.Key), &out)
		}
	}
	if ordinary < 300*300/5 {
		t.Errorf("%d of %d segments were ordinary", ordinary, 300*300)
	}
}
