package main

import (
	"strings"
	"testing"
)

func TestVerifyFlags(t *testing.T) {
	for _, args := range [][]string{{"--rounds", "0"}, {"--rounds", "1001"}, {"--format", "xml"}, {"capture.pcap"}, {"--for", "1s"}, {"-i", "lo", "--for", "-1s"}, {"-i", "lo", "--rounds", "2"}} {
		if code, _, stderr := tcptrace(t, env{}, append([]string{"verify"}, args...)...); code != exitUsage {
			t.Errorf("%v: %d, %s", args, code, stderr)
		}
	}
}

// TestVerify: it ends well, or says what it takes.
func TestVerify(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := tcptrace(t, env{}, "verify", "--rounds", "1")
	if code == exitBadInput && stderr != "" {
		t.Skip(stderr)
	}
	if code != exitDone || !strings.Contains(stdout, "proved steps, 0 false") {
		t.Errorf("%d: %s%s", code, stdout, stderr)
	}
}
