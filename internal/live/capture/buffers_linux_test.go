package capture_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"tcptrace/internal/live/capture"
	"tcptrace/internal/testutil/netns"
)

// TestBuffers: what a capture says that the kernel holds for it is what it has mapped, but for parts of blocks.
func TestBuffers(t *testing.T) {
	n := netns.New(t)
	for _, interfaces := range [][]string{{n.A.Device}, {n.A.Device, "lo"}} {
		for _, rings := range []int{1, 4} {
			before := mapped(t)
			c := open(t, n.A, capture.Options{Interfaces: interfaces, BufferSize: 32 << 20, Rings: rings})
			have, said := mapped(t)-before, c.Buffers()
			if have > said || have < said*9/10 || said > uint64(len(interfaces))*32<<20 {
				t.Errorf("%v, %d rings: says %d bytes, and has mapped %d", interfaces, rings, said, have)
			}
			c.Close()
		}
	}
}

// mapped is how many bytes of sockets this program has in its memory.
func mapped(t *testing.T) (n uint64) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Skip(err)
	}
	for line := range strings.Lines(string(text)) {
		var from, to uint64
		if _, err := fmt.Sscanf(line, "%x-%x", &from, &to); err == nil && strings.Contains(line, "socket:[") {
			n += to - from
		}
	}
	return n
}
