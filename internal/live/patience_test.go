package live

import (
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
)

// TestClockSetBack: news are told by the capture's clock, and when that stands still, in a capture that goes on, by another one.
func TestClockSetBack(t *testing.T) {
	for _, c := range []struct {
		live    bool
		clock   analyzer.Time
		elapsed time.Duration
		want    bool
	}{
		{true, told, 0, true}, {true, told - 1, 0, false}, {true, 0, time.Duration(toldLate), true}, {true, 0, time.Duration(toldLate) / 2, false},
		{false, told, 0, true}, {false, 0, time.Hour, false},
	} {
		l := &Loop{now: 1000 + c.clock, flushed: 1000, toldAt: time.Now().Add(-c.elapsed), opts: Options{Live: c.live}}
		if l.isTime() != c.want {
			t.Errorf("%+v: it is time: %t", c, !c.want)
		}
	}
}

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
