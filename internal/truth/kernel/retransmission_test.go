package kernel

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/input"
	"tcptrace/internal/wire"
)

// retransmit is a retransmission as the kernel of its sender logged it.
type retransmit struct {
	Time analyzer.Time `json:"t"`
	Side string        `json:"side"`
	Seq  uint32        `json:"seq"`
	Len  uint32        `json:"len"`
	Kind string        `json:"kind"`
}

// causesOf are what we may call a retransmission that the kernel sent for a reason. A kind that
// is not listed is not scored: no segment shows that a SYN-ACK answers a repeated SYN but the order of both.
var causesOf = map[string][]analyzer.Cause{
	"timer":            {analyzer.CauseTimeout},
	"loss recovery":    {analyzer.CauseTimeout}, // what follows a timeout
	"fast":             {analyzer.CauseFast, analyzer.CauseSACK},
	"reordering timer": {analyzer.CauseSACK, analyzer.CauseFast},
	"tail loss probe":  {analyzer.CauseTailProbe},
}

// retransmissionFloor is what a tap must reach, in per cent.
type retransmissionFloor struct{ recall, precision, cause float64 }

// The floors are the present figures, beside them, less than one retransmission lower. What is wrong at the far end are
// mostly frames that are matched with another's entry in the log: copies of the same bytes arrive close together.
var (
	retransmissionFloorsOfChosen = map[tap]retransmissionFloor{
		near:   {100, 100, 100},  // 100 100 100
		middle: {100, 100, 99.3}, // 100 100 99.32
		far:    {100, 96.4, 100}, // 100 96.46 100
	}
	retransmissionFloorsOfAll = map[tap]retransmissionFloor{
		near:   {100, 100, 99.7},  // 100 100 99.71
		middle: {100, 100, 99.1},  // 100 100 99.12
		far:    {98.8, 98.1, 100}, // 98.89 98.17 100
	}
)

func TestRetransmissionsOfChosenCaptures(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes seconds")
	}
	checkRetransmissions(t, "../../../testdata/kernel", retransmissionFloorsOfChosen)
}

func TestRetransmissionsOfAllCaptures(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes seconds")
	}
	checkRetransmissions(t, allCaptures(t), retransmissionFloorsOfAll)
}

func checkRetransmissions(t *testing.T, dir string, floors map[tap]retransmissionFloor) {
	scenarios, err := readScenarios(dir)
	if err != nil || len(scenarios) == 0 {
		t.Fatalf("%d scenarios in %s: %v", len(scenarios), dir, err)
	}
	scores := map[tap]*retransmissionScore{}
	for _, at := range []tap{near, middle, far} {
		scores[at] = &retransmissionScore{causes: map[string]int{}}
	}
	for i := range scenarios {
		if err := scenarios[i].scoreRetransmissions(scores); err != nil {
			t.Error(err)
		}
	}
	for _, at := range []tap{near, middle, far} {
		s, f := scores[at], floors[at]
		t.Logf("%-7s %v", at, s)
		comparePeers(t, at, s)
		if *showWrong {
			t.Logf("%s:\n%s", at, strings.Join(s.wrong, "\n"))
		}
		for _, figure := range []struct {
			name       string
			got, least float64
		}{
			{"recall", s.recall.percent(), f.recall},
			{"precision", s.precision.percent(), f.precision},
			{"causes", s.cause.percent(), f.cause},
		} {
			if !(figure.got >= figure.least) {
				t.Errorf("%s, %s of retransmissions: %.2f %%, less than %.2f %%", at, figure.name, figure.got, figure.least)
			}
		}
	}
}

// retransmissionScore sums up what one kind of tap shows.
type retransmissionScore struct {
	recall, precision, cause share
	unmatched                int            // the kernel's, without a frame
	blind                    int            // of which nothing captured before shows that they are any: left out
	causes                   map[string]int // by what the kernel says and what we say
	wrong                    []string
	peers                    [numPeers]struct{ recall, precision share }
}

func (s *retransmissionScore) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%4d retransmissions, recall %.2f %%, precision %.2f %%, cause %.2f %% of %d; %d without a frame, %d without a trace of the first\n",
		s.recall.all, s.recall.percent(), s.precision.percent(), s.cause.percent(), s.cause.all, s.unmatched, s.blind)
	for _, k := range slices.Sorted(maps.Keys(s.causes)) {
		fmt.Fprintf(&b, "          %4d %s\n", s.causes[k], k)
	}
	return b.String()
}

// frame is a captured segment and what we say of it.
type frame struct {
	number   uint64
	time     analyzer.Time
	from     [2]wire.Addr // source and destination
	ports    [2]uint16
	seq, len uint32
	flags    wire.Flags
	kind     analyzer.Kind
	cause    analyzer.Cause
	spurious bool
	truth    *retransmit
	shown    bool           // something captured before shows that the sender had sent the first of its bytes
	peers    [numPeers]bool // so many say that it is a retransmission
}

