package intake

import (
	"testing"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// TestTakes: a part that was read apart is taken as it is, unless it has fragments, or a fragment before it matters to it.
func TestTakes(t *testing.T) {
	segment := frame(t, 0x4000)
	for _, c := range []struct {
		name   string
		before []byte
		part   []byte
		want   bool
	}{
		{"segments", segment, segment, true},
		{"the first fragment of one in the part", segment, frame(t, 0x2000), false},
		{"a later fragment in the part", segment, frame(t, 1), false},
		{"the first fragment of one before it", frame(t, 0x2000), segment, false},
		{"a later fragment before it, which nothing is known of", frame(t, 1), segment, true},
	} {
		var whole, apart, part Intake
		var s, p wire.Segment
		var at Summary
		for _, in := range []*Intake{&whole, &apart} {
			in.Frame(wire.LinkEthernet, c.before, 100, 5, &s)
		}
		Pass(&at, 100, 5, 0)
		part.Part(&at)
		whole.Frame(wire.LinkEthernet, c.part, 100, 7, &s)
		tcp := part.Frame(wire.LinkEthernet, c.part, 100, 7, &p)
		if got := apart.Takes(&part.Summary, part.Leans()); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		} else if got && (apart.Summary != whole.Summary || tcp && s != p) {
			t.Errorf("%s: apart\n%+v\n%+v\nwant\n%+v\n%+v", c.name, apart.Summary, p, whole.Summary, s)
		}
	}
}

// TestPass: how far a capture was read counts as the Intake does, whatever the times.
func TestPass(t *testing.T) {
	type position struct {
		packets, bytes, otherFrames uint64
		start, end                  conn.Time
	}
	of := func(sum *Summary) position {
		return position{sum.Packets, sum.Bytes, sum.OtherFrames, sum.Start, sum.End}
	}
	var in Intake
	var at Summary
	var s wire.Segment
	for i, time := range []int64{5, -1, 1 << 62, 3} {
		in.Summary.OtherFrames += uint64(i)
		in.Frame(wire.LinkEthernet, frame(t, 0x4000), uint32(100+i), time, &s)
		Pass(&at, uint32(100+i), time, uint32(i))
		if got, want := of(&at), of(&in.Summary); got != want {
			t.Errorf("frame %d: %+v, want %+v", i, got, want)
		}
	}
}

// frame is a segment with data, in an IPv4 packet with that of flags and offset.
func frame(t *testing.T, fragment uint16) []byte {
	t.Helper()
	f := make([]byte, 60)
	f[12], f[13] = 8, 0
	ip, tcp := f[14:], f[34:]
	ip[0], ip[3], ip[6], ip[7], ip[8], ip[9] = 0x45, 44, byte(fragment>>8), byte(fragment), 64, 6
	ip[15], ip[19] = 1, 2
	tcp[1], tcp[3], tcp[12], tcp[13] = 1, 2, 0x50, 0x10
	return f
}
