package anomaly

import (
	"testing"

	"tcptrace/analyzer/internal/conn"
)

// TestDoubled: a timer that doubles waits once more for as long as all its waits together, and a quarter as slack; two and a half minutes at most.
func TestDoubled(t *testing.T) {
	for last, want := range map[conn.Time]conn.Time{4e9: 5e9, 100e9: 125e9, 120e9: 150e9, 120e9 + 4: 150e9} {
		if got := doubled(0, last); got != want {
			t.Errorf("after %d ns: %d, want %d", last, got, want)
		}
	}
}
