package state

import (
	"testing"

	"tcptrace/analyzer/internal/conn"
)

// A bound that leaves no moment for a step goes: the later step's if that is only assumed, else the earlier one's.
func TestReconcile(t *testing.T) {
	for _, test := range []struct {
		name                string
		later               Step
		notBefore, notAfter conn.Time // what is left of the earlier step's, of the later one's
	}{
		{"in order", Step{Evidence: EvidenceSent, NotAfter: 100}, 100, 100},
		{"sent too early", Step{Evidence: EvidenceSent, NotAfter: 99}, 0, 99},
		{"proved too early", Step{Evidence: EvidenceAcknowledged, NotAfter: 99}, 0, 99},
		{"assumed too early", Step{NotAfter: 99}, 100, 0},
		{"not known", Step{Evidence: EvidenceSent}, 100, 0},
	} {
		steps := []Step{{NotBefore: 100, NotAfter: 200}, test.later}
		reconcile(steps)
		if steps[0].NotBefore != test.notBefore || steps[1].NotAfter != test.notAfter {
			t.Errorf("%s: not before %d, not after %d; want %d, %d", test.name, steps[0].NotBefore, steps[1].NotAfter, test.notBefore, test.notAfter)
		}
	}
}
