package analyzer

import (
	"testing"

	"tcptrace/internal/wire"
)

// TestSelf: a socket connected to itself goes the way of a simultaneous open and close, and its segments are
// counted once.
func TestSelf(t *testing.T) {
	f := newFeed(Options{Undivided: true})
	var got Conversation
	f.merger = NewMerger(1, keep{&got})
	key, dir := wire.MakeKey(wire.Addr{Lo: 1}, wire.Addr{Lo: 1}, 40000, 40000, false)
	for i, s := range []wire.Segment{
		{Flags: wire.SYN, Seq: 100}, {Flags: wire.SYN | wire.ACK, Seq: 100, Ack: 101}, {Flags: wire.ACK, Seq: 101, Ack: 101, Len: 10},
		{Flags: wire.ACK, Seq: 111, Ack: 111}, {Flags: wire.FIN | wire.ACK, Seq: 111, Ack: 111}, {Flags: wire.ACK, Seq: 112, Ack: 112},
	} {
		s.Key, s.Dir, s.IPID, s.Window, s.TTL, s.IPLen = key, dir, uint16(i), 1000, 64, 40+s.Len
		f.add(s)
	}
	f.close(t)
	if got.Outcome != Closed || got.Packets() != 6 || got.Sent[Client].PayloadBytes+got.Sent[Server].PayloadBytes != 10 {
		t.Errorf("%v, %d packets, %+v", got.Outcome, got.Packets(), got.Sent)
	}
	if got.sides[0].unseen || got.sides[1].unseen {
		t.Error("it is taken for one side of a connection")
	}
}

type keep struct{ c *Conversation }

func (k keep) Conversation(c *Conversation) error { *k.c = *c; return nil }
