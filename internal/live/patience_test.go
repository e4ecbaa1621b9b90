package live

import (
	"testing"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
)

// TestPatience: the more batches wait, the longer news do, in a capture that drops what it has no room for.
func TestPatience(t *testing.T) {
	for waiting, want := range map[int]analyzer.Time{
		0: told, batchesAhead / 4: told, batchesAhead/4 + 1: toldLate, batchesAhead / 2: toldLate,
		batchesAhead/2 + 1: toldLater, batchesAhead * 3 / 4: toldLater, batchesAhead*3/4 + 1: toldLast, batchesAhead: toldLast,
	} {
		full := make(chan *packet.Batch, batchesAhead)
		for range waiting {
			full <- nil
		}
		l := &Loop{full: full, opts: Options{Live: true}}
		if got := l.patience(); got != want {
			t.Errorf("%d wait: %d, want %d", waiting, got, want)
		}
		if l.opts.Live = false; l.patience() != told {
			t.Errorf("%d wait in a replay: %d", waiting, l.patience())
		}
	}
}
