package main

import (
	"regexp"
	"strings"
	"testing"
)

// TestWeb: the address of the page is told, and that others can reach it if they can.
func TestWeb(t *testing.T) {
	address := regexp.MustCompile(`note: the page is at http://[^/]+:\d+/[A-Z2-7]{26}/`)
	for addr, open := range map[string]bool{":0": false, "localhost:0": false, "0.0.0.0:0": true} {
		code, _, stderr := tcptrace(t, env{}, "replay", "../../testdata/pcaps/showcase.pcap", "--speed", "max", "--format", "ndjson", "--web", addr)
		if code != exitDone || !address.MatchString(stderr) || strings.Contains(stderr, "others can reach the page") != open {
			t.Errorf("%s: %d: %s", addr, code, stderr)
		}
	}
	if code, _, stderr := tcptrace(t, env{}, "replay", "../../testdata/pcaps/showcase.pcap", "--format", "ndjson", "--web", "nowhere"); code == exitDone || !strings.Contains(stderr, "--web: ") {
		t.Errorf("an address that is none: %d: %s", code, stderr)
	}
}
