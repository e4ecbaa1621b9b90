package apart_test

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tcptrace/analyzer/apart"
	"tcptrace/analyzer/internal/pipeline"
	"tcptrace/internal/testutil/thorough"
	"tcptrace/internal/wire"
)

// moved is c with other addresses: those of IPv4 have d more and d less, so that no checksum changes. Frames of which that cannot be said are left out.
func (c *capture) moved(d uint16) *capture {
	out := &capture{name: c.name, iface: c.iface}
	for i, p := range c.Packets {
		b := slices.Clone(c.Data(i))
		if len(b) < 54 || b[12] != 8 || b[13] != 0 || b[14] != 0x45 || b[23] != 6 {
			continue
		}
		low, high := b[26:28], b[30:32]
		if slices.Compare(b[26:30], b[30:34]) > 0 {
			low, high = high, low
		}
		x, y := binary.BigEndian.Uint16(low), binary.BigEndian.Uint16(high)
		if x > 0xffff-d || y < d {
			continue
		}
		binary.BigEndian.PutUint16(low, x+d)
		binary.BigEndian.PutUint16(high, y-d)
		out.Add(p, b)
	}
	return out
}

// Conversations of many sockets, few of which are used again, over an hour: most are over by time alone before there is more of them, or
// anything of others on their sockets; some are not.
func TestOverByTimeApart(t *testing.T) {
	var all []*capture
	for _, path := range captures(t) {
		if c := load(t, "", path); c.inOrder() && !c.inFragments(t) && len(c.Packets) > 0 && len(c.Packets) < 300 {
			all = append(all, c)
		}
	}
	rounds, local, crossing := uint64(4), 0, 0
	if thorough.Asked() {
		rounds = 100
	}
	for round := range rounds {
		r := rand.New(rand.NewPCG(round, 3))
		type at struct {
			time int64
			of   *capture
			i    int
		}
		var packets []at
		for range 150 {
			c := all[r.IntN(len(all))].moved(uint16(r.IntN(400)))
			begin := r.Int64N(3600e9)
			for i := range c.Packets {
				packets = append(packets, at{begin + c.Packets[i].Time - c.Packets[0].Time, c, i})
			}
		}
		slices.SortStableFunc(packets, func(a, b at) int { return cmp.Compare(a.time, b.time) })
		c := &capture{name: "an hour", iface: all[0].iface}
		for _, x := range packets {
			p := x.of.Packets[x.i]
			p.Time, p.Iface = 1.7e18+x.time, 0
			c.Add(p, x.of.Data(x.i))
		}
		n := c.compare(t, c.randomCut(r, [...]int{4, 60}[round%2]), noNames)
		if t.Failed() {
			return
		}
		local, crossing = local+n.local, crossing+n.crossing
	}
	t.Logf("%d conversations are complete in their file, %d cross", local, crossing)
	if local < crossing/2 || crossing == 0 {
		t.Error("the test does not show what it is for")
	}
}

// A conversation without a SYN is not told of if it may have begun in another file: there is nearly always more of it there.
func TestOpened(t *testing.T) {
	c := load(t, "one conversation", "../../testdata/pcaps/packet-loss.pcap")
	end := len(c.Packets) / 2
	for _, x := range []struct {
		from         int
		before, told bool
	}{{0, false, true}, {0, true, true}, {3, false, true}, {3, true, false}} {
		others, records := apart.Others{Before: x.before, End: c.Packets[end-1].Time}, 0
		outline, err := apart.Analyze(t.Context(), &piece{c, x.from, end}, noNames, others, func(apart.ID, *apart.Conversation) error {
			records++
			return nil
		})
		if err != nil || len(outline.Open) != 1 {
			t.Fatal(outline.Open, err)
		}
		if told := outline.Open[0].Told; told != x.told || records != map[bool]int{true: 1}[told] {
			t.Errorf("from packet %d on, others before: %v: told: %v, %d records", x.from, x.before, told, records)
		}
	}
}

