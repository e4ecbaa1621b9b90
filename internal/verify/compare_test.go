package verify

import (
	"testing"

	"tcptrace/analyzer"
)

// TestBehind: what happened to an end behind the latest word of the kernel that was heard is not compared, for no word can agree.
func TestBehind(t *testing.T) {
	for until, want := range map[analyzer.Time]bool{6: true, 7: false, 8: false} {
		e := end{steps: []analyzer.Step{{Time: 3}, {Time: 7}}}
		if e.isBehind(until) != want {
			t.Errorf("a step at 7 ns, heard until %d: %v", until, !want)
		}
	}
	if (&end{}).isBehind(0) {
		t.Error("an end without steps is behind all words")
	}
}
