package flow

import (
	"math/rand/v2"
	"testing"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/intake"
	"tcptrace/internal/wire"
)

// storm gives a tracker conversations on as many sockets in each of which much goes wrong, turn by turn, and calls each behind every segment.
func storm(t *Tracker, m *Merger, conversations, turns int, each func()) {
	rng := rand.New(rand.NewPCG(1, 3))
	var outs [1]Output
	frame := uint64(0)
	give := func(n int, dir uint8, flags wire.Flags, seq, ack, size uint32) {
		frame++
		at := 1e18 + int64(frame)*1e4
		s := wire.Segment{Key: pair(n), Dir: dir, Time: at, Clock: at, Frame: frame, Flags: flags, Seq: seq, Ack: ack, Len: size, PayloadCap: size,
			Window: uint16(rng.Uint32N(2)), IPID: uint16(frame), TTL: 64}
		t.Segment(&s, Hash(&s.Key), &outs[0])
		_ = m.Batch(outs[:])
		each()
	}
	for n := range conversations {
		give(n, 0, wire.SYN, 1000, 0, 0)
		give(n, 1, wire.SYN|wire.ACK, 2000, 1001, 0)
		give(n, 0, wire.ACK, 1001, 2001, 0)
	}
	for k := range uint32(turns) {
		for n := range conversations {
			switch seq, ack := 1001+4*k, 2001+4*k; rng.IntN(8) {
			case 0:
				give(n, 0, wire.RST, seq+5, 0, 0)
			case 1:
				give(n, 0, wire.SYN|wire.ACK, seq, ack, 0)
			case 2:
				give(n, 0, wire.SYN, rng.Uint32(), 0, 0)
			case 3:
				give(n, 0, wire.ACK, seq+100*k, ack, 1)
			case 4:
				give(n, 1, wire.ACK, ack, seq, 1)
			case 5:
				give(n, 0, wire.ACK, seq-8, ack, 1)
			default:
				give(n, 0, wire.ACK, seq, ack, 1)
			}
		}
	}
}

// TestMemoryIsBounded: of conversations that take much, those with most of what is wanting end early and are counted; what all of them take
// stays where it is, and no segment is lost.
func TestMemoryIsBounded(t *testing.T) {
	const n, turns, memory = 3000, 40, 12 << 20
	tr := NewTracker(Options{MaxFlows: 1 << 13}, nil)
	tr.memory = memory
	kept := keeper{}
	m := NewMerger(1, kept)
	most, segments := 0, uint64(0)
	storm(tr, m, n, turns, func() {
		segments++
		if segments%100 == 0 {
			stocks := tr.stocks()
			most = max(most, tr.used(&stocks))
		}
	})
	var sum intake.Summary
	_ = m.Finish([]*Tracker{tr}, &sum)
	if t.Logf("%d bytes at most, %d evicted", most, sum.Evicted); most > memory*5/4 || most < memory*3/4 {
		t.Errorf("%d bytes, of %d that it may take", most, memory)
	}
	evicted, packets := uint64(0), uint64(0)
	for _, c := range kept {
		if c.Evicted {
			evicted++
		}
		packets += c.Sent[0].Packets + c.Sent[1].Packets
	}
	if evicted == 0 || evicted != sum.Evicted || packets != segments {
		t.Errorf("%d were evicted, the summary has %d; %d packets of %d", evicted, sum.Evicted, packets, segments)
	}
}

// TestMemoryOfOrdinary: as many ordinary conversations as may be tracked have room.
func TestMemoryOfOrdinary(t *testing.T) {
	const n = 1 << 15
	tr := NewTracker(Options{MaxFlows: n}, nil)
	tr.MaxFlows, tr.memory = n, n*tr.memoryPerFlow()
	m := NewMerger(1, keeper{})
	var outs [1]Output
	frame := uint64(0)
	for _, s := range []wire.Segment{
		{Flags: wire.SYN, Seq: 1000}, {Dir: 1, Flags: wire.SYN | wire.ACK, Seq: 2000, Ack: 1001}, {Flags: wire.ACK, Seq: 1001, Ack: 2001},
		{Flags: wire.ACK, Seq: 1001, Ack: 2001, Len: 100}, {Dir: 1, Flags: wire.ACK, Seq: 2001, Ack: 1101, Len: 1000},
		{Dir: 1, Flags: wire.ACK, Seq: 3001, Ack: 1101, Len: 1000}, {Flags: wire.ACK, Seq: 1101, Ack: 4001},
	} {
		for i := range n {
			frame++
			one := s
			one.Key, one.Frame, one.Time, one.Clock, one.Window, one.PayloadCap = pair(i), frame, 1e18+int64(frame)*1e3, 1e18+int64(frame)*1e3, 1000, s.Len
			tr.Segment(&one, Hash(&one.Key), &outs[0])
			_ = m.Batch(outs[:])
		}
	}
	stocks := tr.stocks()
	t.Logf("%d bytes each of %d", tr.used(&stocks)/n, tr.memory/n)
	if tr.Evicted > 0 {
		t.Errorf("%d evicted, %d bytes of %d, %+v", tr.Evicted, tr.used(&stocks), tr.memory, stocks)
	}
}

// TestHeaviest: the one goes that has most; of equal ones the one that was silent longest; none that has nothing.
func TestHeaviest(t *testing.T) {
	tr := NewTracker(Options{}, nil)
	var out Output
	for i := range 5 {
		s := wire.Segment{Key: pair(i), Frame: uint64(i + 1), Time: int64(10 - i), Clock: 10, Flags: wire.ACK, Seq: 1, Ack: 1, Len: 1, PayloadCap: 1}
		tr.Segment(&s, Hash(&s.Key), &out)
	}
	if slot := tr.heaviest(stockRivals); slot != noSlot {
		t.Errorf("%d has a rival", slot)
	}
	if slot := tr.heaviest(stockConns); slot != 4 {
		t.Errorf("%d was silent longest", slot)
	}
	tr.Slab.At(2).Flags |= conn.Disputed
	if slot := tr.heaviest(stockRivals); slot != 2 {
		t.Errorf("%d has most", slot)
	}
}
