package intake

import (
	"testing"

	"tcptrace/internal/wire"
)

// TestUnfinished: which ACKs are of a segment whose later fragments are not there.
func TestUnfinished(t *testing.T) {
	const seq = 1<<32 - 10
	first := wire.Segment{Key: pair(1), Dir: 1, Flags: wire.ACK, Seq: seq, Len: 500, Bits: wire.FirstFragment}
	for _, c := range []struct {
		name string
		then []wire.Segment
		want bool // of the last of them
	}{
		{"its first byte", []wire.Segment{{Flags: wire.ACK, Ack: seq + 1}}, true},
		{"what precedes it", []wire.Segment{{Flags: wire.ACK, Ack: seq}}, false},
		{"all of it, behind the wrap", []wire.Segment{{Flags: wire.ACK, Ack: 1000}}, true},
		{"no ACK", []wire.Segment{{Flags: wire.RST, Ack: 1000}}, false},
		{"its sender's ACK", []wire.Segment{{Dir: 1, Flags: wire.ACK, Ack: 1000}}, false},
		{"twice", []wire.Segment{{Flags: wire.ACK, Ack: 1000}, {Flags: wire.ACK, Ack: 1000}}, false},
		{"whole", []wire.Segment{{Dir: 1, Seq: seq, Bits: wire.Reassembled}, {Flags: wire.ACK, Ack: 1000}}, false},
		{"another is whole", []wire.Segment{{Dir: 1, Seq: seq + 1, Bits: wire.Reassembled}, {Flags: wire.ACK, Ack: 1000}}, true},
	} {
		var u unfinished
		u.begin(&first)
		u.begin(&first) // captured twice
		for i := range c.then {
			c.then[i].Key = first.Key
			u.pass(&c.then[i])
		}
		if got := c.then[len(c.then)-1].Bits&wire.ACKsFragment != 0; got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestUnfinishedBounded: it forgets.
func TestUnfinishedBounded(t *testing.T) {
	var u unfinished
	for i := range uint32(2 * maxUnfinishedSegments) {
		u.begin(&wire.Segment{Key: pair(1), Seq: i})
	}
	if n := len(u[sender{pair(1), 0}]); n != maxUnfinishedSegments {
		t.Errorf("%d segments of a sender", n)
	}
	for i := range uint16(2*maxUnfinishedSenders/256 + 1) {
		for dir := range uint8(255) {
			u.begin(&wire.Segment{Key: pair(int(i)), Dir: dir})
		}
	}
	if len(u) > maxUnfinishedSenders {
		t.Errorf("%d senders", len(u))
	}
}

func pair(n int) wire.Key {
	k, _ := wire.MakeKey(wire.Addr{Lo: 1}, wire.Addr{Lo: 2}, uint16(n), 80, false)
	return k
}