// readFrames is the segments of a capture with their readings.
func readFrames(path string) ([]frame, error) {
	src := input.Open([]string{path}, input.Options{})
	defer src.Close()
	var (
		out     []frame
		byFrame = map[uint64]int{}
	)
	a := analyzer.New(analyzer.Options{}, &visitor{})
	a.Watch(func(r *analyzer.Reading) {
		if r.Amends != 0 {
			f := &out[byFrame[r.Amends]]
			f.kind, f.cause, f.spurious = r.Kind, r.Cause, r.Spurious
			return
		}
		s := r.Segment
		f := frame{number: s.Frame, time: analyzer.Time(s.Time), seq: s.Seq, len: s.Len, flags: s.Flags, kind: r.Kind, cause: r.Cause, spurious: r.Spurious}
		f.from, f.ports = [2]wire.Addr{s.Key.A, s.Key.B}, [2]uint16{s.Key.PortA, s.Key.PortB}
		if s.Dir == 1 {
			slices.Reverse(f.from[:])
			slices.Reverse(f.ports[:])
		}
		byFrame[f.number] = len(out)
		out = append(out, f)
	})
	_, err := a.Run(context.Background(), src)
	for _, e := range src.Stats().Errors {
		err = errors.Join(err, e)
	}
	return out, err
}

// matchWindow is how far the kernel's log and a frame of it may be apart.
const matchWindow = analyzer.Time(20 * time.Millisecond)

// scoreRetransmissions holds the readings of the scenario's captures against the kernels' logs. A logged retransmission is the frame
// of its sender that has its number and is nearest to it in time.
func (s *scenario) scoreRetransmissions(scores map[tap]*retransmissionScore) error {
	for _, at := range []string{"client", "server", "middle"} {
		path := filepath.Join(s.dir, s.name+"."+at+".pcap")
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		frames, err := readFrames(path)
		if err != nil {
			return err
		}
		if err := s.askPeers(path, frames); err != nil {
			return err
		}
		for side := range analyzer.Server + 1 {
			senders := map[[2]wire.Addr]map[[2]uint16]bool{}
			score := scores[near]
			switch {
			case at == "middle":
				score = scores[middle]
			case at != side.String():
				score = scores[far]
			}
			for i := range s.truths {
				t := &s.truths[i]
				from := [2]wire.Addr{wireAddr(t.addr()[side].Addr()), wireAddr(t.addr()[side.Peer()].Addr())}
				ports := [2]uint16{t.addr()[side].Port(), t.addr()[side.Peer()].Port()}
				if senders[from] == nil {
					senders[from] = map[[2]uint16]bool{}
				}
				senders[from][ports] = true
				late := analyzer.Time(0)
				if score == scores[far] {
					late = s.delay[side]
				}
				for j := range t.Retransmits {
					if x := &t.Retransmits[j]; x.Side == side.String() && !match(frames, from, ports, x, late) {
						score.unmatched++
					}
				}
			}
			for i := range frames {
				if f := &frames[i]; senders[f.from][f.ports] && (f.len > 0 || f.flags.Any(wire.SYN|wire.FIN)) {
					score.add(fmt.Sprintf("%s.%s", s.name, at), f)
				}
			}
		}
	}
	return nil
}

func match(frames []frame, from [2]wire.Addr, ports [2]uint16, x *retransmit, late analyzer.Time) bool {
	var best *frame
	apart := func(f *frame) analyzer.Time { return max(f.time-x.Time-late, x.Time+late-f.time) }
	shown := false // that the sender had sent as much before
	for i := range frames {
		f := &frames[i]
		if f.from != from || f.ports != ports {
			continue
		}
		if f.seq == x.Seq && f.truth == nil && apart(f) < matchWindow && (best == nil || apart(f) < apart(best)) {
			best = f
			f.shown = shown
		}
		shown = shown || int32(f.seq+f.size()-x.Seq) > 0
	}
	if best == nil {
		return false
	}
	best.truth = x
	for i := range frames { // one entry of the log can leave the host as several segments
		if f := &frames[i]; f.from == from && f.ports == ports && f.truth == nil && f.seq-x.Seq-1 < x.Len-1 && f.time-best.time < analyzer.Time(time.Millisecond) && f.time > best.time {
			f.truth, f.shown = x, best.shown
		}
	}
	return true
}

func (s *retransmissionScore) add(capture string, f *frame) {
	ours := f.kind == analyzer.KindRetransmission
	if f.truth == nil && f.flags.Has(wire.SYN|wire.ACK) && strings.HasPrefix(capture, "fastopen") {
		return // the kernel does not log that a fast-open server repeats its SYN-ACK
	}
	s.addPeers(f)
	if f.truth != nil && !ours && !f.shown {
		s.blind++
		return
	}
	if f.truth != nil {
		s.recall.add(ours)
	}
	if ours {
		s.precision.add(f.truth != nil)
	}
	switch {
	case (f.truth != nil) != ours:
		logged := "not logged"
		if f.truth != nil {
			logged = f.truth.Kind
		}
		s.wrong = append(s.wrong, fmt.Sprintf("  %s frame %d: %v %v, spurious %v, kernel %s", capture, f.number, f.kind, f.cause, f.spurious, logged))
	case ours:
		_, why, _ := strings.Cut(f.truth.Kind, ", ")
		s.causes[f.truth.Kind+" -> "+f.cause.String()]++
		may, scored := causesOf[why]
		if !scored {
			return
		}
		right := slices.Contains(may, f.cause)
		s.cause.add(right)
		if !right {
			s.wrong = append(s.wrong, fmt.Sprintf("  %s frame %d: %v, kernel %s", capture, f.number, f.cause, f.truth.Kind))
		}
	}
}

// size is the sequence space that the segment takes.
func (f *frame) size() uint32 {
	s := wire.Segment{Len: f.len, Flags: f.flags}
	return s.SeqLen()
}
