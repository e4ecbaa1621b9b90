package analyzer

import (
	"slices"
	"testing"
	"time"

	"tcptrace/analyzer/host"
	"tcptrace/fsm"
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

const missedDuration = time.Duration(missedAfter)
