package kernel

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/internal/input"
)

// At a moment between steps the states of a connection must be those of the kernels, at every tap. Not
// compared are moments at which
//   - our state is assumed, or from before anything of the endpoint was seen,
//   - the kernel's time of a step may lie on either side of it (Unsettled, and the slack),
//   - the kernel has closed, but its FIN or RST has not passed the tap: it waits behind data, or was lost,
//   - the kernel's last entry is past, if it is a CLOSED or LISTEN that no segment brought,
//   - the kernel is in a state that it passed in the same instant,
//   - TIME_WAIT has just ended by our clock: Linux takes up to 61.4 s.
//
// An endpoint that is CLOSED, in LISTEN or not there has no state for the connection: those are equal.

// exceptions are scenarios and taps at which moments cannot be equal.
var exceptions = map[string][]tap{
	"syn-cookies":            {near, middle}, // no state is kept before the handshake's ACK, in which the cookie comes back
	"syn-cookies-v6":         {near, middle},
	"inject-rst":             {middle, far}, // the RST comes in behind the tap
	"synrcvd-giveup":         {far},         // every ACK of the SYN-ACK was lost before the tap
	"timewait-assassination": {far},         // the ACK of the FIN came in behind the tap
	"timewait-rfc1337":       {far},
}

// knownWrong is how many moments are wrong at a tap: one client of many-loss2 has a FIN 37 ms before it acknowledges that, and a copy of
// it comes in between, which is taken for the one that arrived.
var knownWrong = map[tap]int{middle: 1, far: 1}

func TestChosenMoments(t *testing.T) {
	checkMoments(t, "../../../testdata/kernel")
}

func TestAllMoments(t *testing.T) {
	checkMoments(t, allCaptures(t))
}

// momentScore is what was compared at one kind of tap.
type momentScore struct {
	equal    share
	excepted int
	wrong    []string
}

func checkMoments(t *testing.T, dir string) {
	scenarios, err := readScenarios(dir)
	if err != nil || len(scenarios) == 0 {
		t.Fatalf("%d scenarios in %s: %v", len(scenarios), dir, err)
	}
	scores := map[tap]*momentScore{near: {}, middle: {}, far: {}, oneWay: {}}
	for i := range scenarios {
		if err := scenarios[i].moments(scores); err != nil {
			t.Error(err)
		}
	}
	for _, at := range taps {
		s := scores[at]
		t.Logf("%-7s %5d moments compared, %5d equal, %3d more in scenarios that are exceptions", at, s.equal.all, s.equal.good, s.excepted)
		say := t.Errorf
		if len(s.wrong) <= knownWrong[at] {
			say = t.Logf
		}
		if len(s.wrong) > 0 {
			say("%s:\n%s", at, strings.Join(s.wrong, "\n"))
		}
	}
	if near := scores[near]; near.equal.all < 3*len(scenarios) {
		t.Errorf("only %d moments compared near the endpoints of %d scenarios", near.equal.all, len(scenarios))
	}
}

// visitor collects what is needed to ask for the moments of conversations later.
type visitor struct{ conversations []*analyzer.Conversation }

func (v *visitor) Conversation(c *analyzer.Conversation) error {
	kept := new(analyzer.Conversation)
	c.CopyTo(kept)
	v.conversations = append(v.conversations, kept)
	return nil
}

func (s *scenario) moments(scores map[tap]*momentScore) error {
	for _, place := range []string{"client", "server", "middle"} {
		path := filepath.Join(s.dir, s.name+"."+place+".pcap")
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var got visitor
		src := input.Open([]string{path}, input.Options{})
		sum, err := analyzer.Run(context.Background(), src, analyzer.Options{Workers: 1}, &got)
		src.Close()
		if err != nil {
			return err
		}
		slices.SortFunc(got.conversations, func(a, b *analyzer.Conversation) int { return cmp.Compare(a.Stream, b.Stream) })
		var life analyzer.Lifetime
		for i := range s.truths {
			t := &s.truths[i]
			c, swapped := got.take(t.addr())
			if c == nil {
				continue
			}
			life.Of(c)
			for side := range analyzer.Server + 1 {
				kernel := s.captured(t.states()[side])
				if len(kernel) == 0 {
					continue
				}
				ours := side
				if swapped {
					ours = side.Peer()
				}
				w := witness{fmt.Sprintf("%s.%s %v %v", s.name, place, t.addr()[side], side), &life, ours, kernel, c.Start, sum.End}
				at := s.tap(place, side)
				w.compare(scores[at], slices.Contains(exceptions[s.name], at))
			}
		}
	}
	return nil
}

