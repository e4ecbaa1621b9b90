package baseline

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/octets"
)

const begin = analyzer.Time(1_700_000_000e9)

// opening is a conversation of a client in a network with a server, that second after the beginning, with a round trip of so many ms.
func opening(network, client, server, second int, ms float64) Sample {
	from := netip.AddrFrom4([4]byte{10, 0, byte(network), byte(client)})
	to := netip.AddrFrom4([4]byte{10, 9, byte(server >> 8), byte(server)})
	s := Sample{Turns: 1, Example: Example{Order: uint64(second), Stream: uint64(second), Addr: [2]netip.AddrPort{netip.AddrPortFrom(from, 4000), netip.AddrPortFrom(to, 443)}}}
	s.Start = begin.Add(time.Duration(second) * time.Second)
	s.Halves = Halves{time.Duration((ms - 1) * 1e6), 1e6}
	s.Client, s.Server = [2]uint64{0, 0xffff_0a00_0000 | uint64(network)<<8}, [2]uint64{0, 0xffff_0a09_0000 | uint64(server)}
	return s
}

// stepped is n conversations before and m behind, one every ten seconds, with such round trips.
func stepped(n, m int, before, behind float64) (list []Sample) {
	for i := range n + m {
		ms := before
		if i >= n {
			ms = behind
		}
		list = append(list, opening(1, 1+i%4, 1, 10*i, ms))
	}
	return list
}

func paths(list []Sample) *Paths {
	p := &Paths{}
	for i := range list {
		p.Add(&list[i])
	}
	return p
}

// with is a list of which every nth from one on is changed.
func with(list []Sample, from, to, every int, change func(s *Sample)) []Sample {
	for i := from; i < to; i += every {
		change(&list[i])
	}
	return list
}

func lasting(ms float64) func(s *Sample) {
	return func(s *Sample) { s.Halves = Halves{time.Duration((ms - 1) * 1e6), 1e6} }
}

func from(client int) func(s *Sample) {
	return func(s *Sample) {
		s.Addr[0] = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 1, byte(client)}), 4000)
	}
}

// TestStep is on both sides of every bound.
func TestStep(t *testing.T) {
	for _, c := range []struct {
		name string
		list []Sample
		want uint64
	}{
		{"four times as long", stepped(40, 40, 20, 80), 40},
		{"shorter", stepped(40, 40, 80, 20), 0},
		{"twice as long", stepped(40, 40, 20, 40.1), 40},
		{"not twice as long", stepped(40, 40, 20, 39.9), 0},
		{"twenty milliseconds more, in the next bin", stepped(40, 40, 9, 30), 40},
		{"three times as long, but less than that", stepped(40, 40, 9, 27), 0},
		{"eight before and eight behind", stepped(8, 8, 20, 80), 8},
		{"seven before", stepped(7, 30, 20, 80), 0},
		{"seven behind", stepped(30, 7, 20, 80), 0},
		{"one in twenty before, at most", with(stepped(40, 40, 20, 80), 0, 40, 40, lasting(80)), 40},
		{"more than that", with(stepped(40, 40, 20, 80), 0, 40, 13, lasting(80)), 0},
		{"nine tenths behind", with(stepped(40, 40, 20, 80), 45, 80, 10, lasting(20)), 34}, // two of them may be before it
		{"less than that", with(stepped(40, 40, 20, 80), 45, 80, 7, lasting(20)), 0},
		{"within three bins", with(stepped(40, 40, 20, 80), 40, 80, 2, lasting(160)), 40},
		{"all over", with(with(stepped(40, 40, 20, 80), 40, 80, 3, lasting(250)), 41, 80, 3, lasting(450)), 0},
		{"by turns", with(stepped(80, 0, 20, 20), 0, 80, 2, lasting(80)), 0},
		{"the clients were there before", with(stepped(40, 40, 20, 80), 40, 80, 2, from(77)), 40},
		{"half of the clients were not", with(stepped(40, 40, 20, 80), 40, 80, 1, from(77)), 0},
	} {
		got := paths(c.list).Changes()
		switch {
		case c.want == 0 && len(got) > 0:
			t.Errorf("%s: %+v", c.name, got)
		case c.want > 0 && (len(got) != 1 || got[0].N != c.want):
			t.Errorf("%s: %+v", c.name, got)
		}
		for i := range got {
			check(t, c.name, &got[i], c.list)
		}
	}
}

