package kernel

import (
	"slices"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/fsm"
)

// pair is a step of ours and the entry of the kernel's that it matches.
type pair struct{ ours, kernel int }

// compare matches our steps with the kernel's entries, in order and all of them, but for
//   - entries that the kernel passed in the same instant (transient),
//   - the kernel's last entry, if it is a CLOSED or LISTEN that no segment brought,
//   - the kernel's first entry if the capture is late: the state at its start,
//   - a CLOSED of ours that we know to be a timer's.
//
// It returns nil, false if they do not match.
func compare(ours []analyzer.Step, kernel []entry, late bool) (pairs []pair, ok bool) {
	c := comparison{ours: ours, kernel: kernel, late: late, failed: map[pair]bool{}}
	if !c.from(0, 0) {
		return nil, false
	}
	slices.Reverse(c.pairs)
	return c.pairs, true
}

type comparison struct {
	ours   []analyzer.Step
	kernel []entry
	late   bool
	failed map[pair]bool // that the rest from there does not match
	pairs  []pair        // backwards
}

// from matches what is left from step i and entry j on.
func (c *comparison) from(i, j int) bool {
	if c.failed[pair{i, j}] {
		return false
	}
	moreOurs, moreKernel := i < len(c.ours), j < len(c.kernel)
	switch {
	case !moreOurs && !moreKernel:
		return true
	case moreOurs && moreKernel && c.ours[i].State == c.kernel[j].State && c.from(i+1, j+1):
		c.pairs = append(c.pairs, pair{i, j})
		return true
	case moreKernel && c.optional(j) && c.from(i, j+1):
		return true
	case moreOurs && c.ours[i].State == fsm.Closed && c.ours[i].Evidence == analyzer.EvidenceTimer && c.from(i+1, j):
		return true
	}
	c.failed[pair{i, j}] = true
	return false
}

func (c *comparison) optional(j int) bool {
	e := &c.kernel[j]
	last := j == len(c.kernel)-1
	return e.Transient || c.late && j == 0 ||
		last && (e.State == fsm.Closed || e.State == fsm.Listen) && e.byTimer()
}

// compareSettled is compare without our last one or two steps, where they are admitted guesses.
func compareSettled(ours []analyzer.Step, kernel []entry, late bool) (pairs []pair, ok bool) {
	for cut := 1; cut <= 2 && cut <= len(ours); cut++ {
		settled := ours[:len(ours)-cut]
		if e := ours[len(settled)].Evidence; e != analyzer.EvidenceAssumed && e != analyzer.EvidenceTimer {
			break
		}
		for end := len(kernel); end >= 0; end-- {
			if pairs, ok := compare(settled, kernel[:end], late); ok {
				return pairs, true
			}
		}
	}
	return nil, false
}

// steps reads states; "?" behind one marks a guess, "!" one that a timer brought.
func steps(t *testing.T, text string) (out []analyzer.Step) {
	for _, word := range strings.Fields(text) {
		s := analyzer.Step{State: state(t, word), Evidence: analyzer.EvidenceSent}
		switch {
		case strings.HasSuffix(word, "?"):
			s.Evidence = analyzer.EvidenceAssumed
		case strings.HasSuffix(word, "!"):
			s.Evidence = analyzer.EvidenceTimer
		}
		out = append(out, s)
	}
	return out
}

// entries reads states; "~" behind one marks a transient one, "!" one that a timer brought.
func entries(t *testing.T, text string) (out []entry) {
	for _, word := range strings.Fields(text) {
		e := entry{State: state(t, word), Why: "received something", Transient: strings.HasSuffix(word, "~")}
		if strings.HasSuffix(word, "!") {
			e.Why = "timer"
		}
		out = append(out, e)
	}
	return out
}

func state(t *testing.T, word string) fsm.State {
	t.Helper()
	s, err := fsm.ParseState(strings.TrimRight(word, "?!~"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCompare(t *testing.T) {
	for _, test := range []struct {
		ours, kernel         string
		late, equal, settled bool
	}{
		{"", "", false, true, false},
		{"SYN_SENT ESTABLISHED", "SYN_SENT ESTABLISHED", false, true, false},
		{"SYN_SENT", "SYN_SENT ESTABLISHED", false, false, false},
		{"SYN_SENT ESTABLISHED?", "SYN_SENT", false, false, true},
		{"SYN_SENT ESTABLISHED", "SYN_SENT", false, false, false},
		{"SYN_SENT ESTABLISHED CLOSE_WAIT?", "SYN_SENT ESTABLISHED FIN_WAIT_1", false, false, true},
		{"FIN_WAIT_1 TIME_WAIT", "FIN_WAIT_1 FIN_WAIT_2~ TIME_WAIT", false, true, false},
		{"FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT", "FIN_WAIT_1 FIN_WAIT_2~ TIME_WAIT", false, true, true},
		{"FIN_WAIT_1 TIME_WAIT", "FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT", false, false, false},
		{"TIME_WAIT", "TIME_WAIT CLOSED!", false, true, false},
		{"TIME_WAIT", "TIME_WAIT CLOSED", false, false, false},
		{"TIME_WAIT", "TIME_WAIT ESTABLISHED!", false, false, false},
		{"TIME_WAIT CLOSED!", "TIME_WAIT", false, true, true},
		{"TIME_WAIT CLOSED?", "TIME_WAIT", false, false, true},
		{"FIN_WAIT_1", "ESTABLISHED FIN_WAIT_1", true, true, false},
		{"FIN_WAIT_1", "SYN_SENT ESTABLISHED FIN_WAIT_1", true, false, false},
	} {
		_, equal := compare(steps(t, test.ours), entries(t, test.kernel), test.late)
		_, settled := compareSettled(steps(t, test.ours), entries(t, test.kernel), test.late)
		if equal != test.equal || settled != test.settled && !equal {
			t.Errorf("%q against %q (late: %v): equal %v, settled %v", test.ours, test.kernel, test.late, equal, settled)
		}
	}
	pairs, _ := compare(steps(t, "SYN_SENT TIME_WAIT CLOSED!"), entries(t, "SYN_SENT FIN_WAIT_2~ TIME_WAIT"), false)
	if !slices.Equal(pairs, []pair{{0, 0}, {1, 2}}) {
		t.Errorf("pairs %v", pairs)
	}
}
