package flow

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"unsafe"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/intake"
	"tcptrace/analyzer/internal/reading"
	"tcptrace/internal/names"
	"tcptrace/internal/wire"
)

// keeper is a sink that keeps what it gets, by stream.
type keeper map[uint64]conn.Conversation

func (k keeper) Conversation(c *conn.Conversation) error {
	v := *c
	v.Facts, v.Incidents = slices.Clone(c.Facts), slices.Clone(c.Incidents)
	k[c.Stream] = v
	return nil
}

// analysis is what a tracker says of segments: conversations, and where and what each segment is.
type analysis struct {
	kept      keeper
	places    []Place
	readings  []reading.Reading
	revisions []Revision
	sum       intake.Summary
}

// analyze gives a tracker that is prepared segments and, behind those of which there are some, names. It says how many repeats of SYNs waited at most.
func analyze(o Options, prepare func(*Tracker), watch bool, segments []wire.Segment, told map[uint64][]names.Name) (a analysis, repeats uint32) {
	a.kept = keeper{}
	t := NewTracker(o, nil)
	prepare(t)
	m := NewMerger(1, a.kept)
	if watch {
		t.KeepRevisions()
		t.Watch(func(r *reading.Reading) {
			v := *r
			v.Segment = nil
			a.readings = append(a.readings, v)
		})
	}
	var outs [1]Output
	for _, s := range segments {
		s.Clock = s.Time
		p := t.Segment(&s, Hash(&s.Key), &outs[0])
		for _, name := range told[s.Frame] {
			t.Notice(&Notice{Kind: NoticeName, Key: s.Key, Dir: s.Dir, Net: s.Net, Frame: s.Frame, Time: conn.Time(s.Time), Name: name}, p, &outs[0])
		}
		a.places = append(a.places, t.Place(p))
		_ = m.Batch(outs[:])
	}
	_ = m.Finish([]*Tracker{t}, &a.sum)
	a.revisions = t.Revisions()
	return a, t.Slab.embryos.repeats.Used()
}

// TestEmbryosTellTheSame: that the SYN of a connection waits until more is seen of it makes no difference, but for which of two
// conversations goes that were silent equally long.
func TestEmbryosTellTheSame(t *testing.T) {
	flags := [...]wire.Flags{
		wire.SYN, wire.SYN, wire.SYN, wire.SYN, wire.SYN | wire.ACK, wire.ACK, wire.ACK, wire.FIN | wire.ACK, wire.RST | wire.ACK, wire.RST,
		wire.SYN | wire.FIN, wire.SYN | wire.RST, wire.SYN | wire.PSH,
	}
	odd := [...]wire.Bits{wire.BadSum, wire.GoodSum, wire.CutOptions, wire.BadOptions, wire.FirstFragment, wire.ACKsFragment,
		wire.HasTimestamps, wire.HasMSS | wire.HasSACKPerm, wire.Tunneled}
	kinds := map[names.Kind]int{} // of names that conversations have
	repeated := uint32(0)
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		var segments []wire.Segment
		told := map[uint64][]names.Name{}
		now, keys := int64(1e9), 1+rng.IntN(12)
		for i := range 120 {
			now += 1 + rng.Int64N(int64(conn.MinConnectTimeout)/40)
			s := wire.Segment{Key: pair(rng.IntN(keys)), Dir: uint8(rng.IntN(2)), Time: now, Frame: uint64(i + 1), Flags: flags[rng.IntN(len(flags))],
				Seq: 1000 + rng.Uint32N(3), Window: 100, IPID: uint16(i), TTL: 64, IPLen: 40, WireLen: 54}
			if s.Flags.Has(wire.ACK) {
				s.Ack = 1000 + rng.Uint32N(3)
			}
			if rng.IntN(4) == 0 {
				s.Bits, s.MSS, s.TSval = odd[rng.IntN(len(odd))], 1460, uint32(now)
			}
			if rng.IntN(8) == 0 {
				s.Len, s.IPLen, s.WireLen = 10, 50, 64
			}
			if seed%5 == 0 && rng.IntN(3) == 0 {
				s.Net, s.VLAN[0] = 1+rng.Uint32N(2), 1
			}
			if i > 0 && (rng.IntN(3) == 0 || seed%8 == 5 && i > keys) { // an earlier one is sent again, or captured again at once
				frame := s.Frame
				s = segments[max(0, i-1-rng.IntN(20))]
				s.Frame, s.Time = frame, now
				if rng.IntN(4) == 0 {
					s.Time = segments[i-1].Time + rng.Int64N(2000)
					now = s.Time
				} else {
					s.IPID, s.TSval = uint16(i), uint32(now)
				}
			}
			for seed%4 > 0 && rng.IntN(3) == 0 {
				kind := names.ALPN + names.Kind(rng.IntN(int(names.SNI)))
				told[s.Frame] = append(told[s.Frame], names.Name{Kind: kind, Text: fmt.Sprintf("%s-%d.example", kind, rng.IntN(20))})
			}
			segments = append(segments, s)
		}
		o := Options{Quick: seed%3 == 0, MaxFlows: 1 + int(seed%7)*2}
		if seed%6 == 1 {
			o.Hosts = func(a netip.Addr) string { return "host-" + a.String() }
		}
		for _, watch := range []bool{false, true} {
			b, _ := analyze(o, func(t *Tracker) { t.Waits = false }, watch, segments, told)
			a, n := analyze(o, func(*Tracker) {}, watch, segments, told)
			repeated = max(repeated, n)
			for n := range a.kept {
				c := a.kept[n]
				for side := range c.Names {
					kinds[c.Names[side].Kind]++
				}
			}
			if !reflect.DeepEqual(a, b) {
				for n := range a.kept {
					if !reflect.DeepEqual(a.kept[n], b.kept[n]) {
						t.Errorf("seed %d: conversation %d is\n%+v, had its SYN not waited\n%+v", seed, n, a.kept[n], b.kept[n])
					}
				}
				t.Fatalf("seed %d, %+v, watched %v: %d conversations, %+v,\nwant %d, %+v", seed, o, watch, len(a.kept), a.sum, len(b.kept), b.sum)
			}
		}
	}
	if repeated <= maxRepeats/repeatsTogether {
		t.Errorf("%d groups of repeats waited", repeated)
	}
	for _, kind := range []names.Kind{names.None, names.DNS, names.HTTP, names.SNI, names.Hosts} {
		if kinds[kind] == 0 {
			t.Errorf("nothing is named by %q", kind)
		}
	}
}

