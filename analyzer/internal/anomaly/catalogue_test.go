package anomaly

import (
	"fmt"
	"slices"
	"strings"
	"testing"
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
