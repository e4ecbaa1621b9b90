package flow

import (
	"testing"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/reading"
	"tcptrace/internal/wire"
)

// itself is a connection of a socket to itself, open and closed again.
var itself = []wire.Segment{
	{Flags: wire.SYN, Seq: 100}, {Flags: wire.SYN | wire.ACK, Seq: 100, Ack: 101}, {Flags: wire.ACK, Seq: 101, Ack: 101, Len: 10},
	{Flags: wire.ACK, Seq: 111, Ack: 111}, {Flags: wire.FIN | wire.ACK, Seq: 111, Ack: 111}, {Flags: wire.ACK, Seq: 112, Ack: 112},
}

// trackItself tracks segments from one socket to another, which may be it. It returns the conversation and what each
// segment was told to be.
func trackItself(t *testing.T, to uint16, segments []wire.Segment, copies int) (*conn.Conversation, map[uint64][]reading.Kind) {
	t.Helper()
	f := newFeed(Options{Undivided: true})
	var got conn.Conversation
	f.merger = NewMerger(1, keep{&got})
	kinds := map[uint64][]reading.Kind{}
	f.tracker.Watch(func(r *reading.Reading) {
		if r.Amends == 0 {
			kinds[r.Segment.Frame] = append(kinds[r.Segment.Frame], r.Kind)
		}
	})
	key, dir := wire.MakeKey(wire.Addr{Lo: 1}, wire.Addr{Lo: 1}, 40000, to, false)
	for i, s := range segments {
		s.Key, s.Dir, s.IPID, s.Window, s.TTL, s.IPLen = key, dir, uint16(i+1), 1000, 64, 40+s.Len
		for range copies {
			f.frame++
			s.Frame, s.Time = f.frame, int64(i+1)*20e6+int64(f.frame)
			s.Clock = s.Time
			f.tracker.Segment(&s, Hash(&s.Key), &f.outs[0])
		}
	}
	f.close(t)
	return &got, kinds
}

// TestSelf: a socket connected to itself goes the way of a simultaneous open and close; its segments are told and counted once.
func TestSelf(t *testing.T) {
	got, kinds := trackItself(t, 40000, itself, 1)
	if got.Outcome != conn.Closed || !got.Self() || got.Packets() != 6 || got.Sent[conn.Client].PayloadBytes != 10 || got.Sent[conn.Server].Packets != 0 {
		t.Errorf("%v, %d packets, %+v", got.Outcome, got.Packets(), got.Sent)
	}
	if got.Sides[0].Unseen || got.Sides[1].Unseen {
		t.Error("it is taken for one side of a connection")
	}
	if rtt := got.Sent[conn.Client].HandshakeRTT; rtt < 20e6 {
		t.Errorf("its SYN was acknowledged after %v", rtt)
	}
	for frame := uint64(1); frame <= 6; frame++ {
		if len(kinds[frame]) != 1 {
			t.Errorf("frame %d is read as %v", frame, kinds[frame])
		}
	}
}

// TestSelfCopied: what was captured twice is a copy for either direction.
func TestSelfCopied(t *testing.T) {
	got, kinds := trackItself(t, 40000, itself, 2)
	if got.Outcome != conn.Closed || got.Packets() != 12 || got.Sent[conn.Client].Duplicates != 6 || got.Sent[conn.Client].RetransmittedBytes != 0 {
		t.Errorf("%v, %d packets, %+v", got.Outcome, got.Packets(), got.Sent[conn.Client])
	}
	for frame := uint64(2); frame <= 12; frame += 2 {
		if len(kinds[frame]) != 1 || kinds[frame][0] != reading.KindCaptureDuplicate {
			t.Errorf("frame %d is read as %v", frame, kinds[frame])
		}
	}
}

// TestSelfNot: with another port it is one side of a connection to the same host.
func TestSelfNot(t *testing.T) {
	if got, _ := trackItself(t, 40001, itself, 1); got.Self() || !got.Sides[1].Unseen {
		t.Error("two sockets are taken for one")
	}
}

// TestSelfMidstream: also without its SYN all that it sent is the client's.
func TestSelfMidstream(t *testing.T) {
	for from := range itself[1:] {
		got, _ := trackItself(t, 40000, itself[from:], 1)
		if n := uint64(len(itself) - from); got.Sent[conn.Client].Packets != n || got.Packets() != n {
			t.Errorf("from segment %d on: %d packets of the client, %d in all, want %d", from+1, got.Sent[conn.Client].Packets, got.Packets(), n)
		}
	}
}

type keep struct{ c *conn.Conversation }

func (k keep) Conversation(c *conn.Conversation) error { *k.c = *c; return nil }
