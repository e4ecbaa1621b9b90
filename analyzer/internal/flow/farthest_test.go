package flow

import (
	"testing"

	"tcptrace/internal/wire"
)

// TestFarthest: nothing beyond the largest window there can be is part of a connection.
func TestFarthest(t *testing.T) {
	const known = 101 // numbers up to there, in both directions
	for _, test := range []struct {
		seq, ack      uint32
		behind, acked uint32 // by the conversation: how far the client sent, and what it acknowledged
	}{
		{known + 65535<<14, known, known + 65535<<14 + 10, known},
		{known + 65535<<14 + 1, known, known, known},
		{known, known + 65535<<14, known + 10, known + 65535<<14},
		{known, known + 65535<<14 + 1, known + 10, known},
		{1<<32 + known - 65535<<14, known, known, known},
	} {
		tracker := newFeed(Options{Quick: true, Undivided: true})
		for _, s := range []wire.Segment{
			{Flags: wire.ACK, Seq: 1, Ack: 1, Len: known - 1, Window: 1000},
			{Flags: wire.ACK, Seq: 1, Ack: known, Len: known - 1, Window: 1000, Dir: 1},
			{Flags: wire.ACK, Seq: known, Ack: known, Window: 1000},
			{Flags: wire.ACK, Seq: test.seq, Ack: test.ack, Len: 10, Window: 1000},
		} {
			s.Key = pair(1)
			tracker.add(s)
		}
		h := &tracker.tracker.Slab.At(0).Half[0]
		if uint32(h.End) != test.behind || uint32(h.Acked) != test.acked {
			t.Errorf("number %d, ACK %d: sent up to %d, acknowledged %d; want %d, %d", test.seq, test.ack, uint32(h.End), uint32(h.Acked), test.behind, test.acked)
		}
	}
}
