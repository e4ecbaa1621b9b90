package kernel

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
	"tcptrace/fsm"
	"tcptrace/internal/input"
	"tcptrace/internal/truth/invariant"
	"tcptrace/internal/wire"
)

// entry is a state that the kernel logged.
type entry struct {
	Time      analyzer.Time `json:"t"`
	State     fsm.State     `json:"state"`
	Why       string        `json:"why"`
	Transient bool          `json:"transient"` // left again while the same packet or call was handled
}

// byTimer reports whether no segment brought the state.
func (e *entry) byTimer() bool {
	return !strings.Contains(e.Why, "received") && !strings.Contains(e.Why, "sent")
}

// truth is a connection as both kernels logged it. A second use of a pair of sockets is
// another one.
type truth struct {
	Conn struct {
		Client netip.AddrPort `json:"client"`
		Server netip.AddrPort `json:"server"`
	} `json:"conn"`
	Client []entry `json:"client"`
	Server []entry `json:"server"`

	Retransmits []retransmit `json:"retransmits"`
}

func (t *truth) addr() [2]netip.AddrPort { return [2]netip.AddrPort{t.Conn.Client, t.Conn.Server} }

func (t *truth) states() [2][]entry { return [2][]entry{t.Client, t.Server} }

// scenario is a run of the two hosts: NAME.truth.jsonl, NAME.json and a capture a tap.
type scenario struct {
	dir, name string
	start     analyzer.Time    // of the captures
	delay     [2]analyzer.Time // of the link, by the side that sends
	truths    []truth
}

// late is a scenario whose captures start in mid-connection.
func (s *scenario) late() bool { return strings.HasPrefix(s.name, "late-") }

// oneWay is a scenario of which the taps see one direction only.
func (s *scenario) oneWay() bool { return strings.Contains(s.name, "-only-") }

// readScenarios reads all scenarios of a directory, in order of their names.
func readScenarios(dir string) ([]scenario, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.truth.jsonl"))
	if err != nil {
		return nil, err
	}
	var out []scenario
	for _, path := range paths {
		s := scenario{dir: dir, name: strings.TrimSuffix(filepath.Base(path), ".truth.jsonl")}
		if err := s.read(path); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		out = append(out, s)
	}
	return out, nil
}

func (s *scenario) read(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for d := json.NewDecoder(bytes.NewReader(b)); ; {
		var t truth
		if err := d.Decode(&t); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		s.truths = append(s.truths, t)
	}
	about, err := os.ReadFile(filepath.Join(s.dir, s.name+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var run struct {
		Start  analyzer.Time `json:"capture_start"`
		Client string        `json:"c2s"`
		Server string        `json:"s2c"`
	}
	if err == nil {
		err = json.Unmarshal(about, &run)
	}
	s.start = run.Start
	for side, link := range []string{run.Client, run.Server} {
		var delay string
		if _, err := fmt.Sscanf(link, "{Delay:%s", &delay); err == nil {
			d, _ := time.ParseDuration(delay)
			s.delay[side] = analyzer.Time(d)
		}
	}
	return err
}

// conversation is what the analysis says of a connection.
type conversation struct {
	stream     uint64
	addr       [2]netip.AddrPort
	trajectory [2][]analyzer.Step
}

// judged collects conversations with their trajectories.
type judged struct {
	judgment      analyzer.Judgment
	conversations []conversation
	path          string
	problems      error // what contradicts itself
}

func (k *judged) Conversation(c *analyzer.Conversation) error {
	k.judgment.Judge(c)
	for _, p := range invariant.Check(c, &k.judgment) {
		k.problems = errors.Join(k.problems, fmt.Errorf("%s: stream %d: %s", k.path, c.Stream, p))
	}
	got := conversation{stream: c.Stream, addr: c.Addr}
	for side, steps := range k.judgment.Trajectory {
		got.trajectory[side] = slices.Clone(steps)
	}
	k.conversations = append(k.conversations, got)
	return nil
}

// analyze is what the analysis says of a capture, in order of streams, and what of it contradicts itself.
func analyze(path string) (list []conversation, problems, err error) {
	src := input.Open([]string{path}, input.Options{})
	defer src.Close()
	k := judged{path: path}
	_, err = analyzer.Run(context.Background(), src, analyzer.Options{Workers: 1}, &k)
	for _, e := range src.Stats().Errors {
		err = errors.Join(err, e)
	}
	slices.SortFunc(k.conversations, func(a, b conversation) int { return cmp.Compare(a.stream, b.stream) })
	return k.conversations, k.problems, err
}

// socketPairs are the pairs of sockets that a capture has TCP packets of.
func socketPairs(path string) (map[wire.Key]bool, error) {
	pairs := map[wire.Key]bool{}
	err := eachPacket(path, func(_ packet.Packet, _ []byte, s *wire.Segment) {
		if s != nil {
			pairs[s.Key] = true
		}
	})
	return pairs, err
}

// eachPacket hands out the packets of a capture, each with what was captured of it and the segment that is in it, nil if there is none.
func eachPacket(path string, each func(p packet.Packet, data []byte, s *wire.Segment)) error {
	src := input.Open([]string{path}, input.Options{})
	defer src.Close()
	var (
		b packet.Batch
		d wire.Decoder
		s wire.Segment
	)
	for {
		if err := src.Next(&b); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		for i, p := range b.Packets {
			if d.Decode(p.Link, b.Data(i), p.WireLen, &s) == wire.TCP {
				each(p, b.Data(i), &s)
			} else {
				each(p, b.Data(i), nil)
			}
		}
	}
}

func keyOf(pair [2]netip.AddrPort) wire.Key {
	k, _ := wire.MakeKey(wireAddr(pair[0].Addr()), wireAddr(pair[1].Addr()), pair[0].Port(), pair[1].Port(), pair[0].Addr().Is6())
	return k
}

func wireAddr(a netip.Addr) wire.Addr {
	if a.Is4() {
		b := a.As4()
		return wire.Addr{Lo: uint64(binary.BigEndian.Uint32(b[:]))}
	}
	b := a.As16()
	return wire.Addr{Hi: binary.BigEndian.Uint64(b[:8]), Lo: binary.BigEndian.Uint64(b[8:])}
}
