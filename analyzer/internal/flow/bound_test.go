package flow

import (
	"testing"
	"time"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/intake"
	"tcptrace/analyzer/internal/segment"
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// TestBounds meets each bound on its own. What does not fit is counted, exactly where it can be told, and the packets
// are all there.
func TestBounds(t *testing.T) {
	const ring = 1 << 10 // segments in flight
	for _, c := range []struct {
		name string
		feed func(send func(dir uint8, flags wire.Flags, seq, ack, n uint32))
		want [intake.NumBounds]uint64
	}{
		{"nothing", func(send func(dir uint8, flags wire.Flags, seq, ack, n uint32)) {
			for i := range uint32(ring) {
				send(0, wire.ACK, 101+10*i, 201, 10)
			}
		}, [intake.NumBounds]uint64{}},
		{"flight", func(send func(dir uint8, flags wire.Flags, seq, ack, n uint32)) {
			for i := range uint32(ring + 7) {
				send(0, wire.ACK, 101+10*i, 201, 10)
			}
		}, [intake.NumBounds]uint64{intake.BoundFlight: 7}},
		{"ranges", func(send func(dir uint8, flags wire.Flags, seq, ack, n uint32)) {
			for i := range uint32(300) {
				send(0, wire.ACK, 111+20*i, 201, 10)
			}
		}, [intake.NumBounds]uint64{intake.BoundRanges: 300 - reassembly.MaxRanges}},
		{"resent", func(send func(dir uint8, flags wire.Flags, seq, ack, n uint32)) {
			for i := range uint32(20) {
				send(0, wire.ACK, 101+10*i, 201, 10)
			}
			for i := range uint32(20) {
				send(0, wire.ACK, 101+10*i, 201, 10)
			}
		}, [intake.NumBounds]uint64{intake.BoundResent: 20 - segment.MaxResent}},
		{"facts and letters", func(send func(dir uint8, flags wire.Flags, seq, ack, n uint32)) {
			for i := range uint32(60) {
				send(0, wire.RST, 50000+i, 0, 0) // each with another number is another letter
			}
		}, [intake.NumBounds]uint64{intake.BoundFacts: 3 + 60 - conn.MaxFacts, intake.BoundHistory: 3 + 60 - 24}},
	} {
		f := newFeed(Options{})
		at, sent := time.Duration(1), uint64(0)
		send := func(dir uint8, flags wire.Flags, seq, ack, n uint32) {
			at += time.Second
			sent++
			f.frame++
			s := wire.Segment{Key: pair(1), Dir: dir, Time: int64(at), Frame: f.frame, Flags: flags, Seq: seq, Ack: ack, Len: n, PayloadCap: n, Window: 65535, TTL: 64}
			f.tracker.Segment(&s, Hash(&s.Key), &f.outs[0])
			if err := f.merger.Batch(f.outs[:]); err != nil {
				t.Fatal(err)
			}
		}
		send(0, wire.SYN, 100, 0, 0)
		send(1, wire.SYN|wire.ACK, 200, 101, 0)
		send(0, wire.ACK, 101, 201, 0)
		c.feed(send)
		var sum intake.Summary
		if err := f.merger.Finish([]*Tracker{f.tracker}, &sum); err != nil {
			t.Fatal(err)
		}
		if sum.Bounds != c.want {
			t.Errorf("%s: %v, want %v", c.name, sum.Bounds, c.want)
		}
		if f.tally.packets != sent {
			t.Errorf("%s: %d packets of %d", c.name, f.tally.packets, sent)
		}
		for _, short := range sum.Shortfalls() {
			if short.Bound == "" || short.Noun == "" || short.Text == "" || short.Count == 0 {
				t.Errorf("%s: %+v", c.name, short)
			}
		}
	}
}
