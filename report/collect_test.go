package report

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/report/internal/sample"
)

// fewValues makes n conversations whose keys often tie.
func fewValues(rng *rand.Rand, n int) []analyzer.Conversation {
	cs := make([]analyzer.Conversation, n)
	for i := range cs {
		cs[i] = *randomConversation(rng)
		cs[i].Stream = uint64(i)
		cs[i].Start = analyzer.Time(rng.IntN(10))
		cs[i].End = cs[i].Start + analyzer.Time(rng.IntN(4))
		cs[i].Sent[0].Packets, cs[i].Sent[1].Packets = rng.Uint64N(5), 1
		if i%3 == 0 {
			cs[i].Addr = cs[0].Addr
		}
	}
	return cs
}

// The collector agrees with sorting everything, stable by stream, and cutting.
func TestCollectorAgainstSort(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	byStream := fewValues(rng, 1100) // more than a chunk
	for _, name := range KeyNames() {
		for _, sign := range []string{"", "-"} {
			key, err := ParseKey(sign + name)
			if err != nil {
				t.Fatal(err)
			}
			want := inOrder(byStream, key)
			for _, limit := range []int{0, 1, 7, 50, 3000} {
				k := NewCollector(key, limit)
				var c analyzer.Conversation
				for _, i := range rng.Perm(len(byStream)) {
					c = byStream[i] // the collector must copy it
					if err := k.Conversation(&c); err != nil {
						t.Fatal(err)
					}
				}
				checkOrder(t, key, limit, k, want)
			}
		}
	}
}

// inOrder sorts copies of conversations, which are in order of stream.
func inOrder(byStream []analyzer.Conversation, key Key) []analyzer.Conversation {
	cs := slices.Clone(byStream)
	slices.SortStableFunc(cs, func(a, b analyzer.Conversation) int {
		d := compareBy[key.name](&a, &b)
		if key.reverse {
			return -d
		}
		return d
	})
	return cs
}

// checkOrder compares what k kept with the first of cs: each place by its stream, and as a whole those that were
// written over others, and a sample of the rest.
func checkOrder(t *testing.T, key Key, limit int, k *Collector, cs []analyzer.Conversation) {
	t.Helper()
	hidden := 0
	if limit > 0 && limit < len(cs) {
		hidden = len(cs) - limit
		cs = cs[:limit]
	}
	got := k.Sorted()
	if len(got) != len(cs) || k.Hidden() != uint64(hidden) {
		t.Fatalf("%v, limit %d: %d kept, %d hidden", key, limit, len(got), k.Hidden())
	}
	for i := range cs {
		if got[i].Stream != cs[i].Stream || (hidden > 0 || i%50 == 0) && !reflect.DeepEqual(*got[i], cs[i]) {
			t.Fatalf("%v, limit %d: place %d has stream %d, want %d", key, limit, i, got[i].Stream, cs[i].Stream)
		}
	}
}

func TestParseKey(t *testing.T) {
	if key, err := ParseKey("-bytes"); err != nil || key != (Key{name: "bytes", reverse: true}) {
		t.Errorf("-bytes: %v, %v", key, err)
	}
	for _, bad := range []string{"", "-", "durations", "--duration"} {
		if _, err := ParseKey(bad); err == nil || !strings.Contains(err.Error(), "duration") {
			t.Errorf("%q: error %v does not suggest a key", bad, err)
		}
	}
}

func TestSorted(t *testing.T) {
	var out bytes.Buffer
	key, _ := ParseKey("-packets")
	r := Sorted(NewCSV(&out), key, 2)
	write(t, r, sample.Conversations(), sample.Summary())
	var streams []string
	for line := range strings.Lines(out.String()) {
		streams = append(streams, line[:strings.IndexByte(line, ',')])
	}
	if !slices.Equal(streams, []string{"stream", "2", "0"}) || r.Hidden() != 2 {
		t.Errorf("streams %v, hidden %d", streams, r.Hidden())
	}
}

// TestSortedUntil: what is last in order is left out when it is late, and counted.
func TestSortedUntil(t *testing.T) {
	for _, passes := range []int{0, 3, 4, 5} {
		key, _ := ParseKey("bytes")
		var out bytes.Buffer
		r := Sorted(NewCSV(&out), key, 0)
		asked := 0
		r.Until(func() bool { asked++; return asked > passes })
		cs := fewValues(rand.New(rand.NewPCG(1, 2)), 4)
		for i := range cs {
			if err := r.Conversation(&cs[i]); err != nil {
				t.Fatal(err)
			}
		}
		sum := analyzer.Summary{LeftOut: 10}
		if err := r.Finish(&sum); err != nil {
			t.Fatal(err)
		}
		want := min(passes, 4)
		if rows := strings.Count(out.String(), "\n") - 1; rows != want || sum.LeftOut != uint64(10+4-want) {
			t.Errorf("late after %d: %d rows, %d left out", passes, rows, sum.LeftOut)
		}
	}
}

func TestCollectorDoesNotAllocateForWhatItLeavesOut(t *testing.T) {
	k := NewCollector(Key{}, 1)
	early, late := sample.Conversations()[0], sample.Conversations()[2]
	_ = k.Conversation(&early)
	if n := testing.AllocsPerRun(100, func() { _ = k.Conversation(&late) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
