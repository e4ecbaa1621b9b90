package observe

import (
	"net/netip"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/host"
	"tcptrace/fsm"
	"tcptrace/internal/live/ends"
)

// newHolding is a stage whose conversation is of a process that is not known yet.
func newHolding(t *testing.T, where string, isHere bool) *stage {
	t.Helper()
	s := newStage(t, where)
	s.held = newHoldback(func([2]netip.AddrPort) bool { return isHere }, func(*analyzer.Conversation) bool { return s.host != nil })
	return s
}

// owned has the client be a process's, which the kernel tells.
func (s *stage) owned(name string, states ...fsm.State) {
	s.host = &host.End{All: true, Late: time.Hour, Process: host.Process{PID: 7, Name: name}}
	for _, state := range states {
		s.host.Words = append(s.host.Words, host.Word{State: state, Time: int64(s.Loop.Monitor().Clock()) + 1})
	}
	s.says(fsm.Established, 0)
	s.come(0)
}

// TestHeldBack: the beginning of a conversation is written when it is known whose it is, if the condition holds for that, in order of time.
func TestHeldBack(t *testing.T) {
	for _, c := range []struct {
		name, where string
		isHere      bool
		waits       time.Duration
		want        []string
	}{
		{"it is the one", `process.name == "x"`, true, 0, []string{"kernel SYN_SENT", "opened", "state SYN_SENT", "state ESTABLISHED", "state LISTEN", "state SYN_RCVD", "state ESTABLISHED", "kernel ESTABLISHED"}},
		{"it is not", `process.name == "y"`, true, 0, nil},
		{"something else does not hold", `process.name == "x" && packets > 3`, true, 0, nil},
		{"soon enough", `process.name == "x"`, true, heldFor - time.Second, []string{"kernel SYN_SENT", "opened", "state SYN_SENT", "state ESTABLISHED", "state LISTEN", "state SYN_RCVD", "state ESTABLISHED",
			"kernel ESTABLISHED"}},
		{"too late", `process.name == "x"`, true, heldFor, []string{"kernel ESTABLISHED"}},
		{"it cannot have an end here", `process.name == "x"`, false, 0, []string{"kernel ESTABLISHED"}},
	} {
		s := newHolding(t, c.where, c.isHere)
		s.come(1)
		s.says(fsm.SynSent, -time.Microsecond)
		s.come(2)
		s.wrote(c.name + ", before it is known")
		s.pass(c.waits)
		s.owned("x")
		s.wrote(c.name, c.want...)
		if c.want != nil {
			s.says(fsm.FinWait1, 0)
			s.come(0)
			s.wrote(c.name+", then", "kernel FIN_WAIT_1")
		}
		s.Loop.Monitor().Finish()
		s.pass(0)
		if len(s.held.streams) > 0 || s.held.n != 0 {
			t.Errorf("%s: at the end %v is held back", c.name, s.held.streams)
		}
	}
}

// TestHeldEvent: an event for which the condition holds has the beginning written before it.
func TestHeldEvent(t *testing.T) {
	s := newHolding(t, `process.name == "x"`, true)
	s.come(1)
	s.host = &host.End{All: true, Late: time.Hour, Process: host.Process{PID: 7, Name: "x"}}
	s.come(1)
	s.wrote("the second packet", "opened", "state SYN_SENT", "state ESTABLISHED", "state LISTEN", "state SYN_RCVD")
}

// TestHeldTakenBack: what was taken back while it was held back is not written.
func TestHeldTakenBack(t *testing.T) {
	s := newHolding(t, `process.name == "x"`, true)
	s.come(3)
	s.host = &host.End{All: true, Words: []host.Word{{State: fsm.SynSent}, {State: fsm.Closed, Time: int64(s.Loop.Monitor().Clock()) + 1}}}
	s.Loop.Monitor().Again(0)
	s.come(0)
	s.owned("x", fsm.SynSent, fsm.Closed)
	s.wrote("an ESTABLISHED that was not", "opened", "state SYN_SENT", "state LISTEN", "state SYN_RCVD", "state ESTABLISHED", "kernel ESTABLISHED", "state CLOSED")
}

