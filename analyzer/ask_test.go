package analyzer

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tcptrace/analyzer/capturefile"
	"tcptrace/analyzer/host"
	"tcptrace/analyzer/packet"
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// TestAsk: a host that says more, without a packet, corrects what was told; of a stream that nobody follows it says nothing.
func TestAsk(t *testing.T) {
	w := newWatched(Options{}, Idle{})
	end := &host.End{All: true, Late: time.Second}
	w.Ask(func(*Conversation) ([2]*host.End, bool) { return [2]*host.End{Client: end}, true })
	w.establish(1)
	w.pass(10 * time.Millisecond)
	w.told = nil
	start := int64(w.at)
	end = &host.End{All: true, Late: time.Second, Words: []host.Word{{State: fsm.SynSent}, {State: fsm.Established, Time: start}, {State: fsm.Closed, Time: start + 1}}}
	w.Again(7)
	if w.pass(10 * time.Millisecond); len(w.told) > 0 {
		t.Errorf("not judged again, and told %q", w.told)
	}
	w.Again(0)
	if w.pass(10 * time.Millisecond); !slices.Equal(w.told, []string{"client CLOSED"}) {
		t.Errorf("told %q", w.told)
	}
	w.told = nil
	end = &host.End{All: true, Words: end.Words[:2]}
	w.Again(0)
	if w.pass(10 * time.Millisecond); !slices.Equal(w.told, []string{"not state"}) {
		t.Errorf("told %q", w.told)
	}
	w.Finish()
	if len(w.parts[0].numbers) > 0 {
		t.Errorf("%d streams are remembered", len(w.parts[0].numbers))
	}
}

// TestUnheard: what a host does not say in time is looked at again, and is not so.
func TestUnheard(t *testing.T) {
	for _, late := range []time.Duration{time.Second, time.Hour} {
		w := newWatched(Options{}, Idle{})
		end := &host.End{All: true, Late: late, Words: []host.Word{{State: fsm.SynSent, Time: int64(w.at) + 1}}}
		w.Ask(func(*Conversation) ([2]*host.End, bool) { return [2]*host.End{Client: end}, true })
		w.establish(1)
		w.pass(10 * time.Millisecond)
		if !slices.Contains(w.told, "client ESTABLISHED") {
			t.Errorf("told %q", w.told)
		}
		w.pass(missedDuration + time.Second)
		if got := slices.Contains(w.told, "not state"); got != (late == time.Second) {
			t.Errorf("late by %v at most: told %q", late, w.told)
		}
	}
}

// TestAskedByParts: several parts that tell what they judge ask at once, and what is heard is told as by one.
func TestAskedByParts(t *testing.T) {
	said := func(workers int) (told map[uint64][]string) {
		told = map[uint64][]string{}
		var lock sync.Mutex
		tell := func(e *Event) {
			lock.Lock()
			defer lock.Unlock()
			text := e.Kind.String()
			if e.Step != nil {
				text += fmt.Sprint(" ", e.Side, " ", e.Step.State, " ", e.Step.Evidence)
			}
			told[e.Conversation.Stream] = append(told[e.Conversation.Stream], text)
		}
		m := NewMonitor(Options{Workers: workers}, Idle{}, tell)
		m.fewest = 1
		m.TellApart(func(int) func(*Event) { return tell })
		m.Ask(func(c *Conversation) ([2]*host.End, bool) {
			words := []host.Word{{State: fsm.SynSent}, {State: fsm.Closed, Time: int64(c.Start) + 1}}
			return [2]*host.End{Client: {All: true, Words: words}}, true
		})
		path := "../testdata/pcaps/showcase.pcap"
		var b packet.Batch
		for file := capturefile.Open(path); file.Next(&b) == nil; {
			m.Batch(&b, nil)
			m.Flush(m.Clock())
			for stream := range told {
				m.Again(stream)
			}
		}
		m.Finish()
		for _, p := range m.parts {
			if len(p.numbers) > 0 {
				t.Errorf("%d parts: %d streams are remembered", workers, len(p.numbers))
			}
		}
		return told
	}
	one, four := said(1), said(4)
	if len(one) != 6 || !reflect.DeepEqual(one, four) {
		t.Errorf("by one part %v\nby four %v", one, four)
	}
	heard := 0
	for _, events := range one {
		if slices.Contains(events, "state client CLOSED kernel") {
			heard++
		}
	}
	if heard == 0 {
		t.Error("nothing that was heard is told")
	}
}