// TestUnansweredSYNIsSmall: what a flood takes for each SYN, sent once or as often as may be, in a VLAN or not, with what all tables have
// of it, as large as they are after they have grown.
func TestUnansweredSYNIsSmall(t *testing.T) {
	const n = 1<<16 + 1 // the worst number: all that grows by doubling has just done so
	for _, test := range []struct {
		repeats int
		net     uint32
	}{{0, 0}, {2, 0}, {2, 1}, {maxRepeats, 0}} {
		tr := NewTracker(Options{}, nil)
		tr.MaxFlows = 2 * n
		m := NewMerger(1, keeper{})
		var outs [1]Output
		frame := uint64(0)
		give := func(i int, dir uint8, flags wire.Flags, seq, ack uint32) {
			frame++
			at := int64(frame) * 1e4
			s := wire.Segment{Key: pair(i), Dir: dir, Time: at, Frame: frame, Flags: flags, Seq: seq, Ack: ack, IPID: uint16(frame), Net: test.net}
			tr.Segment(&s, Hash(&s.Key), &outs[0])
			if err := m.Batch(outs[:]); err != nil {
				t.Fatal(err)
			}
		}
		for range test.repeats + 1 {
			for i := range n {
				give(i, 0, wire.SYN, 7, 0)
			}
		}
		if tr.Slab.pool.Used() != 0 || tr.Slab.Used != n {
			t.Errorf("%+v: %d connections, %d in all, for %d SYNs that nothing answered", test, tr.Slab.pool.Used(), tr.Slab.Used, n)
		}
		streams := &m.streams[0]
		bytes := n*int(unsafe.Sizeof(embryo{})+4) + n*((test.repeats+repeatsTogether-1)/repeatsTogether)*int(unsafe.Sizeof(repeats{})+4) + 8*len(tr.index.entries) +
			16*queueChunk*len(tr.Dialing.chunks) + 8*(cap(streams.open)+cap(streams.embryos)) + 16*cap(tr.lru.heap) + 8*cap(tr.networks.of)
		if per := bytes / n; per > 400 {
			t.Errorf("%+v: %d bytes for each", test, per)
		}
		give(3, 1, wire.SYN|wire.ACK, 9, 8)
		if got := tr.Slab.pool.Used(); got != 1 || tr.Slab.Used != n {
			t.Errorf("%+v: one is answered: %d connections, %d in all; want 1 and %d", test, got, tr.Slab.Used, n)
		}
		if tr.Slab.At(0).Half[0].Packets != uint64(test.repeats)+1 {
			t.Errorf("%+v: %d SYNs of the one that was answered", test, tr.Slab.At(0).Half[0].Packets)
		}
	}
}

