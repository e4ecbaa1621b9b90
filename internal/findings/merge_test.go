package findings

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/capturefile"
	"tcptrace/internal/octets"
)

type told func(c *analyzer.Conversation) error

func (f told) Conversation(c *analyzer.Conversation) error { return f(c) }

// noted is a conversation.
type noted struct {
	stream uint64
	note   []byte
}

// judged is the conversations of all golden captures, each some times, of several hosts; what was refused is to one of them.
type judged struct {
	sum   analyzer.Summary
	notes []noted
	want  *Report
}

func judgeAll(t testing.TB) (all judged) {
	t.Helper()
	paths, err := filepath.Glob("../../testdata/pcaps/*.pcap")
	if err != nil || len(paths) == 0 {
		t.Fatal(err, paths)
	}
	file := capturefile.Open(paths...)
	defer file.Close()
	k, r := New(), rand.New(rand.NewPCG(4, 4))
	var j analyzer.Judgment
	all.sum, err = analyzer.Run(t.Context(), file, analyzer.Options{}, told(func(c *analyzer.Conversation) error {
		j.Judge(c)
		start, times := c.Start, 6
		for i := range times {
			c.Stream = uint64(len(all.notes))
			c.Start = start.Add(time.Duration(c.Stream) * time.Second)
			client, server := netip.AddrFrom4([4]byte{10, 9, 0, byte(r.IntN(50))}), netip.AddrFrom4([4]byte{10, 8, 0, byte(r.IntN(30))})
			if c.Outcome == analyzer.Refused {
				server = netip.AddrFrom4([4]byte{10, 8, 1, 1})
			}
			if i > 0 {
				c.Addr = [2]netip.AddrPort{netip.AddrPortFrom(client, c.Addr[0].Port()), netip.AddrPortFrom(server, c.Addr[1].Port())}
			}
			k.Conversation(c, &j)
			all.notes = append(all.notes, noted{c.Stream, AppendNote(nil, c, &j)})
		}
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	all.want = k.Report(&all.sum, Options{})
	return all
}

func document(t testing.TB, r *Report) string {
	t.Helper()
	b, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// However conversations are divided among collectors, and these put together, the findings are those of one that took them all: with what the affected
// have in common, since when they are, and what shows it.
func TestMerge(t *testing.T) {
	all := judgeAll(t)
	want := document(t, all.want)
	factors := 0
	for _, f := range all.want.Findings {
		if f.Factor != nil && f.Evidence != nil {
			factors++
		}
	}
	if len(all.want.Findings) < 5 || factors == 0 {
		t.Fatalf("%d findings, %d with a factor and evidence, are few", len(all.want.Findings), factors)
	}
	for round := range uint64(20) {
		r := rand.New(rand.NewPCG(round, 1))
		pieces := make([]*Collector, 1+r.IntN(9))
		for i := range pieces {
			pieces[i] = New()
		}
		for _, i := range r.Perm(len(all.notes)) {
			if err := pieces[r.IntN(len(pieces))].Noted(all.notes[i].note, all.notes[i].stream, all.notes[i].stream); err != nil {
				t.Fatal(err)
			}
		}
		for len(pieces) > 1 { // any two, in any order
			i := r.IntN(len(pieces) - 1)
			if err := pieces[i].Merge(pieces[i+1].Append(nil)); err != nil {
				t.Fatal(err)
			}
			pieces[i+1] = pieces[len(pieces)-1]
			pieces = pieces[:len(pieces)-1]
		}
		if got := document(t, pieces[0].Report(&all.sum, Options{})); got != want {
			t.Fatalf("round %d: %s\nwant %s", round, got, want)
		}
	}
}

// What is damaged is told, or taken for something else; it never breaks anything.
func TestMergeDamaged(t *testing.T) {
	all := judgeAll(t)
	k := New()
	for _, x := range all.notes[:40] {
		note := x.note
		if err := k.Noted(note, x.stream, x.stream); err != nil {
			t.Fatal(err)
		}
		for n := range note {
			if New().Noted(note[:n], 0, 0) == nil {
				t.Errorf("the first %d octets of %d are taken for a note", n, len(note))
			}
		}
	}
	whole := k.Append(nil)
	r := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		n := r.IntN(len(whole))
		if New().Merge(whole[:n]) == nil {
			t.Fatalf("the first %d octets of %d are taken for all", n, len(whole))
		}
		other := append([]byte(nil), whole...)
		other[n] ^= 1 << r.IntN(8)
		x := New()
		if x.Merge(other) == nil {
			_ = x.Merge(other)
		}
	}
}

// Numbers of entries that nobody counts to are refused, and those just below are taken as often as you like, without an overflow.
func TestMergeHostileCounts(t *testing.T) {
	for _, test := range []struct {
		floor, n, missed uint64
		taken            bool
	}{
		{0, mostCount, 0, true},
		{0, mostCount - 1, mostCount, true},
		{mostCount, 1, 1, true},
		{0, mostCount + 1, 0, false},
		{0, math.MaxUint64, 0, false},
		{0, 1, mostCount + 1, false},
		{mostCount + 1, 1, 1, false},
	} {
		k := New()
		for range 2 {
			k.count(&analyzer.Conversation{Start: 1e18}, 0)
		}
		k.all[0].floor, k.all[0].entries[0].n, k.all[0].entries[0].missed = test.floor, test.n, test.missed
		b := k.Append(nil)
		x := New()
		for range 6 {
			if err := x.Merge(b); (err == nil) != test.taken {
				t.Fatalf("%+v: %v", test, err)
			}
		}
		if e := &x.all[0].entries; test.taken && ((*e)[0].n > mostCount || (*e)[0].missed > mostCount || x.all[0].floor > mostCount) {
			t.Errorf("%+v: %d, %d, %d", test, (*e)[0].n, (*e)[0].missed, x.all[0].floor)
		}
	}
}

// A stall has parts that stall, which make one of an outage, and its times are in order; what else it may be is damage.
func TestMergeHostileStalls(t *testing.T) {
	var stalls, other int
	for i := range kinds {
		if stalling.Has(i) {
			stalls = i
		} else if i != outing {
			other = i
		}
	}
	part, all := stallPart{kind: stalls}, stallPart{kind: outing}
	shown := shows{[]analyzer.Time{1e18, 1e18, 1e18 + 1}, 1}
	for name, test := range map[string]struct {
		stall
		taken bool
	}{
		"one":               {stall{shows: shown, parts: []stallPart{part}, all: all}, true},
		"two":               {stall{shows: shows{shown.times[:1], 1<<len(stallTellers) - 1}, parts: []stallPart{part, part}, all: all}, true},
		"no time":           {stall{parts: []stallPart{part}, all: all}, false},
		"times not sorted":  {stall{shows: shows{[]analyzer.Time{2, 1}, 1}, parts: []stallPart{part}, all: all}, false},
		"by nothing":        {stall{shows: shows{shown.times, 0}, parts: []stallPart{part}, all: all}, false},
		"by one too many":   {stall{shows: shows{shown.times, 1 << len(stallTellers)}, parts: []stallPart{part}, all: all}, false},
		"no part":           {stall{shows: shown, all: all}, false},
		"an outage a part":  {stall{shows: shown, parts: []stallPart{part, all}, all: all}, false},
		"one is no stall":   {stall{shows: shown, parts: []stallPart{{kind: other}}, all: all}, false},
		"no kind":           {stall{shows: shown, parts: []stallPart{{kind: len(kinds)}}, all: all}, false},
		"the last of kinds": {stall{shows: shown, parts: []stallPart{{kind: 255}}, all: all}, false},
		"all is no outage":  {stall{shows: shown, parts: []stallPart{part}, all: part}, false},
	} {
		r := octets.Reader{Left: test.append(nil)}
		var s stall
		if s.read(&r); r.Done() != test.taken {
			t.Errorf("%s: taken is %v", name, !test.taken)
		}
	}
}

// Moments that are divided and put together are counted as those that were not.
func TestMergeMoments(t *testing.T) {
	for round := range uint64(300) {
		r := rand.New(rand.NewPCG(round, 2))
		var whole moments
		held, counts := make([]moments, 3), make([]uint64, 3)
		span := int64(1) << r.IntN(50)
		n := 1 + r.IntN(30)
		for i := range n {
			at, to := analyzer.Time(r.Int64N(span)-span/3), r.IntN(3)
			whole.add(uint64(i+1), at)
			counts[to]++
			held[to].add(counts[to], at)
		}
		for i := 1; i < 3; i++ {
			held[0].merge(counts[0], &held[i], counts[i])
			counts[0] += counts[i]
		}
		if many := whole.many; (many == nil) != (n <= 4) || (held[0].many == nil) != (n <= 4) || many != nil && *held[0].many != *many {
			t.Fatalf("round %d: of %d moments %+v\nwant %+v", round, n, held[0].many, many)
		}
	}
}

// Values that find no room: a value is met at least so often as is said, and at most so much oftener as may have been missed; what was met often is there.
func TestMergeSketches(t *testing.T) {
	const limit = 32
	for round := range uint64(100) {
		r := rand.New(rand.NewPCG(round, 3))
		count := map[uint64]uint64{}
		pieces := []sketch[struct{}]{newSketch[struct{}](limit), newSketch[struct{}](limit), newSketch[struct{}](limit)}
		values := 1 + r.IntN(200)
		for range 5000 {
			v := uint64(r.ExpFloat64() * float64(values) / 8)
			count[v]++
			pieces[r.IntN(3)].at(&key{rest: v})
		}
		s := &pieces[0]
		for i := 1; i < 3; i++ {
			s.merge(&pieces[i], func(*entry[struct{}], *entry[struct{}]) {})
		}
		if len(s.entries) > limit {
			t.Fatalf("%d entries", len(s.entries))
		}
		for v, n := range count {
			e := s.get(&key{rest: v})
			switch {
			case e == nil && n > s.floor:
				t.Fatalf("round %d: what was met %d times is not there; the floor is %d", round, n, s.floor)
			case e != nil && (e.n > n || e.most() < n):
				t.Fatalf("round %d: what was met %d times was met %d to %d times", round, n, e.n, e.most())
			case e != nil && len(count) <= limit && (e.n != n || e.missed > 0):
				t.Fatalf("round %d: there was room, and what was met %d times was met %d to %d times", round, n, e.n, e.most())
			}
		}
	}
}
