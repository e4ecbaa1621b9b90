// Package kernel scores inferred trajectories against what the kernels of the two
// endpoints logged about themselves. It holds tests only; testdata/kernel/README.md says
// what the captures are.
//
// For every connection, endpoint and tap the inferred states must equal the kernel's.
// The taps are scored apart, since they can know different things: at the endpoint itself
// (near), in the middle, at the other end (far), and captures of one direction only
// (one-way). Some of what the kernel logged may be missing, and some of what is inferred may
// be too much; compare says what.
//
//	go test ./internal/truth/kernel -v          the figures
//	go test ./internal/truth/kernel -v -wrong   and every endpoint and time that is wrong
package kernel

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/fsm"
)

var showWrong = flag.Bool("wrong", false, "with -v: list every endpoint and time that is wrong")

// tap is where the capture was made, seen from the endpoint that is scored.
type tap string

const (
	near   tap = "near"
	middle tap = "middle"
	far    tap = "far"
	oneWay tap = "one-way"
)

var taps = []tap{near, middle, far, oneWay}

// floor is what a tap must reach, in per cent: endpoints whose states equal the kernel's, the mean
// over scenarios of their shares of such, and the kernel's times within [NotBefore, NotAfter].
type floor struct{ equal, mean, bracket float64 }

// target is what a set of captures must reach.
type target struct {
	floors map[tap]floor
	// brackets: what an endpoint sent lies in its bracket, at its own tap and in the middle. Netstack's runs have ways
	// that take ten times as long for one segment as for another, which no distance bounds.
	brackets bool
}

// The floors are the present figures, beside them, less than one endpoint lower. Raise them
// with the figures.
var (
	chosen = target{map[tap]floor{
		near:   {98.8, 98.2, 99.4}, // 98.87 98.29 99.48
		middle: {98.3, 97.4, 98.6}, // 98.31 97.44 98.70
		far:    {96.5, 94.7, 96.5}, // 96.59 94.74 96.57
		oneWay: {77.7, 77.7, 37.0}, // 77.78 77.78 37.04: what was sent to an unseen endpoint has no bracket
	}, true}
	chosenOfGVisor = target{floors: map[tap]floor{
		near:   {99.6, 99.5, 99.4}, // 99.70 99.59 99.45
		middle: {99.3, 99.1, 93.0}, // 99.40 99.17 93.06
		far:    {95.1, 92.1, 92.4}, // 95.15 92.16 92.53
	}}
	chosenOfLwIP = target{floors: map[tap]floor{
		near:   {97.9, 98.0, 98.7}, // 97.91 98.01 98.71
		middle: {96.8, 96.9, 96.0}, // 96.86 96.92 96.03
		far:    {91.5, 91.9, 94.9}, // 91.58 91.94 94.97
	}}
	// Hosts of ns-3 begin at ISN 0 whenever they start: who starts anew seems to repeat its SYN.
	chosenOfNS3 = target{map[tap]floor{
		near:   {92.2, 91.9, 98.7}, // 92.22 91.97 98.84
		middle: {91.0, 90.7, 97.1}, // 91.02 90.76 97.13
		far:    {89.1, 88.8, 95.6}, // 89.16 88.82 95.67
	}, true}
	// all are those beside the project, by directory.
	all = map[string]target{
		"captures": {map[tap]floor{
			near:   {99.7, 98.6, 99.8}, // 99.72 98.66 99.87
			middle: {99.5, 97.9, 99.5}, // 99.58 97.99 99.57
			far:    {99.0, 95.5, 98.6},
			oneWay: {75.0, 75.0, 37.4},
		}, true},
		"captures-202": {map[tap]floor{
			near:   {99.4, 98.2, 99.7},
			middle: {99.2, 97.5, 97.7},
			far:    {98.4, 94.7, 94.1},
			oneWay: {70.0, 70.0, 37.3},
		}, true},
		"gvisor": {floors: map[tap]floor{
			near:   {99.8, 99.6, 99.4},
			middle: {99.2, 99.2, 94.2},
			far:    {96.0, 92.6, 93.7},
		}},
	}
)

// truthVariable names the directory of all captures; without it, they are looked for beside
// the project.
const truthVariable = "TCPTRACE_KERNEL_TRUTH"

// The captures of testdata/kernel: every kind of scenario, those of bulk transfers and of many
// connections left out but for a few.
func TestChosenCaptures(t *testing.T) {
	check(t, "../../../testdata/kernel", chosen)
}

// The captures of testdata/gvisor are of another stack.
func TestGVisor(t *testing.T) {
	check(t, "../../../testdata/gvisor", chosenOfGVisor)
}

