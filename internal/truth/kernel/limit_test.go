package kernel

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/analyzer/timing"
	"tcptrace/internal/input"
)

// limitFloor is of how many captures, in per cent, what limited the transfer must be right.
const limitFloor = 97

// TestLimits holds what limited a transfer against transfers between two Linux hosts that were made so. The names of the captures begin
// with the factor.
func TestLimits(t *testing.T) {
	captures, err := filepath.Glob("../../../testdata/kernel/limits/*.pcap.gz")
	if err != nil || len(captures) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	right, all := map[timing.Factor]int{}, map[timing.Factor]int{}
	sum := 0
	for _, path := range captures {
		want := timing.NoFactor
		for f := range timing.NumFactors {
			if f != timing.NoFactor && strings.HasPrefix(filepath.Base(path), f.String()+"-") {
				want = f
			}
		}
		if want == timing.NoFactor {
			t.Errorf("%s: the name says no factor", path)
		}
		var first firstOf
		src := input.Open([]string{path}, input.Options{})
		_, err := analyzer.Run(context.Background(), src, analyzer.Options{Workers: 1}, &first)
		src.Close()
		if err != nil {
			t.Error(err)
		}
		side, limits := first.c.Limit()
		got, share := limits.Most()
		all[want]++
		if got == want && side == analyzer.Server {
			right[want]++
			sum++
		} else {
			t.Logf("%s: %s for %.0f %%", filepath.Base(path), got, 100*share)
		}
	}
	for f := range timing.NumFactors {
		if all[f] > 0 {
			t.Logf("%s: right in %d of %d", f, right[f], all[f])
		}
	}
	if 100*sum < limitFloor*len(captures) {
		t.Errorf("only %d of %d are right", sum, len(captures))
	}
}
