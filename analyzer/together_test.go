package analyzer

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"tcptrace/analyzer/capturefile"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/testutil/golden"
)

// toldBy is every word of a Monitor with so many parts about some packets: of each conversation in its order, and the summary. What is told at the
// moment when it is worked out, has no time, but each word has before which Flush it was told.
func toldBy(workers int, apart bool, flush []int, captures ...string) (told map[uint64][]string, packets []string, sum string) {
	told = map[uint64][]string{}
	flushed := 0
	tell := func(e *Event) {
		at := e.Time
		if e.Kind == EventCorrection || e.Kind == EventConversation {
			at = 0
		}
		line := fmt.Sprint(flushed, " ") + fmt.Sprintf("%s at %d %s over %s correction %+v of %+v, judged %v %v", e.Kind, at, e.Side, e.Over, e.Correction, *e.Conversation, e.Judgment.Trajectory, e.Judgment.State)
		for i := range e.Judgment.Anomalies {
			line += " " + e.Judgment.Anomalies[i].Detail()
		}
		if e.Step != nil {
			line += fmt.Sprintf(" step %+v", *e.Step)
		}
		if e.Anomaly != nil {
			line += " " + e.Anomaly.Kind.ID
		}
		told[e.Conversation.Stream] = append(told[e.Conversation.Stream], line)
	}
	if !apart {
		return watch(NewMonitor(Options{Workers: workers}, Idle{}, tell), told, flush, &flushed, captures)
	}
	var lock sync.Mutex // of told, which is of all parts
	m := NewMonitor(Options{Workers: workers}, Idle{}, tell)
	m.TellApart(func(int) func(*Event) {
		return func(e *Event) {
			lock.Lock()
			defer lock.Unlock()
			tell(e)
		}
	})
	return watch(m, told, flush, &flushed, captures)
}

// watch has m watch captures, one behind the other.
func watch(m *Monitor, told map[uint64][]string, flush []int, flushed *int, captures []string) (_ map[uint64][]string, packets []string, sum string) {
	m.fewest = 1
	for _, path := range captures {
		var b packet.Batch
		file := capturefile.Open(path)
		last, shift := int64(m.Clock()), int64(0)
		for file.Next(&b) == nil {
			if shift == 0 && len(b.Packets) > 0 {
				shift = max(1, last-b.Packets[0].Time)
			}
			for i := range b.Packets {
				b.Packets[i].Time += shift // a capture begins where the one before ends
			}
			for i, n := 0, 0; i < len(b.Packets); i, n = i+flush[n%len(flush)], n+1 {
				part := packet.Batch{Buf: b.Buf, Packets: b.Packets[i:min(i+flush[n%len(flush)], len(b.Packets))]}
				m.Batch(&part, func(p *Numbered) { packets = append(packets, fmt.Sprint(p.Frame, " of ", p.Stream, p.TCP)) })
				m.Flush(m.Clock())
				*flushed++
			}
		}
	}
	states := *m.States()
	again := *m.Retransmissions()
	return told, packets, fmt.Sprintf("%+v %v %v %d", m.Finish(), states, again, m.Open())
}

// TestPartsTellTheSame: by how many goroutines conversations are tracked and judged makes no difference to what is told of any.
func TestPartsTellTheSame(t *testing.T) {
	paths := golden.Captures(t)
	slices.Sort(paths)
	if testing.Short() { // under the race detector all of them take half a minute
		paths = paths[:len(paths)/4]
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for i := 0; i < len(paths); i += 5 { // several, so that there are several conversations
		some := paths[i:min(i+5, len(paths))]
		flush := []int{1 + rng.IntN(40), 1 + rng.IntN(300), 2000}
		one, packets, sum := toldBy(1, false, flush, some...)
		for n := range 4 {
			workers := []int{2, 7}[n%2]
			several, p, s := toldBy(workers, n > 1, flush, some...)
			if s != sum || !slices.Equal(p, packets) || len(several) != len(one) {
				t.Fatalf("%v by %d workers: %d conversations, %s\nby one: %d, %s", some, workers, len(several), s, len(one), sum)
			}
			for stream := range one {
				if !slices.Equal(one[stream], several[stream]) {
					for n := range min(len(one[stream]), len(several[stream])) {
						if one[stream][n] != several[stream][n] {
							t.Fatalf("%v: stream %d, event %d\nby %d workers %s\nby one %s", some, stream, n, workers, several[stream][n], one[stream][n])
						}
					}
					t.Fatalf("%v: stream %d has %d events by %d workers, %d by one", some, stream, len(several[stream]), workers, len(one[stream]))
				}
			}
		}
	}
}

// TestPartsFor: there are as many parts as a power of two has room for, and one at least.
func TestPartsFor(t *testing.T) {
	for workers, want := range map[int]int{-1: 1, 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 7: 4, 8: 8, 64: 64, 65: 64, 1000: 64} {
		if got := partsFor(workers); got != want {
			t.Errorf("%d workers: %d parts, want %d", workers, got, want)
		}
	}
	m := NewMonitor(Options{Workers: 4, MaxFlows: 1001}, Idle{}, func(*Event) {})
	if len(m.parts) != 4 || m.Bound() != 1000 {
		t.Errorf("%d parts for %d conversations", len(m.parts), m.Bound())
	}
	if one := NewMonitor(Options{MaxFlows: 1001}, Idle{}, func(*Event) {}); one.Bound() != 1001 || len(one.group.packets) > 32 {
		t.Errorf("one part has %d conversations and groups of %d packets", one.Bound(), len(one.group.packets))
	}
}