// The captures of testdata/lwip are of a third one (internal/truth/lwip).
func TestLwIP(t *testing.T) {
	check(t, "../../../testdata/lwip", chosenOfLwIP)
}

// The captures of testdata/ns3 are of a fourth one (internal/truth/ns3).
func TestNS3(t *testing.T) {
	check(t, "../../../testdata/ns3", chosenOfNS3)
}

func TestAllCaptures(t *testing.T) {
	for dir, want := range all {
		t.Run(dir, func(t *testing.T) { check(t, truthDir(t, dir), want) })
	}
}

// allCaptures is the directory of all captures.
func allCaptures(t *testing.T) string { return truthDir(t, "captures") }

// truthDir is a directory of captures with the log of their endpoints, beside the project.
func truthDir(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv(truthVariable)
	if root == "" && testing.Short() {
		t.Skip("-short: those beside the project take seconds; those in testdata are scored")
	}
	if root == "" {
		root = "../../../../shared/kernel-truth"
	}
	dir := filepath.Join(root, name)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is not there; %s names another directory in place of %s", dir, truthVariable, root)
	}
	return dir
}

func check(t *testing.T, dir string, want target) {
	scenarios, err := readScenarios(dir)
	if err != nil || len(scenarios) == 0 {
		t.Fatalf("%d scenarios in %s: %v", len(scenarios), dir, err)
	}
	scores := map[tap]*score{}
	for _, at := range taps {
		scores[at] = &score{scenarios: map[string]*share{}}
	}
	for i := range scenarios {
		if err := scenarios[i].score(scores); err != nil {
			t.Error(err)
		}
	}
	for _, at := range taps {
		if s := scores[at]; s.equal.all > 0 {
			s.check(t, at, &want)
		}
	}
}

func (s *score) check(t *testing.T, at tap, want *target) {
	f := want.floors[at]
	t.Logf("%-7s %v", at, s)
	t.Logf("%-7s %v", at, &s.proofs)
	if *showWrong {
		t.Logf("%s, states:\n%s", at, strings.Join(s.wrong, "\n"))
		t.Logf("%s, times:\n%s", at, strings.Join(s.outside, "\n"))
	}
	for _, figure := range []struct {
		name       string
		got, least float64
	}{
		{"equal endpoints", s.equal.percent(), f.equal},
		{"mean over scenarios", s.mean(), f.mean},
		{"times in their brackets", s.inside.percent(), f.bracket},
	} {
		if !(figure.got >= figure.least) {
			t.Errorf("%s, %s: %.2f %%, less than %.2f %%", at, figure.name, figure.got, figure.least)
		}
	}
	if n := len(s.proofs.false); n > 0 {
		t.Errorf("%s: %d of %d proved steps are not in the log:\n%s", at, n, s.proofs.steps, list(s.proofs.false))
	}
	if n := len(s.proofs.outside[0]); n > 0 && want.brackets && (at == near || at == middle) {
		t.Errorf("%s: %d steps that were sent outside their bracket:\n%s", at, n, list(s.proofs.outside[0]))
	}
}

// share counts how many of all are good.
type share struct{ good, all int }

func (s *share) add(good bool) {
	s.all++
	if good {
		s.good++
	}
}

func (s *share) percent() float64 { return 100 * float64(s.good) / float64(s.all) }

// score sums up the endpoints that one kind of tap saw.
type score struct {
	equal     share
	settled   share // equal, or equal but for our last one or two steps, which are admitted guesses
	inside    share // of the matched steps' times
	scenarios map[string]*share
	widths    []time.Duration // of the brackets
	wrong     []string        // endpoints
	outside   []string        // times
	proofs    proofs
}

func (s *score) mean() float64 {
	sum := 0.0
	for _, one := range s.scenarios {
		sum += one.percent()
	}
	return sum / float64(len(s.scenarios))
}

func (s *score) String() string {
	slices.Sort(s.widths)
	median := time.Duration(0)
	if n := len(s.widths); n > 0 {
		median = s.widths[n/2]
	}
	return fmt.Sprintf("%5d endpoints, equal %.2f %%, settled %.2f %%, mean over scenarios %.2f %%, times in brackets %.2f %% (median width %v)",
		s.equal.all, s.equal.percent(), s.settled.percent(), s.mean(), s.inside.percent(), median)
}

