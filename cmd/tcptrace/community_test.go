package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCommunityID: wherever a conversation is named it has its Community ID.
func TestCommunityID(t *testing.T) {
	golden, other := filepath.Join(goldenDir, "close-wait-lingering.pcap"), filepath.Join(goldenDir, "close-client.pcap")
	_, id, _ := tcptrace(t, env{}, golden, "--format", "csv")
	of := func(text string) string {
		t.Helper()
		i := strings.Index(text, "1:")
		for i >= 0 && (i+30 > len(text) || !strings.HasSuffix(text[:i+30], "=")) {
			next := strings.Index(text[i+2:], "1:")
			if next < 0 {
				t.Fatalf("no Community ID in %s", text)
			}
			i += 2 + next
		}
		return text[i : i+30]
	}
	id = of(id)
	raw, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "copied.pcap")
	writeFile(t, copied, string(raw))
	writeFile(t, strings.TrimSuffix(copied, ".pcap")+".expect.yaml", "conversations:\n- stream: 0\n  outcome: refused\n")
	for _, args := range [][]string{
		{golden, "--format", "ndjson"}, {golden, "--format", "json"}, {golden, "--format", "zeek"}, {golden, "--format", "elastic"}, {golden, "--long"},
		{golden, "--columns", "stream,community_id"},
		{"timeline", golden}, {"timeline", golden, "--format", "ndjson"}, {"timeline", golden, "--format", "mermaid"},
		{"states", golden, "--at", "+50ms"}, {"states", golden, "--at", "+50ms", "--format", "csv"}, {"states", golden, "--at", "+50ms", "--format", "json"},
		{"findings", golden, "--format", "json"},
		{"check", copied, "--format", "json"},
		{"diff", golden, golden, "--format", "json"}, {"diff", golden, other, "--format", "json"},
		{"report", golden, "-o", "-"},
	} {
		_, stdout, stderr := tcptrace(t, env{}, args...)
		if !strings.Contains(strings.ReplaceAll(strings.ReplaceAll(stdout, "\\u002b", "+"), "\\u003d", "="), id) {
			t.Errorf("%q: %s is missing in %.2000s %s", args, id, stdout, stderr)
		}
	}
	_, table, _ := tcptrace(t, env{width: 90}, "states", golden, "--at", "+50ms")
	if strings.Contains(table, id) || !strings.Contains(table, "CLOSE_WAIT") {
		t.Errorf("it takes the room of what matters more:\n%s", table)
	}
}
