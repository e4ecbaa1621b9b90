package intake

import (
	"testing"

	"tcptrace/internal/wire"
)

// TestAddNotAnalyzed: what one summary says was not analyzed can be added to another; what was analyzed, or is no reason, cannot.
func TestAddNotAnalyzed(t *testing.T) {
	var from, to Summary
	for v := range wire.NumVerdicts {
		from.verdicts[v] = uint64(v) + 1
	}
	for range 2 {
		for _, n := range from.NotAnalyzed() {
			if !to.AddNotAnalyzed(n.Reason, n.Packets) {
				t.Errorf("%s is no reason", n.Reason)
			}
		}
	}
	for i, n := range to.NotAnalyzed() {
		if was := from.NotAnalyzed()[i]; n.Reason != was.Reason || n.Packets != 2*was.Packets {
			t.Errorf("%d of %s, not twice %d of %s", n.Packets, n.Reason, was.Packets, was.Reason)
		}
	}
	before := to
	for _, reason := range []string{"", wire.TCP.String(), "no such reason"} {
		if to.AddNotAnalyzed(reason, 1) {
			t.Errorf("%q is a reason", reason)
		}
	}
	if to != before {
		t.Errorf("%+v", to)
	}
}