// TestHeldRoom: of one conversation and of all only so much is held back; a conversation of which there is more is not told from its beginning, and counted if it
// is told at all.
func TestHeldRoom(t *testing.T) {
	h := newHoldback(func([2]netip.AddrPort) bool { return true }, func(*analyzer.Conversation) bool { return false })
	of := func(stream uint64) *ends.Told { return &ends.Told{Stream: stream, Between: &between} }
	for range mostHeldEach {
		h.word(of(1), 0)
	}
	if h.n != mostHeldEach || h.lost != 0 {
		t.Errorf("%d held back, %d lost", h.n, h.lost)
	}
	if h.word(of(1), 0); h.n != 0 || h.lost != 0 || len(h.take(1)) > 0 || h.lost != 1 {
		t.Errorf("%d held back, %d lost", h.n, h.lost)
	}
	for range mostHeldEach + 1 {
		h.word(of(2), 0)
	}
	if h.forget(2); h.lost != 1 || len(h.streams) > 0 {
		t.Errorf("%d lost, one of which nothing was to be told", h.lost-1)
	}
	for stream := range uint64(mostHeld) {
		h.word(of(10+stream), analyzer.Time(stream))
	}
	h.word(of(5), 0)
	h.word(of(5), 0)
	if h.take(5); h.n != mostHeld || h.lost != 2 || h.leftOut() != 2 {
		t.Errorf("%d held back, %d lost", h.n, h.lost)
	}
	h.pass(analyzer.Time(heldFor))
	n := h.n
	if first, second := len(h.take(10)), len(h.take(11)); n != mostHeld-1 || first != 0 || second != 1 {
		t.Errorf("after a while %d are held back, %d and %d of the first two", n, first, second)
	}
}

// TestHeldGone: a conversation that is not held back any more, or has too many events, takes no room from one whose process is known.
func TestHeldGone(t *testing.T) {
	for events, kept := range map[int]bool{mostHeldEach - 1: false, mostHeldEach: true, mostHeldEach + 1: true} {
		h := newHoldback(func([2]netip.AddrPort) bool { return true }, func(*analyzer.Conversation) bool { return true })
		for range events {
			h.word(&ends.Told{Stream: 0, Between: &between}, 0)
		}
		for stream := uint64(1); h.n < mostHeld; stream++ {
			h.word(&ends.Told{Stream: stream, Between: &between}, 0)
		}
		h.look(&analyzer.Conversation{Stream: 1})
		h.word(&ends.Told{Stream: 0, Between: &between}, 0)
		if got := len(h.take(1)) == 1; got != kept {
			t.Errorf("behind %d events of another: the one whose process is known is held back: %t", events, got)
		}
	}
}

// TestHeldKnown: conversations whose processes are known make room for others, the oldest first, and only if there is none; nothing of them is left when they
// are over.
func TestHeldKnown(t *testing.T) {
	for known, kept := range map[uint64]bool{0: false, 1: true} { // how many of those in front of the first are known
		h := newHoldback(func([2]netip.AddrPort) bool { return true }, func(c *analyzer.Conversation) bool { return c.Stream < known || c.Stream == mostHeld-1 })
		for stream := range uint64(mostHeld) {
			h.word(&ends.Told{Stream: stream, Between: &between}, analyzer.Time(stream))
			c := analyzer.Conversation{Stream: stream}
			h.look(&c)
			h.look(&c)
		}
		if h.n != mostHeld || len(h.known) != int(known)+1 {
			t.Fatalf("%d are held back, %d of known processes", h.n, len(h.known))
		}
		h.word(&ends.Told{Stream: mostHeld, Between: &between}, mostHeld)
		if h.n != mostHeld || len(h.known) != int(known) || (len(h.take(mostHeld-1)) == 1) != kept || len(h.take(mostHeld)) != 1 || len(h.take(0)) == 1 == kept {
			t.Errorf("%d known: %d are held back, %d of known processes", known, h.n, len(h.known))
		}
		if h.pass(analyzer.Time(heldFor)); len(h.known) != 0 {
			t.Errorf("%d streams are known still", len(h.known))
		}
	}
}
