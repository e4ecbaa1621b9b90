package kernel

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/analyzer/timing"
	"tcptrace/internal/input"
)

// timeFloor is of how many captures, in per cent, what most of the time was spent on must be right, and what limited the transfer.
const timeFloor = 93

// longestUses are what the first conversation of a scenario spends most of its time on, as the scenario has it: by how its name begins.
var longestUses = []struct {
	name string
	use  timing.Use
}{
	{"zero-window", timing.Window}, {"keepalive-peer-gone", timing.Closing}, {"keepalive", timing.Idle}, {"rto-giveup", timing.Repair}, {"user-timeout", timing.Repair},
	{"syn-blackhole", timing.Opening}, {"syn-lost", timing.Opening}, {"synack-lost", timing.Opening}, {"connect-abort", timing.Opening},
	{"closed-port", timing.Opening}, {"fin-lost", timing.Closing}, {"final-ack-lost", timing.Closing}, {"fin-wait-2-timeout", timing.Closing},
	{"last-ack-giveup", timing.Closing}, {"timewait-assassination", timing.Closing}, {"no-close", timing.Client}, {"backlog-overflow", timing.Server},
	{"backlog-abort", timing.Server}, {"defer-accept", timing.Client}, {"bulk-down-loss20", timing.Repair},
}

// use is what most of the time of a scenario is spent on, for those of which that is said.
func (s *scenario) use() (use timing.Use, ok bool) {
	for _, l := range longestUses {
		if strings.HasPrefix(s.name, l.name) && !s.oneWay() && s.name != "closed-port-rst-lost" && s.name != "connect-abort-rst-lost" {
			return l.use, true
		}
	}
	return 0, false
}

// factor is what limits the transfer of a scenario: a window that its receiver leaves closed; what the kernel sent again, for a loss or
// because it took what came late for lost; or else slow start, since none of them lasts.
func (s *scenario) factor() (f timing.Factor, ok bool) {
	switch {
	case strings.HasPrefix(s.name, "zero-window"):
		return timing.ReceiveWindow, true
	case !strings.HasPrefix(s.name, "bulk-"), s.oneWay():
		return 0, false
	}
	for _, r := range s.truths[0].Retransmits {
		if r.Len > 0 {
			return timing.Congestion, true
		}
	}
	return timing.SlowStart, true
}

// firstOf is the first conversation of a capture.
type firstOf struct{ c analyzer.Conversation }

func (f *firstOf) Conversation(c *analyzer.Conversation) error {
	if c.Stream == 0 {
		c.CopyTo(&f.c)
	}
	return nil
}

func TestTimeOfChosenCaptures(t *testing.T) { checkTime(t, "../../../testdata/kernel") }

func TestTimeOfAllCaptures(t *testing.T) { checkTime(t, allCaptures(t)) }

func TestTimeOfSecondSet(t *testing.T) { checkTime(t, truthDir(t, "captures-202")) }

// checkTime compares where the time went, and what limited the transfers, with what the scenarios are made for. What is lost behind a tap
// at the sender's own host is there, too; a tap at the other end may have nothing of it.
func checkTime(t *testing.T, dir string) {
	scenarios, err := readScenarios(dir)
	if err != nil || len(scenarios) == 0 {
		t.Fatalf("%d scenarios in %s: %v", len(scenarios), dir, err)
	}
	var uses, factors [2]int // right, all
	score := func(of *[2]int, got, want, what string) {
		if of[1]++; got == want {
			of[0]++
		} else {
			t.Logf("%s: %s, not %s", what, got, want)
		}
	}
	for i := range scenarios {
		s := &scenarios[i]
		use, hasUse := s.use()
		factor, hasFactor := s.factor()
		if !hasUse && !hasFactor {
			continue
		}
		for _, at := range []string{"client", "middle"} {
			var first firstOf
			src := input.Open([]string{filepath.Join(dir, s.name+"."+at+".pcap")}, input.Options{})
			_, err := analyzer.Run(context.Background(), src, analyzer.Options{Workers: 1}, &first)
			src.Close()
			if err != nil {
				t.Error(err)
			}
			if hasUse {
				score(&uses, first.c.Spent.Most().String(), use.String(), s.name+" "+at)
			}
			if hasFactor {
				_, limits := first.c.Limit()
				got, _ := limits.Most()
				score(&factors, got.String(), factor.String(), s.name+" "+at)
			}
		}
	}
	t.Logf("what most of the time was spent on is right in %d of %d, what limited the transfer in %d of %d", uses[0], uses[1], factors[0], factors[1])
	for _, n := range [][2]int{uses, factors} {
		if n[1] == 0 || 100*n[0] < timeFloor*n[1] {
			t.Errorf("only %d of %d are right", n[0], n[1])
		}
	}
}
