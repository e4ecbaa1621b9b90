package live

import (
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
)

// steady is a batch of packets from a time on, one each millisecond, which take 200 bytes each.
func steady(from time.Duration, n int) *packet.Batch {
	b := &packet.Batch{Buf: make([]byte, 104*n)}
	for i := range n {
		b.Packets = append(b.Packets, packet.Packet{Time: int64(from) + int64(i)*1e6})
	}
	return b
}

// TestIsBehind: of 1,000 packets a second, and room for 800, those of 100 ms may wait.
func TestIsBehind(t *testing.T) {
	const limit = 100 * time.Millisecond
	for waited, want := range map[time.Duration]bool{limit: false, limit + time.Microsecond: true, -2 * limit: false} {
		l := &Loop{opts: Options{Buffer: 800 * 200, Waited: func(analyzer.Time) time.Duration { return waited }}}
		if l.isBehind(steady(time.Hour, 99)) {
			t.Errorf("waited %s: behind, but how many come is not known", waited)
		}
		if l.isBehind(steady(time.Hour+99*time.Millisecond, 1)); l.pace.rate != 0 {
			t.Errorf("a rate of %v after 99 ms", l.pace.rate)
		}
		if l.isBehind(steady(time.Hour+limit, 1)) != want {
			t.Errorf("waited %s: behind: %t", waited, !want)
		}
		if l.isBehind(&packet.Batch{}) {
			t.Errorf("waited %s: without packets", waited)
		}
		if l.isBehind(steady(0, 1)) != want || l.pace.rate != 200_000 {
			t.Errorf("waited %s: behind: %t when the clock was set back, at %v bytes/s", waited, !want, l.pace.rate)
		}
	}
	if (&Loop{opts: Options{Live: true}}).isBehind(steady(0, 1)) {
		t.Error("behind though it is not known")
	}
}

// TestPromptUnlessBehind: where each packet may be what is waited for, all that comes and goes within one batch is told, but not while packets wait.
func TestPromptUnlessBehind(t *testing.T) {
	for room, want := range map[uint64]bool{1 << 30: true, 0: false} {
		src := input.Open([]string{"../../testdata/pcaps/aborted.pcap"}, input.Options{})
		defer src.Close()
		told := false
		l := New(src, Options{Prompt: true, Buffer: room, Waited: func(analyzer.Time) time.Duration { return time.Millisecond }})
		l.pace.rate = 1
		l.OnEvent(func(e *analyzer.Event) { told = told || e.Conversation.Outcome == analyzer.HalfOpen })
		if _, err := l.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if told != want {
			t.Errorf("room for %d: the half-open connection was told: %t", room, told)
		}
	}
}