// check adds a change up from the conversations that it has.
func check(t *testing.T, name string, c *Change, list []Sample) {
	t.Helper()
	var n uint64
	var waited time.Duration
	shown := false
	for i := range list {
		if s := &list[i]; c.Has(&s.Trip) {
			n++
			waited += time.Duration(1+s.Turns) * (s.Halves[0] + s.Halves[1] - c.Base)
			shown = shown || s.Example == c.Example
		}
	}
	if n != c.N || waited != c.Waited || !shown {
		t.Errorf("%s: %d and %v by %s, %d and %v by the change; its example is among them: %v", name, n, waited, c.Where(), c.N, c.Waited, shown)
	}
}

// TestBurst: what all began within two stretches of time is no step, however many they are.
func TestBurst(t *testing.T) {
	for spells, want := range map[int]int{1: 0, 2: 0, 3: 1} {
		list := stepped(40, 0, 20, 80)
		for i := range 30 {
			list = append(list, opening(1, 1+i%4, 1, 448+16*(i%spells), 80)) // the stretches are 17 s
		}
		if got := paths(list).Changes(); len(got) != want {
			t.Errorf("in %d stretches: %+v", spells, got)
		}
	}
}

// TestManyPaths: what chance would do on one of many paths is not told; there is twice as much of what is.
func TestManyPaths(t *testing.T) {
	for _, c := range []struct{ others, n, want int }{{0, 8, 1}, {11, 8, 1}, {12, 8, 0}, {12, 9, 1}} {
		list := stepped(c.n, c.n, 20, 80)
		for other := range c.others {
			for i := range 16 {
				list = append(list, opening(2+other, 1, 2+other, 10*i, 20))
			}
		}
		if got := paths(list).Changes(); len(got) != c.want {
			t.Errorf("%d of %d and %d others: %+v", c.n, 2*c.n, c.others, got)
		}
	}
}

// TestQueues: what takes longer is due to a queue if half of it or more began while a transfer filled one at its places.
func TestQueues(t *testing.T) {
	step := begin.Add(400 * time.Second)
	for _, c := range []struct {
		name  string
		at    Sample
		until time.Duration // since the step, which takes 400 s
		want  int
	}{
		{"of the clients", opening(1, 9, 7, 0, 20), 400 * time.Second, 0},
		{"of the server", opening(7, 9, 1, 0, 20), 400 * time.Second, 0},
		{"elsewhere", opening(7, 9, 7, 0, 20), 400 * time.Second, 1},
		{"that was empty then", opening(1, 9, 7, 0, 20), -time.Second, 1},
		{"that was filled for less than half of it", opening(1, 9, 7, 0, 20), 150 * time.Second, 1},
		{"that was filled for more", opening(1, 9, 7, 0, 20), 250 * time.Second, 0},
	} {
		p := paths(stepped(40, 40, 20, 80))
		p.Fill(c.at.Pair, begin, step.Add(c.until))
		if got := p.Changes(); len(got) != c.want {
			t.Errorf("a queue %s: %+v", c.name, got)
		}
	}
}

// TestPlaces: what has changed is named by what it has in common.
func TestPlaces(t *testing.T) {
	for _, c := range []struct {
		name              string
		moved             func(network, server int) bool
		byServer, nowhere bool
		clients, servers  int
		n, changes        int
	}{
		{"a network", func(network, _ int) bool { return network == 1 }, false, false, 1, 0, 120, 1},
		{"a server", func(_, server int) bool { return server == 2 }, true, false, 0, 1, 120, 1},
		{"a pair", func(network, server int) bool { return network == 1 && server == 2 }, false, false, 1, 0, 40, 1},
		{"all", func(int, int) bool { return true }, false, true, 0, 0, 360, 1},
		{"none", func(int, int) bool { return false }, false, false, 0, 0, 0, 0},
	} {
		var list []Sample
		for i := range 720 {
			network, server, ms := 1+i%3, 1+i/3%3, 20.0
			if i >= 360 && c.moved(network, server) {
				ms = 80
			}
			list = append(list, opening(network, 1+i/9%3, server, i, ms))
		}
		got := paths(list).Changes()
		if len(got) != c.changes {
			t.Errorf("%s: %+v", c.name, got)
			continue
		}
		for i := range got {
			g := &got[i]
			check(t, c.name, g, list)
			if g.ByServer != c.byServer || g.Anywhere != c.nowhere || len(g.Clients) != c.clients || len(g.Servers) != c.servers || g.N != uint64(c.n) || g.Base != 20e6 || g.Now != 80e6 {
				t.Errorf("%s: %+v", c.name, g)
			}
		}
	}
}

