package histogram

import (
	"math/rand/v2"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/octets"
)

// TestTimes: whatever the order and the span, all are counted, and none on the wrong side of a moment.
func TestTimes(t *testing.T) {
	for _, step := range []time.Duration{time.Nanosecond, time.Millisecond, time.Minute, 100 * time.Hour} {
		for name, order := range map[string]func(i int) int{
			"up": func(i int) int { return i }, "down": func(i int) int { return 999 - i }, "mixed": func(i int) int { return i * 7 % 1000 },
		} {
			var h Times
			const base = analyzer.Time(1_700_000_000e9)
			for i := range 1000 {
				h.Add(base.Add(time.Duration(order(i)) * step))
			}
			sum := uint64(0)
			for _, n := range h.n {
				sum += uint64(n)
			}
			before, after := h.Outside(base.Add(300*step), base.Add(600*step))
			if sum != 1000 || before > 300 || after > 399 {
				t.Errorf("%v %s: %d, %d before, %d after", step, name, sum, before, after)
			}
			if step >= time.Minute && (before < 260 || after < 360) {
				t.Errorf("%v %s: %d before, %d after: too coarse", step, name, before, after)
			}
		}
	}
}

// TestMerge: times that are divided and put together, on paper in between, are counted as those that were not.
func TestMerge(t *testing.T) {
	for round := range uint64(300) {
		r := rand.New(rand.NewPCG(round, 2))
		var whole Times
		pieces := make([]Times, 3)
		span := int64(1) << r.IntN(50)
		for range 1 + r.IntN(30) {
			at := analyzer.Time(r.Int64N(span) - span/3)
			whole.Add(at)
			pieces[r.IntN(3)].Add(at)
		}
		var sum Times
		for i := range pieces {
			in := octets.Reader{Left: pieces[i].Append(nil)}
			piece := Read(&in)
			if !in.Done() || piece != pieces[i] {
				t.Fatalf("round %d: %+v\nwant %+v", round, piece, pieces[i])
			}
			sum.Merge(&piece)
		}
		if sum != whole {
			t.Fatalf("round %d: %+v\nwant %+v", round, sum, whole)
		}
	}
}

// TestReadDamaged: what no histogram is becomes none.
func TestReadDamaged(t *testing.T) {
	for name, b := range map[string][]byte{
		"nothing":            {},
		"too many stretches": {stretches + 1, shortest, 0},
		"stretches too long": {1, 64, 0, 1},
		"cut":                {2, shortest, 0, 1},
		"too far":            append([]byte{1, shortest}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1),
	} {
		r := octets.Reader{Left: b}
		if h := Read(&r); r.Done() {
			t.Errorf("%s: %+v", name, h)
		}
	}
	r := octets.Reader{Left: []byte{1, 63, 0, 1}}
	if Read(&r); !r.Done() {
		t.Error("the longest stretches that there are were not taken")
	}
}
