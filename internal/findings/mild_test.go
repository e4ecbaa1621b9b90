package findings

import "testing"

// TestTellsMild holds the bounds of what a mild kind is told for: a failure, a quarter of all conversations, or half of those that have something in
// common if these are half of what it affects.
func TestTellsMild(t *testing.T) {
	const all = 1000
	some := func(n, of uint64, exact bool) *share {
		s := &share{of: of, exact: exact}
		s.n = n
		return s
	}
	for _, test := range []struct {
		why       string
		n, failed uint64
		of        []part
		want      bool
	}{
		{why: "here and there", n: 249, of: []part{{}}},
		{why: "a quarter of all", n: 250, of: []part{{}}, want: true},
		{why: "one that failed", n: 1, failed: 1, of: []part{{}}, want: true},
		{why: "half of some, and half of it", n: 20, of: []part{{share: some(10, 20, true)}}, want: true},
		{why: "less than half of some", n: 20, of: []part{{share: some(10, 21, true)}}},
		{why: "less than half of it", n: 21, of: []part{{share: some(10, 20, true)}}},
		{why: "half of as many as there may be", n: 20, of: []part{{share: some(10, 20, false)}}}, // how many have that in common is not known
		{why: "of several one", n: 20, of: []part{{}, {share: some(3, 20, true)}, {share: some(10, 20, true)}}, want: true},
	} {
		k := &Collector{total: all}
		a := &affected{}
		a.n, a.failed = test.n, test.failed
		if got := k.tellsMild(a, test.of); got != test.want {
			t.Errorf("%s: told %v, want %v", test.why, got, test.want)
		}
	}
}
