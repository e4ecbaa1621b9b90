package live

import (
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
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

// TestIsBehind: the analysis falls behind when packets wait longer than behind.
func TestIsBehind(t *testing.T) {
	b := &packet.Batch{Packets: []packet.Packet{{Time: 1000}, {Time: 2000}}}
	for waited, want := range map[time.Duration]bool{behind: false, behind + 1: true, -behind: false} {
		l := &Loop{opts: Options{Waited: func(at analyzer.Time) time.Duration { return waited - time.Duration(at-1000) }}}
		if l.isBehind(b) != want {
			t.Errorf("waited %s: behind: %t", waited, !want)
		}
		if l.isBehind(&packet.Batch{}) {
			t.Errorf("waited %s: without packets", waited)
		}
	}
	if (&Loop{opts: Options{Live: true}}).isBehind(b) {
		t.Error("behind though it is not known")
	}
}

// TestPromptUnlessBehind: where each packet may be what is waited for, all that comes and goes within one batch is told, but not while packets wait.
func TestPromptUnlessBehind(t *testing.T) {
	for waited, want := range map[time.Duration]bool{behind: true, behind + 1: false} {
		src := input.Open([]string{"../../testdata/pcaps/aborted.pcap"}, input.Options{})
		defer src.Close()
		told := false
		l := New(src, Options{Prompt: true, Waited: func(analyzer.Time) time.Duration { return waited }})
		l.OnEvent(func(e *analyzer.Event) { told = told || e.Conversation.Outcome == analyzer.HalfOpen })
		if _, err := l.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if told != want {
			t.Errorf("waited %s: the half-open connection was told: %t", waited, told)
		}
	}
}
