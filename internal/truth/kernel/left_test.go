package kernel

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/testutil/thorough"
	"tcptrace/internal/wire"
)

// What a capture lacks proves nothing. These tests take packets from captures at random and hold what the rest is said to prove against the logs.
//
//	go test ./internal/truth/kernel -run TestLeft -left.runs 300 -left.seed 7
var (
	leftRuns = flag.Int("left.runs", 0, "take packets from each capture `n` times (0: as the test decides)")
	leftSeed = flag.Uint64("left.seed", 1, "choose them by this `number`")
)

func TestLeftOfChosenCaptures(t *testing.T) {
	for _, of := range []string{"kernel", "gvisor", "lwip", "ns3"} {
		t.Run(of, func(t *testing.T) { checkLeft(t, "../../../testdata/"+of) })
	}
}

func TestLeftOfAllCaptures(t *testing.T) {
	for dir := range all {
		t.Run(dir, func(t *testing.T) { checkLeft(t, truthDir(t, dir)) })
	}
}

func checkLeft(t *testing.T, dir string) {
	scenarios, err := readScenarios(dir)
	if err != nil || len(scenarios) == 0 {
		t.Fatalf("%d scenarios in %s: %v", len(scenarios), dir, err)
	}
	runs := *leftRuns
	if runs == 0 {
		if runs = 2; thorough.Asked() {
			runs = 20
		}
	}
	var score proofs
	for i := range scenarios {
		s := &scenarios[i]
		switch {
		case strings.HasPrefix(s.name, "many-"): // they are large, and their connections ordinary
			continue
		case strings.HasPrefix(s.name, "inject-"): // what tells that a segment was forged may be missing
			continue
		}
		for _, at := range []string{"client", "server", "middle"} {
			if err := s.proveLeft(at, runs, &score); err != nil {
				t.Error(err)
			}
		}
	}
	t.Log(&score)
	if len(score.false) > 0 {
		t.Errorf("false proofs:\n%s", list(score.false))
	}
}

// proveLeft adds to score what so many rests of a capture prove.
func (s *scenario) proveLeft(at string, runs int, score *proofs) error {
	path := filepath.Join(s.dir, s.name+"."+at+".pcap")
	all, dirs, err := readWhole(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(dirs) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	var problems error
	for run := range runs {
		r := rand.New(rand.NewPCG(*leftSeed, uint64(crc32.ChecksumIEEE([]byte(s.name+"."+at)))<<32|uint64(run)))
		left, how := leave(all, dirs, r)
		k := judged{path: fmt.Sprintf("%s, run %d: %s", path, run, how)}
		if _, err := analyzer.Run(context.Background(), &whole{left}, analyzer.Options{Workers: 1}, &k); err != nil {
			return err
		}
		problems = errors.Join(problems, k.problems)
		s.addLeft(&k, score)
	}
	return problems
}

// addLeft adds what is proved of the connections that had their sockets for themselves, and are one conversation.
func (s *scenario) addLeft(k *judged, score *proofs) {
	uses, told := map[wire.Key]int{}, map[wire.Key]int{}
	for i := range s.truths {
		uses[keyOf(s.truths[i].addr())]++
	}
	for _, c := range k.conversations {
		told[keyOf(c.addr)]++
	}
	for i := range s.truths {
		t := &s.truths[i]
		if key := keyOf(t.addr()); uses[key] != 1 || told[key] != 1 {
			continue
		}
		var ours [2][]analyzer.Step
		ours, k.conversations = take(k.conversations, t)
		for side := range analyzer.Server + 1 {
			if states := t.states()[side]; len(states) > 0 {
				e := endpoint{fmt.Sprintf("%s: %v", k.path, side), ours[side], states, true}
				e.strip()
				score.add(&e)
			}
		}
	}
}

// whole is a Source of one batch.
type whole struct{ left *packet.Batch }

func (w *whole) Next(b *packet.Batch) error {
	if w.left == nil {
		return io.EOF
	}
	b.Buf, b.Packets = append(b.Buf[:0], w.left.Buf...), append(b.Packets[:0], w.left.Packets...)
	w.left = nil
	return nil
}

// readWhole is a capture, and for each packet 0 or 1 by who sent the segment in it, else 2.
func readWhole(path string) (all packet.Batch, dirs []int, err error) {
	if _, err := os.Stat(path); err != nil {
		return all, nil, err
	}
	err = eachPacket(path, func(p packet.Packet, data []byte, s *wire.Segment) {
		all.Add(p, data)
		dir := 2
		if s != nil {
			dir = int(s.Dir)
		}
		dirs = append(dirs, dir)
	})
	return all, dirs, err
}

// leave takes packets from a capture: some of both sides, some or all of one, what is before or behind a packet, or a few in a row.
func leave(all packet.Batch, dirs []int, r *rand.Rand) (left *packet.Batch, how string) {
	n := len(dirs)
	from, to := 0, n
	var gap [2]int         // from, to
	var missing [3]float64 // by sender
	some := func(of ...float64) float64 { return of[r.IntN(len(of))] }
	switch r.IntN(6) {
	case 0:
		missing[0] = some(.02, .1, .3, .6)
		missing[1] = missing[0]
	case 1:
		missing[r.IntN(2)] = some(.1, .5, .9, 1)
	case 2:
		from = r.IntN(n)
	case 3:
		to = 1 + r.IntN(n)
	case 4:
		from = r.IntN(n)
		to = from + 1 + r.IntN(n-from)
		missing[0] = some(0, .1, .3)
		missing[1] = missing[0]
	case 5:
		gap[0] = r.IntN(n)
		gap[1] = gap[0] + 1 + r.IntN(6)
	}
	left = &packet.Batch{Buf: all.Buf}
	for i := from; i < to; i++ {
		if (i < gap[0] || i >= gap[1]) && r.Float64() >= missing[dirs[i]] {
			left.Packets = append(left.Packets, all.Packets[i])
		}
	}
	return left, fmt.Sprintf("packets %d to %d but for %v, shares of each side missing: %v", from+1, to, gap, missing[:2])
}
