package flow

import (
	"testing"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// TestHoleOfFragment: what follows a segment that lacks fragments makes no hole that the capture lost.
func TestHoleOfFragment(t *testing.T) {
	for _, c := range []struct {
		bits wire.Bits
		want bool
	}{{0, true}, {wire.ACKsFragment, false}} {
		f := newFeed(Options{Undivided: true})
		var got conn.Conversation
		f.merger = NewMerger(1, keep{&got})
		for i, s := range []wire.Segment{
			{Flags: wire.SYN, Seq: 100}, {Dir: 1, Flags: wire.SYN | wire.ACK, Seq: 900, Ack: 101}, {Flags: wire.ACK, Seq: 101, Ack: 901, Len: 10},
			{Flags: wire.ACK, Seq: 201, Ack: 901, Len: 10}, {Dir: 1, Flags: wire.ACK, Seq: 901, Ack: 211, Bits: c.bits},
		} {
			s.Key, s.IPID, s.Window, s.TTL, s.IPLen = pair(1), uint16(i+1), 1000, 64, 40+s.Len
			f.add(s)
		}
		f.close(t)
		found := false
		for i := range got.Incidents {
			found = found || got.Incidents[i].Kind == conn.IncidentUnseen
		}
		if found != c.want {
			t.Errorf("bits %b: bytes are missing in the capture: %v", c.bits, found)
		}
	}
}
