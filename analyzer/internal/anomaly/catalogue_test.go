package anomaly

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tcptrace/analyzer/internal/conn"
)

// promised are the kinds that were promised to users: ids, severities and their order do not change. There may be more.
const promised = `
the capture itself
capture-duplicates note
capture-reordered note
capture-loss warning
clock-backwards note
one-sided note
truncated-header note
bad-checksum warning
opening
rst-in-handshake error
connection-refused error
port-scan warning
unasked-syn-ack warning
no-answer error
syn-retransmit warning
syn-ack-retransmit warning
accept-queue-overflow warning
slow-handshake warning
syn-options-changed note
handshake-incomplete warning
simultaneous-open note
split-handshake warning
syn-changed warning
half-open-discovered warning
syn-data note
while open
challenge-ack note
rst-not-accepted warning
syn-in-connection warning
suspected-injection error
ack-of-unsent warning
outside-window warning
no-ack-flag warning
paws-rejected warning
overlap-conflict error
packet-loss warning
retransmission-timeout warning
spurious-retransmission note
reordering note
retries-exhausted error
zero-window warning
window-full note
window-shrunk warning
keep-alive note
keep-alive-timeout error
sack-of-unsent warning
mtu-black-hole error
sack-reneged warning
closing
missing-final-ack warning
fin-retransmit warning
fin-retransmit-in-time-wait warning
simultaneous-close note
half-close note
close-wait-lingering warning
fin-wait-2-timeout warning
abortive-close warning
rst-after-fin warning
write-after-close error
data-after-fin error
time-wait-reuse note
time-wait-refused warning
time-wait-assassination error
port-reused note
`

func TestCatalogue(t *testing.T) {
	var got strings.Builder
	seen := map[string]bool{}
	for in, kinds := range registered {
		if n := len(catalogue[in].Kinds); n != len(kinds) {
			t.Errorf("%s: %d kinds are registered and %d in the catalogue: one comes after a kind that is not there, or two have one id", partNames[in], len(kinds), n)
		}
	}
	for _, s := range Catalogue() {
		fmt.Fprintf(&got, "%s\n", s.Name)
		for _, k := range s.Kinds {
			fmt.Fprintf(&got, "%s %s\n", k.ID, k.Severity)
			if seen[k.ID] {
				t.Errorf("%s is there twice", k.ID)
			}
			seen[k.ID] = true
			for what, text := range map[string]string{"summary": k.Summary, "meaning": k.Meaning, "causes": k.Causes, "next": k.Next} {
				if text == "" || strings.TrimSpace(text) != text {
					t.Errorf("%s: its %s is %q", k.ID, what, text)
				}
			}
			if strings.HasSuffix(k.Summary, ".") || len(k.Summary) > 80 {
				t.Errorf("%s: %q is no summary", k.ID, k.Summary)
			}
			if k.detect == nil || k.detail == nil || k.needs == 0 {
				t.Errorf("%s is only in part detected", k.ID)
			}
			if FindAnomalyKind(k.ID) != k {
				t.Errorf("%s is not found", k.ID)
			}
			for _, id := range slices.Concat(k.Explains, k.Beside, []string{k.Subsumes}) {
				if id != "" && FindAnomalyKind(id) == nil {
					t.Errorf("%s names %s, which there is not", k.ID, id)
				}
			}
		}
	}
	rest := got.String()
	for line := range strings.Lines(promised[1:]) {
		_, behind, found := strings.Cut(rest, line)
		if !found {
			t.Errorf("%q was promised, and is not there or in another place:\n%s", strings.TrimSpace(line), got.String())
			break
		}
		rest = behind
	}
}

func TestGaps(t *testing.T) {
	var g gaps
	for i := range 8 {
		g.add(i, conn.Time(1e9)<<i)
	}
	for n, want := range map[int64]string{
		0: "", 1: "1.0 s apart", 2: "1.0 s and 2.0 s apart", 3: "1.0 s, 2.0 s and 4.0 s apart",
		8: "1.0 s, 2.0 s, 4.0 s, 8.0 s, 16.0 s, 32.0 s ... apart",
	} {
		if got := g.text(n); got != want {
			t.Errorf("%d gaps: %q, want %q", n, got, want)
		}
	}
	g = gaps{}
	g.add(0, 1e18)
	g.add(1, -5)
	if got := g.text(2); got != "2097 s and 0 µs apart" {
		t.Errorf("out of range: %q", got)
	}
}

func TestDuration(t *testing.T) {
	for ns, want := range map[int64]string{
		-2_440_819_000: "0 µs", -1: "0 µs", 0: "0 µs", 60_000: "60 µs", 999_499: "999 µs", 999_500: "1.0 ms", 20_100_000: "20.1 ms", 999_949_999: "999.9 ms",
		999_950_000: "1.0 s", 3e9: "3.0 s", 99_940_000_000: "99.9 s", 100e9: "100 s", 3600e9: "3600 s",
	} {
		if got := duration(ns); got != want {
			t.Errorf("%d ns: %s, want %s", ns, got, want)
		}
	}
}
