package chance

import (
	"math"
	"testing"
)

func TestG(t *testing.T) {
	if G(5, 10, 10, 20) != 0 {
		t.Error("G of what does not matter")
	}
	if got := G(10, 10, 10, 20); math.Abs(got-40*math.Ln2) > 1e-9 {
		t.Errorf("G of what tells all: %f", got)
	}
}

func TestScan(t *testing.T) {
	for lift, want := range map[float64]bool{8: true, 8.1: false} {
		if got := Scan(8, 17, 0.1, lift) > 0; got != want { // 8 in a tenth, 9 in the others: eight times as often
			t.Errorf("%v times as often: %v", lift, got)
		}
	}
}

// TestTail: of 16 that are divided into eight and eight, the eight that are far are all behind once in 12,870 times.
func TestTail(t *testing.T) {
	for _, c := range []struct {
		k, n, far, all uint64
		want           float64
	}{
		{8, 8, 8, 16, 1.0 / 12870}, {7, 8, 8, 16, 65.0 / 12870}, {0, 8, 8, 16, 1}, {9, 8, 9, 16, 0}, {3, 3, 3, 6, 0.05},
	} {
		if got := Tail(c.k, c.n, c.far, c.all); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