// take is the earliest conversation between two sockets. It is taken out. swapped: the sides are the other way around.
func (v *visitor) take(want [2]netip.AddrPort) (c *analyzer.Conversation, swapped bool) {
	for _, swapped := range []bool{false, true} {
		if swapped {
			want[0], want[1] = want[1], want[0]
		}
		for i, c := range v.conversations {
			if c.Addr == want {
				v.conversations = slices.Delete(v.conversations, i, i+1)
				return c, swapped
			}
		}
	}
	return nil, false
}

// witness is an endpoint whose moments are compared with its kernel's log.
type witness struct {
	name       string
	life       *analyzer.Lifetime
	side       analyzer.Side
	kernel     []entry
	start, end analyzer.Time // from the connection's first frame to the end of the capture
}

// compare samples the middle of every time between two of our changes or the kernel's entries.
func (w *witness) compare(score *momentScore, excepted bool) {
	bounds := []analyzer.Time{w.start, w.end}
	for i := range w.life.Changes {
		bounds = append(bounds, w.life.Changes[i].Time)
	}
	for i := range w.kernel {
		bounds = append(bounds, w.kernel[i].Time)
	}
	slices.Sort(bounds)
	for i := 1; i < len(bounds); i++ {
		at := bounds[i-1] + (bounds[i]-bounds[i-1])/2
		if bounds[i]-bounds[i-1] <= 2*slack || at < w.start || at > w.end {
			continue
		}
		kernel, known := w.kernelAt(at)
		ours, settled := w.oursAt(at)
		switch {
		case !known || !settled || (ours == fsm.Established || ours == fsm.CloseWait) && kernel.closed():
		case excepted:
			score.excepted++
		default:
			good := ours == stateless(kernel.State)
			score.equal.add(good)
			if !good {
				score.wrong = append(score.wrong, fmt.Sprintf("  %s, %v after the first frame: %v, kernel %v", w.name, at.Sub(w.start), ours, kernel.State))
			}
		}
	}
}

// closed reports whether the endpoint is where it came by a FIN or RST of its own.
func (e *entry) closed() bool {
	return e.State == fsm.FinWait1 || e.State == fsm.Closing || e.State == fsm.LastAck || strings.HasPrefix(e.Why, "sent RST")
}

// oursAt is our state at a moment, if it is one to compare.
func (w *witness) oursAt(at analyzer.Time) (state fsm.State, settled bool) {
	m, present := w.life.At(at)
	e := &m[w.side]
	state = stateless(e.State)
	if !present {
		state = fsm.Closed
	}
	justExpired := e.Evidence == analyzer.EvidenceTimer && at.Sub(e.Since) < 2*time.Second
	return state, !e.Unsettled && e.Since != 0 && e.Evidence != analyzer.EvidenceAssumed && !justExpired
}

// kernelAt is the kernel's entry at a moment, if it is one to compare.
func (w *witness) kernelAt(at analyzer.Time) (e entry, known bool) {
	i := len(w.kernel) - 1
	for i >= 0 && w.kernel[i].Time > at {
		i--
	}
	if i < 0 {
		return entry{State: fsm.Closed}, true
	}
	e = w.kernel[i]
	silent := i == len(w.kernel)-1 && (e.State == fsm.Closed || e.State == fsm.Listen) && e.byTimer()
	return e, !silent && !e.Transient
}

// stateless makes one of the states in which there is no connection.
func stateless(s fsm.State) fsm.State {
	if s == fsm.Listen || s == fsm.Unknown {
		return fsm.Closed
	}
	return s
}
