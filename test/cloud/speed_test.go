package cloud

import (
	"os"
	"testing"
	"time"
)

// TestSpeed: a capture is read from a store at no less than 0.8 times the speed of the file, though the server takes its share of the same
// processors. TCPTRACE_SPEED names the capture, which should take a second at least, on a machine that does nothing else.
func TestSpeed(t *testing.T) {
	capture := os.Getenv("TCPTRACE_SPEED")
	if capture == "" {
		t.Skip("TCPTRACE_SPEED names no capture")
	}
	text, err := os.ReadFile(capture)
	if err != nil {
		t.Fatal(err)
	}
	s := newStore(t)
	s.put(t, "x.pcap", text)
	least := map[string]time.Duration{}
	for range 3 {
		for _, path := range []string{capture, s.url("x.pcap")} {
			begin := time.Now()
			if code, _, stderr := tcptrace(t, "--format", "ndjson", "-o", os.DevNull, path); code != 0 {
				t.Fatal(stderr)
			}
			if took := time.Since(begin); least[path] == 0 || took < least[path] {
				least[path] = took
			}
		}
	}
	file, object := least[capture], least[s.url("x.pcap")]
	t.Logf("file %v, object %v: %.2f of the speed", file, object, file.Seconds()/object.Seconds())
	if file.Seconds() < 0.8*object.Seconds() {
		t.Error("that is too slow")
	}
}
