package flow

import (
	"fmt"
	"testing"
	"time"

	"tcptrace/internal/wire"
)

// known is a tracker that knows n connections, and a segment with data on each.
func known(n int) (*Tracker, []wire.Segment, []uint32) {
	t := NewTracker(Options{}, nil)
	segments, hashes := make([]wire.Segment, n), make([]uint32, n)
	var out Output
	for i := range n {
		k := pair(i)
		s := wire.Segment{Key: k, Frame: uint64(i), Flags: wire.SYN, Window: 1000}
		t.Segment(&s, Hash(&k), &out)
		s.Dir, s.Flags, s.Ack = 1, wire.SYN|wire.ACK, 1
		t.Segment(&s, Hash(&k), &out)
		s.Dir, s.Flags, s.Seq, s.Len, s.IPLen, s.WireLen = 0, wire.ACK, 1, 100, 140, 154
		t.Segment(&s, Hash(&k), &out)
		segments[i], hashes[i] = s, Hash(&k)
	}
	return t, segments, hashes
}

func TestSegmentAllocations(t *testing.T) {
	tr, segments, hashes := known(1000)
	var out Output
	i := 0
	n := testing.AllocsPerRun(10_000, func() {
		s := &segments[i%1000]
		s.Seq += s.Len
		tr.Segment(s, hashes[i%1000], &out)
		i++
	})
	if n != 0 || len(out.Events) > 0 {
		t.Errorf("%v allocations and %d events for data on known connections", n, len(out.Events))
	}
}

// BenchmarkTracker is the tracker alone, on connections that it knows.
func BenchmarkTracker(b *testing.B) {
	for _, flows := range []int{1_000, 50_000} {
		b.Run(fmt.Sprint("flows=", flows), func(b *testing.B) {
			tr, segments, hashes := known(flows)
			var out Output
			b.ReportAllocs()
			start, n := time.Now(), 0
			for b.Loop() {
				s := &segments[n%flows]
				s.Seq += s.Len
				tr.Segment(s, hashes[n%flows], &out)
				n++
			}
			if tr.Evicted > 0 {
				b.Fatal("a partition has less room than that")
			}
			b.ReportMetric(float64(n)/time.Since(start).Seconds()/1e6, "Mpkt/s")
		})
	}
}
