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
	"tcptrace/analyzer/internal/segment"
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
	kept     keeper
	places   []Place
	readings []segment.Reading
	sum      Summary
}

// analyze gives a tracker segments and, behind those of which there are some, names.
func analyze(o Options, waits, watch bool, segments []wire.Segment, told map[uint64][]names.Name) (a analysis) {
	a.kept = keeper{}
	t := NewTracker(o, nil)
	t.undivided = !waits
	m := NewMerger(1, a.kept)
	if watch {
		t.Watch(func(r *segment.Reading) {
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
	return a
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
			if seed%5 == 0 && rng.IntN(10) == 0 {
				s.Net = 1 + rng.Uint32N(2)
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
			b, a := analyze(o, false, watch, segments, told), analyze(o, true, watch, segments, told)
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
	for _, kind := range []names.Kind{names.None, names.DNS, names.HTTP, names.SNI, names.Hosts} {
		if kinds[kind] == 0 {
			t.Errorf("nothing is named by %q", kind)
		}
	}
}

// TestUnansweredSYNIsSmall: what a flood takes for each SYN, with what all tables have of it, as large as they are after they have grown.
func TestUnansweredSYNIsSmall(t *testing.T) {
	const n = 1 << 16 // the worst number: all that grows by doubling has just done so
	f := newFeed(Options{})
	f.tracker.MaxFlows = 2 * n
	for i := range n + 1 {
		if err := f.segment(0, pair(i), 0, wire.SYN, 7, 0); err != nil {
			t.Fatal(err)
		}
	}
	tr, streams := f.tracker, &f.merger.streams[0]
	if tr.Slab.pool.Used() != 0 {
		t.Errorf("%d connections for SYNs that nothing answered", tr.Slab.pool.Used())
	}
	bytes := (n+1)*int(unsafe.Sizeof(embryo{})+4) + 8*len(tr.index.entries) + 16*len(tr.Dialing.ring) + 8*(cap(streams.Open)+cap(streams.embryos)) +
		16*cap(tr.lru.heap)
	if per := bytes / (n + 1); per > 400 {
		t.Errorf("%d bytes for each", per)
	}
	if err := f.segment(1, pair(3), 1, wire.SYN|wire.ACK, 9, 8); err != nil {
		t.Fatal(err)
	}
	if got := tr.Slab.pool.Used(); got != 1 || tr.Slab.Used != n+1 {
		t.Errorf("one is answered: %d connections, %d in all; want 1 and %d", got, tr.Slab.Used, n+1)
	}
}
