package main

import (
	"testing"

	"tcptrace/analyzer/apart"
	"tcptrace/internal/findings"
)

// TestCaveats: what the captures cannot show is among the findings of a job, as it is among those of one capture, and what is as it should be is not.
func TestCaveats(t *testing.T) {
	sum := summary{Packets: 100}
	for _, counts := range []apart.Counts{
		{NotAnalyzed: map[string]uint64{"truncated": 2, "not-ip": 5}, Drops: 4},
		{NotAnalyzed: map[string]uint64{"truncated": 1, "ip-fragment": 1}, Drops: 3, Evicted: 6},
	} {
		sum.Counts.Add(&counts)
	}
	got := map[string]string{}
	for _, f := range findings.New().Report(sum.whole(), findings.Options{}).Findings {
		got[f.ID] = f.Text
	}
	want := map[string]string{
		"drops":     "the capture lost 7 packets beside the 100 that it has, by its own count",
		"cut":       "3 packets were cut before the end of the TCP header, and not analyzed, of 100",
		"fragments": "1 packet was not analyzed, of 100: IP fragments of which no packet can be made, and which may be of TCP",
		"evicted":   "6 conversations ended early, since the flow table was full: the rest of each is another",
	}
	if len(got) != len(want) {
		t.Errorf("findings %v", got)
	}
	for id, text := range want {
		if got[id] != text {
			t.Errorf("%s: %q, want %q", id, got[id], text)
		}
	}
}

// TestServices: findings tell of ports by the names of services, unless no names are wanted.
func TestServices(t *testing.T) {
	if of := (&job{}).findings().Services; of == nil || of(443) != "https" {
		t.Error("port 443 has no name")
	}
	if (&job{NoNames: true}).findings().Services != nil {
		t.Error("there are names that nobody wants")
	}
}