// TestOthers: what is as far away, and always was, or is met only later, is left out: by its name, or where it is too much, by those of what changed.
func TestOthers(t *testing.T) {
	for _, c := range []struct{ others, servers, not int }{{0, 0, 0}, {mostOthers, 0, mostOthers}, {mostOthers + 1, 1, 0}} {
		list := stepped(40, 40, 20, 80)
		for other := range c.others {
			list = append(list, opening(1, 1, 2+other, 790, 80))
		}
		got := paths(list).Changes()
		if len(got) != 1 || len(got[0].Servers) != c.servers || len(got[0].Not) != c.not {
			t.Errorf("%d others: %+v", c.others, got)
			continue
		}
		check(t, fmt.Sprint(c.others, " others"), &got[0], list)
	}
}

// TestLoad: round trips that grow with what is under way, in waves or to the end, are no other path.
func TestLoad(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		var list []Sample
		period := 200 + r.Float64()*4000
		for i := range 400 {
			load := (1 + math.Sin(float64(10*i)/period*2*math.Pi)) / 2
			list = append(list, opening(1, 1+r.IntN(9), 1+r.IntN(3), 10*i, 20+200*load*r.Float64()*r.Float64()))
		}
		if got := paths(list).Changes(); len(got) > 0 {
			t.Errorf("seed %d: %+v", seed, got)
		}
	}
}

// TestMerge: whatever the order and the parts, the changes are the same.
func TestMerge(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 2))
		var list []Sample
		for i := range 600 {
			list = append(list, opening(1+r.IntN(3), 1+r.IntN(5), 1+r.IntN(3), i*(1+int(seed)), 20+float64(60*(i/300))+r.Float64()))
		}
		whole := paths(list)
		whole.Fill(opening(9, 1, 9, 0, 1).Pair, begin, begin+5)
		parts := []*Paths{{}, {}, {}}
		parts[1].Fill(opening(9, 1, 9, 0, 1).Pair, begin, begin+5)
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		for i := range list {
			parts[r.IntN(3)].Add(&list[i])
		}
		var sum Paths
		for _, p := range parts {
			in := octets.Reader{Left: p.Append(nil)}
			if sum.Merge(&in); !in.Done() {
				t.Fatalf("seed %d: what was written cannot be read", seed)
			}
		}
		if !reflect.DeepEqual(sum.Append(nil), whole.Append(nil)) || !reflect.DeepEqual(sum.Changes(), whole.Changes()) || len(whole.Changes()) != 1 {
			t.Errorf("seed %d: %+v, want %+v", seed, sum.Changes(), whole.Changes())
		}
	}
}

// TestRoom: whatever the number of pairs, so many are kept, those with most conversations among them.
func TestRoom(t *testing.T) {
	var p Paths
	step := stepped(60, 60, 20, 80)
	const every = mostPairs / 8
	for i := range len(step) * every {
		if i%every == 0 {
			p.Add(&step[i/every])
		}
		s := opening(2+i>>14, 1, 2+i&(1<<14-1), i/100, 20)
		p.Add(&s)
		if len(p.of) > mostPairs {
			t.Fatalf("%d pairs", len(p.of))
		}
	}
	if got := p.Changes(); len(got) != 1 || got[0].N != 60 || len(got[0].Servers) != 1 || len(got[0].Clients) != 1 {
		t.Errorf("%+v", got)
	}
}

// TestDamaged: what is damaged is told, and does no harm.
func TestDamaged(t *testing.T) {
	whole := paths(stepped(20, 20, 20, 80)).Append(nil)
	for cut := range whole {
		var p Paths
		if r := (octets.Reader{Left: whole[:cut]}); true {
			if p.Merge(&r); r.Done() {
				t.Errorf("%d of %d octets are taken", cut, len(whole))
			}
		}
		bad := append([]byte{}, whole...)
		bad[cut] ^= 0x55
		r := octets.Reader{Left: bad}
		p.Merge(&r)
		p.Changes()
	}
}
