package analyzer

import (
	"runtime"
	"testing"

	"tcptrace/internal/wire"
)

// TestOpenTakesLittle: to go through all conversations that are open takes memory for their slots and what they are sorted by, and is in order of
// their numbers, by any number of parts.
func TestOpenTakesLittle(t *testing.T) {
	const n, most = 20000, 24 // bytes
	for _, parts := range []int{1, 4} {
		w := newWatched(Options{Workers: parts}, Idle{})
		for i := range n {
			w.segment(i, 0, wire.SYN, uint32(i), 0)
		}
		w.Flush(w.at)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		next := uint64(0)
		for o := range w.open() {
			if got := o.streams.Of(o.slot); got != next {
				t.Fatalf("%d parts: number %d, want %d", parts, got, next)
			}
			next++
		}
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; next != n || took > n*most {
			t.Errorf("%d parts: %d bytes for %d conversations", parts, took, next)
		}
	}
}