// Of a conversation that begins midway no record is made if there are files before this one, though it is over by its end; of a lone RST there is.
func TestMidway(t *testing.T) {
	closed, refused := load(t, "closed", "../../testdata/pcaps/close-client.pcap"), load(t, "refused", "../../testdata/pcaps/refused.pcap")
	for _, x := range []struct {
		c        *capture
		from, to int
		before   bool
		records  int
	}{{closed, 0, len(closed.Packets), true, 1}, {closed, 3, len(closed.Packets), false, 1}, {closed, 3, len(closed.Packets), true, 0}, {refused, 1, 2, true, 1}} {
		file, records := &capture{iface: x.c.iface}, 0
		for i := x.from; i < x.to; i++ {
			file.Add(x.c.Packets[i], x.c.Data(i))
		}
		other := closed.moved(1)
		late := other.Packets[0]
		late.Time = file.Packets[len(file.Packets)-1].Time + 1000e9
		file.Add(late, other.Data(0))
		others := apart.Others{Before: x.before, End: apart.Never}
		outline, err := apart.Analyze(t.Context(), file.piece(nil, 0), noNames, others, func(apart.ID, *apart.Conversation) error {
			records++
			return nil
		})
		if err != nil || records != x.records || len(outline.Open) != 2-records || slices.ContainsFunc(outline.Open, func(o apart.Open) bool { return o.Told }) {
			t.Errorf("%s, packets %d to %d, others before: %v: %d records, open: %+v, %v", x.c.name, x.from, x.to, x.before, records, outline.Open, err)
		}
	}
}

// What is open at the end of a file crosses if there is something of its sockets before it is over, or if what was told of it is not as it is when all
// files end.
func TestCrossing(t *testing.T) {
	const id = apart.ID(0x12345678)
	file := func(name string, start, end int64) apart.File {
		return apart.File{Name: name, Outline: apart.Outline{Packets: 1, Frames: 1, Start: start, End: end, Expected: apart.Never}}
	}
	with := func(f apart.File) apart.File {
		f.Sockets = apart.SocketsOf(id)
		return f
	}
	none, until := apart.Never, func(over int64) apart.Open { return apart.Open{ID: id, Over: over, Told: true} }
	for _, c := range []struct {
		what     string
		open     apart.Open
		expected int64 // when all were expected to end
		next     apart.File
		lastEnds int64 // when they do
		crosses  string
	}{
		{"nothing of it comes", until(100), none, file("b", 99, 99), 100, ""},
		{"all files end before it is over", until(100), none, file("b", 98, 98), 99, "a"},
		{"they do when that was expected", until(100), 99, file("b", 98, 98), 99, ""},
		{"they do, but before that was expected", until(100), 100, file("b", 98, 98), 99, "a"},
		{"they end when it is over, and were expected to before", until(100), 99, file("b", 98, 98), 100, "a"},
		{"they end later, and were expected to when it is over", until(100), 100, file("b", 98, 98), 200, ""},
		{"something of it comes before", until(100), none, with(file("b", 99, 99)), 200, "ab"},
		{"something of it comes before, and all end when it was expected", until(100), 200, with(file("b", 99, 99)), 200, "ab"},
		{"something of it comes when it is over", until(100), none, with(file("b", 100, 100)), 200, ""},
		{"it is not over by itself", until(apart.Never), none, file("b", 99, 99), 200, "a"},
		{"nor is it, but that was expected", until(apart.Never), 200, file("b", 99, 99), 200, ""},
		{"nor is it, and they end later than expected", until(apart.Never), 199, file("b", 99, 99), 200, "a"},
		{"it was not told of", apart.Open{ID: id, Over: apart.Never}, 200, file("b", 99, 99), 200, "a"},
	} {
		a, last := with(file("a", 0, 50)), file("c", c.lastEnds, c.lastEnds)
		a.Open, a.Expected = []apart.Open{c.open}, c.expected
		layout, err := apart.NewLayout([]apart.File{last, c.next, a})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, f := range layout.Files() {
			if len(layout.Crossing(layout.Place(f.Name))) > 0 {
				got += f.Name
			}
		}
		if got != c.crosses {
			t.Errorf("%s: it crosses in %q, not %q", c.what, got, c.crosses)
		}
	}
}

