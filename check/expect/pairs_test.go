package expect_test

import (
	"errors"
	"testing"

	"tcptrace/check/expect"
	"tcptrace/report"
)

// Many pairs, compared by several goroutines, come in order; the first error ends it.
func TestEachInOrder(t *testing.T) {
	a, b := &expect.Packed{}, &expect.Packed{}
	const n = 1000
	for i := range uint64(n) {
		r := report.Record{Stream: i, Server: report.Host{IP: "192.0.2.1", Port: 80}, Packets: i}
		a.Add(&r)
		r.Packets++
		b.Add(&r)
	}
	d := expect.Diff(a, b, expect.Tolerance{})
	of := func(p *expect.Pair) expect.Pair { return *p }
	for _, workers := range []int{1, 2, 7} {
		var next uint64
		if err := expect.Each(t.Context(), d, workers, 0, of, func(p expect.Pair) error {
			if p.A.Stream != next || p.B.Stream != next || len(p.Changes) != 1 || p.Changes[0].Field != "packets" {
				t.Errorf("%d workers, pair %d: %v, %v, %v", workers, next, p.A, p.B, p.Changes)
			}
			next++
			return nil
		}); err != nil || next != n {
			t.Errorf("%d workers: %d pairs, %v", workers, next, err)
		}
		enough, seen := errors.New("enough"), 0
		if err := expect.Each(t.Context(), d, workers, 0, of, func(expect.Pair) error {
			if seen++; seen == 100 {
				return enough
			}
			return nil
		}); err != enough || seen != 100 {
			t.Errorf("%d workers: %v after %d", workers, err, seen)
		}
	}
}
