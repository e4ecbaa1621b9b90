package findings

import (
	"slices"
	"testing"

	"tcptrace/analyzer"
)

// number is a key like no other number's.
func number(i int) *key { return &key{rest: uint64(i)} }

// TestSketch: what is met often is counted, however many others there are; what was always there is counted exactly.
func TestSketch(t *testing.T) {
	often, late := &key{text: "often"}, &key{text: "late"}
	s := newSketch[int](16)
	for i := range 10000 {
		s.at(often).count++
		if i >= 5000 {
			s.at(late).count++
		}
		s.at(number(i))
	}
	if used := len(slices.DeleteFunc(slices.Clone(s.index), func(e spot) bool { return e.entry == 0 })); len(s.entries) > 16 || used != len(s.entries) {
		t.Errorf("%d entries, %d in the index", len(s.entries), used)
	}
	if e := s.get(often); e == nil || e.missed != 0 || e.n != 10000 || e.count != 10000 {
		t.Errorf("what was always there: %+v", e)
	}
	if e := s.get(late); e == nil || e.missed == 0 || e.n > 5000 || e.most() < 5000 {
		t.Errorf("what came late: %+v", e)
	}
	if s.get(number(0)) != nil {
		t.Error("what was met once is there")
	}
	for i := range s.entries {
		if e := s.get(&s.entries[i].key); e != &s.entries[i] {
			t.Errorf("%+v is not where the index says", s.entries[i].key)
		}
	}
	exact := newSketch[int](2)
	for _, v := range []int{1, 2, 2, 1} {
		exact.at(number(v))
	}
	if exact.floor != 0 {
		t.Error("a sketch that is full is not one that overflows")
	}
}

// TestSketchGrows: a value is found again, and counted where it is, while others come up to the bound.
func TestSketchGrows(t *testing.T) {
	const n = 1000
	s := newSketch[int](n)
	for round := range 2 {
		for i := range n {
			if s.at(number(i)).count++; s.get(number(i)).count != round+1 {
				t.Fatalf("round %d: value %d is counted %d times", round, i, s.get(number(i)).count)
			}
		}
	}
	if len(s.entries) != n || s.floor != 0 || len(s.index) < 2*n {
		t.Errorf("%d entries, %d places, some met %d times went", len(s.entries), len(s.index), s.floor)
	}
}

func TestMoments(t *testing.T) {
	var m moments
	for n := range uint64(5) {
		if m.many != nil {
			t.Errorf("after %d", n)
		}
		m.add(n+1, analyzer.Time(n)*1e9)
	}
	if before, after := m.Outside(2e9, 2e9); before != 2 || after != 2 {
		t.Errorf("%d before, %d after", before, after)
	}
}

// TestRate: what tells the affected from the others, just enough and not quite.
func TestRate(t *testing.T) {
	for _, c := range []struct {
		why                  string
		n, of, affected, all uint64
		want                 bool
	}{
		{"all that have it, and no others", 2, 2, 2, 4, true},
		{"all conversations have it", 4, 4, 4, 4, false},
		{"nobody else is affected, chance would do that seldom", 3, 4, 3, 200, true},
		{"chance would do that", 2, 10, 2, 20, false},
		{"twice as often", 200, 1000, 300, 2000, true},
		{"not twice as often", 199, 1000, 300, 2000, false},
		{"a fifth of them", 40, 40, 200, 4000, true},
		{"less than that", 39, 39, 200, 4000, false},
	} {
		s := share{tally: tally{n: c.n}, of: c.of}
		if got := s.rate(c.affected, c.all); got != c.want {
			t.Errorf("%s: %v, G %f", c.why, got, s.score)
		}
	}
}

// around is a number of conversations before and after.
type around [2]uint64

func (a around) Outside(_, _ analyzer.Time) (before, after uint64) { return a[0], a[1] }

func TestSince(t *testing.T) {
	for _, c := range []struct {
		n, of        uint64
		around       around
		begins, ends bool
	}{
		{10, 20, around{9, 0}, false, false},
		{10, 20, around{10, 0}, true, false},
		{10, 20, around{0, 10}, false, true},
		{10, 20, around{1, 10}, true, true},
		{20, 20, around{10, 10}, false, false},
		{1, 20, around{19, 0}, false, false},
	} {
		if begins, ends := since(&tally{n: c.n}, c.around, c.of); begins != c.begins || ends != c.ends {
			t.Errorf("%+v: %v, %v", c, begins, ends)
		}
	}
}

// TestKinds: the table contradicts itself nowhere.
func TestKinds(t *testing.T) {
	ids := map[string]bool{}
	for i := range kinds {
		k := &kinds[i]
		if ids[k.id] && k.id != scan {
			t.Errorf("%s is there twice", k.id)
		}
		ids[k.id] = true
		if k.is[0] == "" || k.is[1] == "" || k.why == "" || k.next == "" || k.lies == "" || k.when.holds == nil || k.when.expr == "" {
			t.Errorf("%s does not say all", k.id)
		}
	}
	for i := range kinds {
		for _, id := range kinds[i].covers {
			if !ids[id] {
				t.Errorf("%s covers %s, which there is not", kinds[i].id, id)
			}
		}
		for _, id := range kinds[i].speaks {
			if analyzer.FindAnomalyKind(id) == nil {
				t.Errorf("%s speaks of %s, which there is not", kinds[i].id, id)
			}
		}
	}
}
