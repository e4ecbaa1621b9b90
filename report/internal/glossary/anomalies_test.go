package glossary

import (
	"strings"
	"testing"

	"tcptrace/analyzer"
)

// Each of the kinds about an RST in the handshake names the others; what is not related to another names none.
func TestRelated(t *testing.T) {
	for id, want := range map[string]string{
		"rst-in-handshake":   "connection-refused rst-not-accepted",
		"connection-refused": "rst-in-handshake rst-not-accepted",
		"rst-not-accepted":   "rst-in-handshake connection-refused",
		"syn-retransmit":     "no-answer slow-handshake",
		"no-answer":          "syn-retransmit slow-handshake",
		"fin-retransmit":     "missing-final-ack",
		"truncated-header":   "",
	} {
		if got := strings.Join(Related(analyzer.FindAnomalyKind(id)), " "); got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
	var b strings.Builder
	if err := WriteAnomaly(&b, "opening", analyzer.FindAnomalyKind("fin-retransmit")); err != nil || !strings.HasSuffix(b.String(), "\nSee also\n  missing-final-ack\n") {
		t.Errorf("%v: %s", err, b.String())
	}
	b.Reset()
	if err := WriteAnomaly(&b, "capture", analyzer.FindAnomalyKind("truncated-header")); err != nil || strings.Contains(b.String(), "See also") {
		t.Errorf("%v: %s", err, b.String())
	}
}
