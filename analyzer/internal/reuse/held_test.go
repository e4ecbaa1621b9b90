package reuse

import (
	"testing"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// TestHeldCopy: a SYN that waits and comes again at once was captured twice.
func TestHeldCopy(t *testing.T) {
	for apart, want := range map[conn.Time]bool{conn.CaptureSkew: true, conn.CaptureSkew + 1: false} {
		h := Held{Copies: []wire.Segment{{Flags: wire.SYN, Seq: 7}, {Flags: wire.SYN, Seq: 7, Time: int64(apart)}}}
		if got := h.Copied(1); got != want {
			t.Errorf("%d ns apart: %v", apart, got)
		}
	}
}
