package analyzer

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer/capturefile"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/testutil/golden"
	"tcptrace/internal/testutil/thorough"
	"tcptrace/internal/wire"
)

// heard is a Monitor and every word of its events, and of what can be asked of it.
type heard struct {
	*Monitor
	lines []string
}

func newHeard(o Options, waits bool) *heard {
	h := &heard{}
	h.Monitor = NewMonitor(o, Idle{}, func(e *Event) {
		c := *e.Conversation
		line := fmt.Sprint(e.Kind, " at ", e.Time, " ", e.Side, " over ", e.Over, fmt.Sprintf(" correction %+v, of %+v, judged %v %v", e.Correction, c, e.Judgment.State, len(e.Judgment.Anomalies)))
		if e.Step != nil {
			line += fmt.Sprintf(" step %+v", *e.Step)
		}
		if a := e.Anomaly; a != nil {
			line += fmt.Sprint(" ", a.Kind.ID, a.Kind.Severity, a.Frame, a.Time, a.Side, a.HasSide, a.Detail())
		}
		h.lines = append(h.lines, line)
	})
	h.parts[0].tracker.Waits = waits
	return h
}

// ask adds the answers to all that can be asked.
func (h *heard) ask(by Ranking) {
	say := func(s *Seen) bool {
		h.lines = append(h.lines, fmt.Sprintf("%s: %d %v %v at %d", by, s.Conversation.Stream, s.Rates, s.Judgment.State, s.Conversation.LastFrame))
		return true
	}
	h.Survey(by, say)
	h.Each(func(s *Seen) { say(s) })
	h.Find(5, func(s *Seen) { say(s) })
	h.lines = append(h.lines, fmt.Sprintf("%d open, states %v, %v sent again, %+v", h.Open(), *h.States(), *h.Retransmissions(), h.Summary()))
}

// equal reports where two differ.
func equal(t *testing.T, name string, a, b *heard) {
	t.Helper()
	for i := range max(len(a.lines), len(b.lines)) {
		if i >= len(a.lines) || i >= len(b.lines) || a.lines[i] != b.lines[i] {
			t.Fatalf("%s: line %d of %d and %d differs:\n%s\nhad its SYN not waited:\n%s", name, i, len(a.lines), len(b.lines),
				strings.Join(a.lines[min(i, len(a.lines)):min(i+1, len(a.lines))], ""), strings.Join(b.lines[min(i, len(b.lines)):min(i+1, len(b.lines))], ""))
		}
	}
}

