package flow

import (
	"errors"
	"testing"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/intake"
	"tcptrace/internal/wire"
)

// TestNetworks: which segments of other networks are of the same connection.
func TestNetworks(t *testing.T) {
	const a, b = 0, 1 // directions
	type seg struct {
		net      uint32
		dir      uint8
		flags    wire.Flags
		seq, ack uint32
		n        uint32
	}
	const syn, ack, rst = wire.SYN, wire.ACK, wire.RST
	open := []seg{{1, a, syn, 100, 0, 0}, {1, b, syn | ack, 900, 101, 0}, {1, a, ack, 101, 901, 10}}
	for _, c := range []struct {
		name string
		more []seg
		want int // conversations
	}{
		{"the same data", []seg{{2, a, ack, 101, 901, 10}}, 1},
		{"the next data", []seg{{2, a, ack, 111, 901, 10}, {1, b, ack, 901, 121, 0}}, 1},
		{"untagged", []seg{{0, a, ack, 111, 901, 10}, {0, b, ack, 901, 121, 0}}, 1},
		{"as far as another number can be", []seg{{2, a, ack, 111 + conn.Slack, 901, 10}}, 1},
		{"further", []seg{{2, a, ack, 112 + conn.Slack, 901, 10}}, 2},
		{"of other numbers", []seg{{2, a, ack, 1 << 30, 901, 10}, {2, b, ack, 1 << 31, 1<<30 + 10, 10}, {1, a, ack, 111, 901, 0}}, 2},
		{"an acknowledgment of other numbers", []seg{{2, a, ack, 111, 1 << 30, 10}}, 2},
		{"three networks", []seg{{2, a, ack, 1 << 30, 901, 10}, {3, a, ack, 1 << 31, 901, 10}, {2, a, ack, 1<<30 + 10, 901, 10}}, 3},
		{"the same SYN", []seg{{2, a, syn, 100, 0, 0}}, 1},
		{"another SYN", []seg{{2, a, syn, 5000, 0, 0}, {2, b, syn | ack, 6000, 5001, 0}, {2, a, ack, 5001, 6001, 0}, {1, b, ack, 901, 111, 0}}, 2},
		{"another SYN, untagged", []seg{{0, a, syn, 5000, 0, 0}, {0, b, syn | ack, 6000, 5001, 0}}, 2},
		{"the other way round", []seg{{2, b, syn, 5000, 0, 0}, {2, a, syn | ack, 6000, 5001, 0}, {2, b, ack, 5001, 6001, 0}}, 2},
		{"another SYN-ACK", []seg{{2, b, syn | ack, 6000, 5001, 0}}, 2},
		{"an RST, wherever", []seg{{2, b, rst, 1 << 30, 0, 0}}, 1},
		{"the sockets used again", []seg{{1, a, rst | ack, 111, 901, 0}, {2, a, syn, 5000, 0, 0}, {2, b, syn | ack, 6000, 5001, 0}}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFeed(Options{Undivided: true})
			for i, s := range append(open[:3:3], c.more...) {
				f.add(wire.Segment{
					Key: pair(1), Dir: s.dir, Net: s.net, Flags: s.flags, Seq: s.seq, Ack: s.ack, Len: s.n, IPLen: 40 + s.n,
					IPID: uint16(i), Window: 1000, TTL: 64,
				})
			}
			if got := f.close(t); got != c.want {
				t.Errorf("%d conversations, want %d", got, c.want)
			}
		})
	}
}

// TestNetworksByDirection: a direction has its own labels, from its first segment on.
func TestNetworksByDirection(t *testing.T) {
	f := newFeed(Options{Undivided: true})
	for i := range 4 {
		f.add(wire.Segment{
			Key: pair(1), Dir: uint8(i & 1), Net: uint32(7 + i&1), Flags: wire.ACK, Seq: uint32(100+800*(i&1)) + uint32(i/2), Ack: uint32(900-800*(i&1)) + uint32(i/2),
			Len: 1, IPLen: 41, IPID: uint16(i), Window: 1000, TTL: 64,
		})
		if f.tracker.networks.split {
			t.Fatalf("segment %d is taken to be of another network", i)
		}
	}
	if got := f.tracker.networks.of[0]; got != [2]uint32{7, 8} || f.close(t) != 1 {
		t.Errorf("networks %v", got)
	}
}

// add gives a segment to the tracker, 20 ms after the one before.
func (f *feed) add(s wire.Segment) {
	f.frame++
	s.Frame, s.Time = f.frame, int64(f.frame)*20e6
	s.Clock = s.Time
	f.tracker.Segment(&s, Hash(&s.Key), &f.outs[0])
}

// close is how many conversations there were.
func (f *feed) close(t *testing.T) int {
	t.Helper()
	var sum intake.Summary
	if err := errors.Join(f.merger.Batch(f.outs[:]), f.merger.Finish([]*Tracker{f.tracker}, &sum), f.tally.err); err != nil {
		t.Fatal(err)
	}
	return int(f.tally.conversations)
}