// What is handed on of a conversation that crosses: 300 bytes at most, if it is one of some tens of segments as there are many; of longer ones 12 for each
// segment. Of those that do not cross it is nothing.
func TestBytesHandedOn(t *testing.T) {
	var closed []*capture
	for _, path := range captures(t) {
		c := load(t, filepath.Base(path), path)
		if !c.inOrder() || c.inFragments(t) || len(c.Packets) < 8 || len(c.Packets) > 60 {
			continue
		}
		c = c.moved(1)
		outline, err := apart.Analyze(t.Context(), c.piece(nil, 0), noNames, alone, func(apart.ID, *apart.Conversation) error { return nil })
		if err == nil && len(outline.Open) == 1 && outline.Open[0].Over != apart.Never {
			closed = append(closed, c)
		}
	}
	if len(closed) < 5 {
		t.Fatalf("there are %d captures of connections that are closed", len(closed))
	}
	// many is 200 of these, as far from each other as that, and a cut in the middle.
	many := func(apartBy int64) sizes {
		type at struct {
			time int64
			of   *capture
			i    int
		}
		var packets []at
		for i := range 200 {
			c := closed[i%len(closed)].moved(uint16(i))
			for k := range c.Packets {
				packets = append(packets, at{int64(i)*apartBy + c.Packets[k].Time - c.Packets[0].Time, c, k})
			}
		}
		slices.SortStableFunc(packets, func(a, b at) int { return cmp.Compare(a.time, b.time) })
		c := &capture{name: "closed connections", iface: closed[0].iface}
		for _, x := range packets {
			p := x.of.Packets[x.i]
			p.Time, p.Iface = 1.7e18+x.time, 0
			c.Add(p, x.of.Data(x.i))
		}
		return c.compare(t, cut{len(c.Packets) / 2}, noNames)
	}
	at, later := many(1e3), many(600e9)
	t.Logf("at once %+v, ten minutes apart %+v", at, later)
	if at.crossing < 150 || at.bytes > 300*at.crossing || at.bytes > 12*at.segments {
		t.Errorf("at once: %+v", at)
	}
	if later.crossing > 2 || later.local < 198 || later.bytes > 300*later.crossing {
		t.Errorf("ten minutes apart: %+v", later)
	}
}

// partition is that of the sockets of c, which are of IPv4.
func (c *capture) partition() int {
	var s wire.Segment
	decoder := pipeline.NewDecoder(noNames)
	decoder.Packet(&c.Packets[0], c.Data(0), &s)
	return s.Key.Partition(16)
}

// What is remembered of a payload goes when one of other sockets comes into its place, in this file or another: bytes that are sent again with other content
// are told if one machine tells of them.
func TestDisplacedPayloadsApart(t *testing.T) {
	told := [3]int{} // by the number of conflicts
	c := load(t, "conflict", "../../testdata/pcaps/overlap-conflict.pcap")
	first := c.moved(1) // which address is the lower one changes at 1
	for d := uint16(2); d < 130; d++ {
		other := c.moved(d)
		if d%8 > 0 && other.partition() != first.partition() {
			continue
		}
		for _, k := range []int{4, 5, 6} { // before the first of the two payloads, between them, behind them
			both := &capture{name: fmt.Sprintf("others, by %d, before packet %d", d, k), iface: c.iface}
			add := func(c *capture, from, to int, later int64) {
				for i := from; i < to; i++ {
					p := c.Packets[i]
					p.Time += later
					both.Add(p, c.Data(i))
				}
			}
			add(first, 0, k, 0)
			add(other, 0, len(other.Packets), 1e9)
			add(first, k, len(first.Packets), 2e9)
			told[strings.Count(strings.Join(both.together(t, nil, noNames), ""), `"id":"overlap-conflict"`)]++
			both.compare(t, cut{k}, noNames)
			both.compare(t, cut{k, k + len(other.Packets)}, noNames)
			both.compare(t, cut{k + 1, k + len(other.Packets) - 1}, noNames)
			if t.Failed() {
				return
			}
		}
	}
	t.Logf("one machine told of one conflict %d times, and of both %d times", told[1], told[2])
	if told[1] == 0 || told[2] == 0 {
		t.Error("the test does not show what it is for")
	}
}