// score adds the scenario's endpoints to the scores.
func (s *scenario) score(scores map[tap]*score) (problems error) {
	for _, at := range []string{"client", "server", "middle"} {
		path := filepath.Join(s.dir, s.name+"."+at+".pcap")
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		got, contradictions, err := analyze(path)
		if err != nil {
			return err
		}
		problems = errors.Join(problems, contradictions)
		there, err := socketPairs(path)
		if err != nil {
			return err
		}
		for i := range s.truths {
			t := &s.truths[i]
			if !there[keyOf(t.addr())] {
				continue
			}
			var ours [2][]analyzer.Step
			ours, got = take(got, t)
			for side := range analyzer.Server + 1 {
				if kernel := s.captured(t.states()[side]); len(kernel) > 0 {
					tap := s.tap(at, side)
					e := endpoint{fmt.Sprintf("%s.%s %v %v", s.name, at, t.addr()[side], side), ours[side], kernel, s.late()}
					scores[tap].add(s.name, &e)
				}
			}
		}
	}
	return problems
}

// tap says what the capture of a place is to an endpoint.
func (s *scenario) tap(place string, side analyzer.Side) tap {
	switch {
	case s.oneWay():
		return oneWay
	case place == "middle":
		return middle
	case place == side.String():
		return near
	}
	return far
}

// captured is what a capture can show of an endpoint's states: of those before it started, the last.
func (s *scenario) captured(states []entry) []entry {
	if !s.late() {
		return states
	}
	i := slices.IndexFunc(states, func(e entry) bool { return e.Time >= s.start })
	if i < 0 {
		i = len(states)
	}
	return states[max(i-1, 0):]
}

// take is our trajectories of the earliest conversation that can be t, with the sides as t has them,
// and the conversations that are left.
func take(got []conversation, t *truth) (ours [2][]analyzer.Step, rest []conversation) {
	want := t.addr()
	for _, swapped := range []bool{false, true} {
		for i, c := range got {
			if swapped {
				c.addr[0], c.addr[1] = c.addr[1], c.addr[0]
				c.trajectory[0], c.trajectory[1] = c.trajectory[1], c.trajectory[0]
			}
			if c.addr == want {
				return c.trajectory, slices.Delete(got, i, i+1)
			}
		}
	}
	return ours, got
}

// endpoint is one side of a connection at one tap.
type endpoint struct {
	name   string
	ours   []analyzer.Step
	kernel []entry
	late   bool
}

// strip takes away what the kernel's list starts behind.
func (e *endpoint) strip() {
	for len(e.ours) > 0 && (e.ours[0].State == fsm.Listen || e.ours[0].State == fsm.Closed || e.ours[0].State == fsm.Unknown) {
		e.ours = e.ours[1:]
	}
}

func (s *score) add(scenario string, e *endpoint) {
	e.strip()
	s.proofs.add(e)
	pairs, equal := compare(e.ours, e.kernel, e.late)
	settled := equal
	if !equal {
		pairs, settled = compareSettled(e.ours, e.kernel, e.late)
		s.wrong = append(s.wrong, e.String())
	}
	if s.scenarios[scenario] == nil {
		s.scenarios[scenario] = &share{}
	}
	s.scenarios[scenario].add(equal)
	s.equal.add(equal)
	s.settled.add(settled)
	for _, p := range pairs {
		s.time(e, &e.ours[p.ours], &e.kernel[p.kernel])
	}
}

// slack is how far outside its bracket a time may be: what the kernel's log and the capture may differ by.
const slack = analyzer.Time(time.Millisecond)

// time holds the kernel's time of a state against our bracket.
func (s *score) time(e *endpoint, step *analyzer.Step, kernel *entry) {
	from, to := step.NotBefore, step.NotAfter
	if from == 0 {
		from = step.Time
	}
	if to == 0 {
		to = step.Time
	}
	s.widths = append(s.widths, to.Sub(from))
	inside := from-slack <= kernel.Time && kernel.Time <= to+slack
	s.inside.add(inside)
	if !inside {
		s.outside = append(s.outside, fmt.Sprintf("  %s: %v %v, kernel %v after not_before, %v after not_after",
			e.name, step.State, step.Evidence, kernel.Time.Sub(from), kernel.Time.Sub(to)))
	}
}

// String is both lists of states, guesses marked by "?", timers by "!", transient entries by "~".
func (e *endpoint) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "  %s:", e.name)
	for i := range e.ours {
		fmt.Fprintf(&b, " %v%s", e.ours[i].State, [...]string{analyzer.EvidenceAssumed: "?", analyzer.EvidenceTimer: "!", analyzer.EvidenceSent: ""}[e.ours[i].Evidence])
	}
	b.WriteString(" | kernel:")
	for i := range e.kernel {
		fmt.Fprintf(&b, " %v", e.kernel[i].State)
		if e.kernel[i].Transient {
			b.WriteByte('~')
		}
	}
	return b.String()
}