// TestForeignConversations: what a host says of one conversation is said of no other, whichever ends behind it.
func TestForeignConversations(t *testing.T) {
	for _, workers := range []int{1, 4} {
		heard := [2]int{}
		m := NewMonitor(Options{Workers: workers}, Idle{}, func(e *Event) {
			if e.Kind == EventConversation && e.Over != NotOver {
				for _, steps := range e.Judgment.Trajectory {
					for i := range steps {
						if steps[i].Evidence == EvidenceKernel {
							heard[e.Conversation.Stream%2]++
						}
					}
				}
			}
		})
		m.fewest = 1
		m.Ask(func(c *Conversation) (hosts [2]*host.End, more bool) {
			if c.Stream%2 == 0 {
				hosts[Client] = &host.End{All: true, Words: []host.Word{{State: fsm.SynSent}, {State: fsm.Closed, Time: int64(c.Start) + 1}}}
			}
			return hosts, false
		})
		paths, err := filepath.Glob("../testdata/pcaps/[a-c]*.pcap")
		if err != nil || len(paths) == 0 {
			t.Fatal(paths, err)
		}
		flushed := 0
		watch(m, nil, []int{1, 7}, &flushed, paths)
		if heard[0] == 0 || heard[1] > 0 {
			t.Errorf("%d workers: %d steps are heard of hosts that were asked, %d of others", workers, heard[0], heard[1])
		}
	}
}

const missedDuration = time.Duration(missedAfter)

// TestFindAsked: a conversation of which hosts may say more is found by its number while it is followed, and others are not.
func TestFindAsked(t *testing.T) {
	for _, more := range []bool{true, false} {
		w := newWatched(Options{}, Idle{})
		w.Ask(func(*Conversation) ([2]*host.End, bool) { return [2]*host.End{}, more })
		w.establish(1)
		w.pass(10 * time.Millisecond)
		found := func(stream uint64) (is bool) {
			called := false
			is = w.FindAsked(stream, func(s *Seen) { called = s.Conversation.Stream == stream && s.Conversation.Outcome == Open })
			return is && called
		}
		if found(0) != more || found(1) {
			t.Errorf("more %t: found %t, and %t what is not there", more, found(0), found(1))
		}
		w.Finish()
		if found(0) {
			t.Error("it is over")
		}
	}
}

// TestPassedState: TIME_WAIT behind FIN_WAIT_1 waits for the word of a host that says everything, unless nothing more comes; what the host says in time is
// told without taking anything back, and what it does not say is not so.
func TestPassedState(t *testing.T) {
	const late = time.Second
	words := func(states ...fsm.State) (list []host.Word) {
		for _, s := range states {
			list = append(list, host.Word{State: s, Time: 1e18 + 10})
		}
		return list
	}
	closing := []fsm.State{fsm.SynSent, fsm.Established, fsm.FinWait1}
	for _, c := range []struct {
		what       string
		all, acked bool // by a segment before the FIN
		then       time.Duration
		says       []fsm.State
		want       []string // then
		last       []string // at the end
	}{
		{"before the host has said anything", true, false, late - 11*time.Millisecond, closing, nil, []string{"client TIME_WAIT"}},
		{"it says nothing in time", true, false, late, closing, nil, nil},
		{"it says so", true, false, 0, append(closing, fsm.FinWait2, fsm.TimeWait), []string{"client FIN_WAIT_2", "client TIME_WAIT"}, nil},
		{"it says otherwise", true, false, 0, append(closing, fsm.TimeWait), []string{"client TIME_WAIT"}, nil},
		{"it says a part only", false, false, 0, closing, []string{"client TIME_WAIT"}, nil},
		{"there were two segments", true, true, 0, closing, []string{"client FIN_WAIT_2", "client TIME_WAIT"}, nil},
	} {
		w := newWatched(Options{}, Idle{})
		end := &host.End{All: c.all, Late: late, Words: words(closing...)}
		w.Ask(func(*Conversation) ([2]*host.End, bool) { return [2]*host.End{Client: end}, true })
		w.establish(1)
		w.segment(1, 0, wire.FIN|wire.ACK, 101, 201)
		w.pass(time.Millisecond)
		if w.told = nil; c.acked {
			w.segment(1, 1, wire.ACK, 201, 102)
		}
		w.segment(1, 1, wire.FIN|wire.ACK, 201, 102)
		w.segment(1, 0, wire.ACK, 102, 202)
		w.pass(10 * time.Millisecond)
		end = &host.End{All: c.all, Late: late, Words: words(c.says...)}
		w.Again(0)
		w.pass(c.then)
		got := slices.DeleteFunc(w.told, func(s string) bool { return !strings.HasPrefix(s, "client") && !strings.HasPrefix(s, "not") })
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: told %q, want %q", c.what, got, c.want)
		}
		w.told = nil
		if w.Finish(); !slices.Equal(w.told, c.last) {
			t.Errorf("%s: at the end told %q", c.what, w.told)
		}
	}
}