// TestLiveEmbryosTellTheSame: that the SYN of a connection waits until more is seen of it makes no difference to anything that a Monitor tells,
// and when.
func TestLiveEmbryosTellTheSame(t *testing.T) {
	flags := [...]wire.Flags{wire.SYN, wire.SYN, wire.SYN, wire.SYN, wire.SYN, wire.SYN | wire.ACK, wire.ACK, wire.FIN | wire.ACK, wire.RST | wire.ACK, wire.SYN | wire.PSH}
	waited := 0
	seeds := uint64(50)
	switch {
	case testing.Short():
		seeds = 15
	case thorough.Asked():
		seeds = 300
	}
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 2))
		o := Options{MaxFlows: 3 + int(seed%5)*4, Quick: seed%4 == 0}
		both := [2]*heard{newHeard(o, true), newHeard(o, false)}
		now, keys := int64(1e18), 2+rng.IntN(30)
		var sent []wire.Segment
		for i := range 150 {
			now += 1 + rng.Int64N(int64(time.Second))
			s := wire.Segment{Key: flowKey(rng.IntN(keys)), Dir: uint8(rng.IntN(2)), Flags: flags[rng.IntN(len(flags))], Seq: 1000 + rng.Uint32N(2),
				Window: 100, TTL: 64, IPID: uint16(i), IPLen: 40, WireLen: 54}
			if s.Flags.Has(wire.ACK) {
				s.Ack = 1000 + rng.Uint32N(3)
			}
			if rng.IntN(6) == 0 {
				s.Len, s.PayloadCap, s.IPLen = 10, 10, 50
			}
			if i > 0 && rng.IntN(2) == 0 { // an earlier one is sent again, or captured twice
				s = sent[max(0, i-1-rng.IntN(10))]
				if rng.IntN(3) > 0 {
					s.IPID = uint16(i)
				} else {
					now = max(now-int64(time.Second), s.Time) + 500
				}
			}
			s.Time, s.Clock, s.Frame = now, now, uint64(i+1)
			sent = append(sent, s)
			if rng.IntN(5) == 0 {
				now += rng.Int64N(int64(20 * time.Second))
			}
			flush, ask, by, drops := rng.IntN(3) == 0, rng.IntN(9) == 0, Ranking(rng.IntN(int(ByRate)+1)), rng.IntN(30) == 0
			for _, h := range both {
				one := s
				h.lines = append(h.lines, fmt.Sprint("frame ", i+1, " is of ", h.Segment(&one)))
				if drops {
					h.Dropped(3)
				}
				if flush {
					h.Flush(Time(now))
				}
				if ask {
					h.ask(by)
				}
				if seed%3 == 0 && i%50 == 49 {
					h.Report(Time(now - 3e9))
				}
			}
			waited = max(waited, both[0].parts[0].tracker.Embryos())
		}
		for _, h := range both {
			h.lines = append(h.lines, fmt.Sprintf("%+v", h.Finish()))
		}
		equal(t, fmt.Sprint("seed ", seed), both[0], both[1])
	}
	if waited < 3 {
		t.Errorf("%d SYNs waited at once at most", waited)
	}
}

// TestLiveEmbryosOfCaptures is that for captures, which have all else that there is.
func TestLiveEmbryosOfCaptures(t *testing.T) {
	paths := golden.Captures(t)
	for i, path := range paths {
		both := [2]*heard{newHeard(Options{}, true), newHeard(Options{}, false)}
		for _, h := range both {
			var b packet.Batch
			file := capturefile.Open(path)
			for file.Next(&b) == nil {
				for j := range b.Packets {
					part := packet.Batch{Buf: b.Buf, Packets: b.Packets[j : j+1]}
					h.Batch(&part, func(n *Numbered) { h.lines = append(h.lines, fmt.Sprint(n.Frame, " of ", n.Stream, n.TCP)) })
					if j%(1+i%3) == 0 {
						h.Flush(h.Clock())
					}
				}
				h.ask(Ranking(i % 5))
			}
			_ = file.Close()
			h.lines = append(h.lines, fmt.Sprintf("%+v", h.Finish()))
		}
		equal(t, path, both[0], both[1])
	}
}

// TestLiveUnansweredSYNIsSmall: what a Monitor holds for each SYN of a flood, with what was told of it, and when it will be looked at again.
func TestLiveUnansweredSYNIsSmall(t *testing.T) {
	const n = 1<<16 + 1 // the worst number: all that grows by doubling has just done so
	used := func() int {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	before := used()
	m := NewMonitor(Options{MaxFlows: 2 * n}, Idle{}, func(*Event) {})
	frame, at := uint64(0), Time(1e18)
	for sent, most := range [...]int{330, 400, 400, 400, 400, 400, 400} { // then again, six times
		if testing.Short() && sent > 0 {
			break
		}
		for i := range n {
			frame++
			at += 1000
			s := wire.Segment{Key: flowKey(i), Time: int64(at), Clock: int64(at), Frame: frame, Flags: wire.SYN, Seq: 7, IPID: uint16(frame), Window: 1000}
			m.Segment(&s)
			if i%1000 == 0 {
				m.Flush(at)
			}
		}
		for range 2 {
			at += 4 * Time(time.Second) // no answer is told
			m.Flush(at)
		}
		per := (used() - before) / n
		if t.Logf("sent %d times: %d bytes", sent+1, per); per > most {
			t.Errorf("sent %d times: %d bytes for each", sent+1, per)
		}
		if m.Open() != n {
			t.Errorf("%d are open", m.Open())
		}
	}
}
