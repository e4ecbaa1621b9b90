package kernel

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
	"tcptrace/internal/truth/invariant"
	"tcptrace/internal/wire"
)

// lossTolerance is by how much the losses that a tap tells may differ from those that there were, of all together.
const lossTolerance = 0.05

func TestLossesOfChosenCaptures(t *testing.T) { checkLosses(t, "../../../testdata/kernel") }

func TestLossesOfAllCaptures(t *testing.T) { checkLosses(t, allCaptures(t)) }

// checkLosses compares the losses that the analysis tells of a sender with those that the captures of both ends show: what left the one and
// did not come to the other. The far end cannot know of a copy that was lost behind another.
func checkLosses(t *testing.T, dir string) {
	scenarios, err := readScenarios(dir)
	if err != nil || len(scenarios) == 0 {
		t.Fatalf("%d scenarios in %s: %v", len(scenarios), dir, err)
	}
	var ours, real [3]int
	taps := [3]tap{near, middle, far}
	for i := range scenarios {
		s := &scenarios[i]
		switch {
		case s.late(), s.oneWay():
			continue
		case strings.Contains(s.name, "offload"), strings.HasPrefix(s.name, "backlog-overflow"), s.name == "final-ack-lost-forever":
			continue // cards split and join segments; a host drops what the network delivered; of the ACKs of a FIN none came
		case strings.Contains(s.name, "rst-lost"), s.name == "synack-late", s.name == "synrcvd-giveup":
			continue // what is sent again had come, and its answer was lost, late or never sent: to the tap that is the same
		}
		if strings.Contains(s.name, "nosack") {
			continue // behind a timeout all is sent again, and without SACK nobody says which of that had come
		}
		drops, err := s.drops()
		if err != nil {
			t.Error(err)
			continue
		}
		for i, at := range taps {
			told, err := s.losses(at)
			if err != nil {
				t.Error(err)
			}
			for key, n := range drops {
				ours[i] += told[key]
				real[i] += n
				if *showWrong && told[key] != n {
					t.Logf("%s %s %v: %d lost, told %d", s.name, at, key, n, told[key])
				}
			}
		}
	}
	for i, at := range taps {
		off := math.Abs(float64(ours[i]-real[i])) / float64(real[i])
		t.Logf("%-7s %d lost, told %d: %.1f %% off", at, real[i], ours[i], 100*off)
		if at != far && off > lossTolerance {
			t.Errorf("%s: %d lost, told %d", at, real[i], ours[i])
		}
	}
}

// flow is a direction of a pair of sockets.
type flow struct {
	from  [2]wire.Addr
	ports [2]uint16
}

// leaving is a segment that takes sequence space, by what tells it from any other.
type leaving struct {
	flow
	seq, len, tsval uint32
	id              uint16
	flags           wire.Flags
}

// sentSegments counts the segments of a capture that take sequence space; last is the latest of each flow.
func (s *scenario) sentSegments(at string) (all map[leaving]int, last map[flow]leaving, err error) {
	src := input.Open([]string{filepath.Join(s.dir, s.name+"."+at+".pcap")}, input.Options{})
	defer src.Close()
	var (
		b packet.Batch
		d wire.Decoder
		x wire.Segment
	)
	all, last = map[leaving]int{}, map[flow]leaving{}
	for {
		if err := src.Next(&b); err == io.EOF {
			return all, last, nil
		} else if err != nil {
			return nil, nil, err
		}
		for i, p := range b.Packets {
			if d.Decode(p.Link, b.Data(i), p.WireLen, &x) != wire.TCP || x.SeqLen() == 0 || x.Flags.Any(wire.RST) {
				continue
			}
			l := leaving{seq: x.Seq, len: x.Len, tsval: x.TSval, id: x.IPID, flags: x.Flags}
			l.from, l.ports = [2]wire.Addr{x.Key.A, x.Key.B}, [2]uint16{x.Key.PortA, x.Key.PortB}
			if x.Dir == 1 {
				l.from[0], l.from[1] = l.from[1], l.from[0]
				l.ports[0], l.ports[1] = l.ports[1], l.ports[0]
			}
			all[l]++
			last[l.flow] = l
		}
	}
}

// side is the one of its two hosts that sends in the flow.
func (f *flow) side() analyzer.Side {
	for _, a := range []string{"10.0.0.1", "fd00::1"} {
		if f.from[0] == wireAddr(netip.MustParseAddr(a)) {
			return analyzer.Client
		}
	}
	return analyzer.Server
}

// drops is how many segments of each flow left their host and did not come to the other. The last of a flow does not count: nothing that its sender
// sends later shows that it was lost.
func (s *scenario) drops() (map[flow]int, error) {
	var (
		at   [2]map[leaving]int
		last [2]map[flow]leaving
	)
	for side := range at {
		var err error
		if at[side], last[side], err = s.sentSegments(analyzer.Side(side).String()); err != nil {
			return nil, err
		}
	}
	out := map[flow]int{}
	for side := range at {
		for l, n := range at[side] {
			if l.side() == analyzer.Side(side) && l != last[side][l.flow] {
				out[l.flow] += max(0, min(n, 1)-at[1-side][l])
			}
		}
	}
	return out, nil
}

// losses is what the analysis tells of the flows that it sees at a tap.
func (s *scenario) losses(at tap) (map[flow]int, error) {
	out := map[flow]int{}
	places := []string{"middle"}
	if at != middle {
		places = []string{"client", "server"}
	}
	for _, place := range places {
		var all visitor
		src := input.Open([]string{filepath.Join(s.dir, s.name+"."+place+".pcap")}, input.Options{})
		_, err := analyzer.Run(context.Background(), src, analyzer.Options{Workers: 1}, &all)
		src.Close()
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", s.name, place, err)
		}
		for _, c := range all.conversations {
			for _, broken := range invariant.Numbers(c) {
				return nil, fmt.Errorf("%s.%s, stream %d: %s", s.name, place, c.Stream, broken)
			}
			for side := range analyzer.Server + 1 {
				f := flow{
					[2]wire.Addr{wireAddr(c.Addr[side].Addr()), wireAddr(c.Addr[side.Peer()].Addr())},
					[2]uint16{c.Addr[side].Port(), c.Addr[side.Peer()].Port()},
				}
				if at == middle || (at == near) == (f.side().String() == place) {
					out[f] += int(c.Sent[side].Lost)
				}
			}
		}
	}
	return out, nil
}