// TestRepeatsThatWait: which SYNs wait with the one before.
func TestRepeatsThatWait(t *testing.T) {
	first := wire.Segment{Key: pair(0), Time: 1e9, Frame: 1, Flags: wire.SYN, Seq: 7, IPID: 1, TTL: 64, Window: 100,
		Bits: wire.HasTimestamps | wire.HasMSS, MSS: 1460, TSval: 5, IPLen: 60, WireLen: 74}
	for name, test := range map[string]struct {
		times  int
		change func(s *wire.Segment)
		waits  bool
	}{
		"once":             {1, func(*wire.Segment) {}, true},
		"at the same time": {1, func(s *wire.Segment) { s.Time = 1e9 }, true},
		"clock backwards":  {1, func(s *wire.Segment) { s.Time = 1e9 - 1 }, false},
		"as often as may":  {maxRepeats, func(*wire.Segment) {}, true},
		"more often":       {maxRepeats + 1, func(*wire.Segment) {}, false},
		"other ISN":        {1, func(s *wire.Segment) { s.Seq++ }, false},
		"other window":     {1, func(s *wire.Segment) { s.Window++ }, false},
		"other options":    {1, func(s *wire.Segment) { s.Bits &^= wire.HasTimestamps }, false},
		"from the peer":    {1, func(s *wire.Segment) { s.Dir = 1 }, false},
		"with an ACK":      {1, func(s *wire.Segment) { s.Flags |= wire.ACK }, false},
		"in a VLAN":        {1, func(s *wire.Segment) { s.Net = 1 }, false},
		"with an echo":     {1, func(s *wire.Segment) { s.TSecr = 1 }, false},
		"far behind":       {1, func(s *wire.Segment) { s.Frame = 1 << 31 }, true},
		"too far behind":   {1, func(s *wire.Segment) { s.Frame = 1<<31 + 1 }, false},
	} {
		tr := NewTracker(Options{}, nil)
		var out Output
		s := first
		tr.Segment(&s, Hash(&s.Key), &out)
		for i := range test.times {
			s := first
			s.Frame += uint64(i + 1)
			s.Time += int64(i+1) * 1e9
			s.IPID++
			s.TSval += 1000
			test.change(&s)
			tr.Segment(&s, Hash(&s.Key), &out)
		}
		if waits := tr.Slab.pool.Used() == 0; waits != test.waits {
			t.Errorf("%s: waits is %v", name, waits)
		}
	}
}

// TestRepeatsAreWhole: what a repeat differs in is kept to the last bit, or it does not wait.
func TestRepeatsAreWhole(t *testing.T) {
	first := wire.Segment{Key: pair(0), Time: 1e18 + 1, Clock: 1e18 + 1, Frame: 1 << 40, Flags: wire.SYN, Dir: 1, V4DF: true}
	var e embryo
	e.abridge(&first)
	e.gen, e.serial, e.names, e.n = 3, 4, 5, 6
	e.how |= isRead
	if got := e.segment(); got != first {
		t.Errorf("the SYN is\n%+v, not\n%+v", got, first)
	}
	for _, test := range []struct {
		after  int64
		behind uint64
		again  bool
		waits  bool
	}{
		{0, 0, false, true}, {0x123456789abc, 0x76543210, true, true}, {longestAfter - 1, againBit - 1, false, true},
		{longestAfter, 1, false, false}, {1, againBit, false, false},
	} {
		s := first
		s.Time, s.Frame, s.TSval, s.IPID, s.Sum = s.Time+test.after, s.Frame+test.behind, 0x89abcdef, 0x8123, 0x9876
		s.Clock = s.Time
		r, ok := e.repeatOf(&s, test.again)
		if ok != test.waits {
			t.Errorf("%+v: waits is %v", test, ok)
		} else if got := first; ok && (r.apply(&got) != test.again || got != s) {
			t.Errorf("%+v: it is\n%+v, not\n%+v", test, got, s)
		}
	}
}

// TestEmbryoSizes: the parts that TestUnansweredSYNIsSmall counts fill what the allocator gives for them.
func TestEmbryoSizes(t *testing.T) {
	for _, part := range []struct {
		name        string
		size, bound uintptr
	}{
		{"embryo", unsafe.Sizeof(embryo{}), 128}, {"repeats", unsafe.Sizeof(repeats{}), repeatsTogether * 18}, {"Deadline", unsafe.Sizeof(Deadline{}), 16},
	} {
		if part.size > part.bound {
			t.Errorf("%s has %d bytes, and %d at most is what a SYN may take", part.name, part.size, part.bound)
		}
	}
}
