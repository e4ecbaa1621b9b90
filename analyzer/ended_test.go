package analyzer

import (
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer/host"
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// saidOf is what is said of an anomaly some time after segments, when the host of one side closed that long after them; closed 0: it did not.
func saidOf(id string, segments func(w *watched), side Side, closed, passes time.Duration) (detail string, severity Severity) {
	w := newWatched(Options{}, Idle{})
	segments(w)
	words := []host.Word{{State: fsm.Established}}
	if closed > 0 {
		words = append(words, host.Word{State: fsm.Closed, Time: int64(w.at) + int64(closed)})
	}
	var hosts [2]*host.End
	hosts[side] = &host.End{All: true, Words: words}
	w.Ask(func(*Conversation) ([2]*host.End, bool) { return hosts, true })
	w.pass(passes)
	w.Each(func(s *Seen) {
		for i := range s.Judgment.Anomalies {
			if a := &s.Judgment.Anomalies[i]; a.Kind.ID == id {
				detail, severity = a.Detail(), a.Kind.Severity
			}
		}
	})
	return detail, severity
}

// TestHostEndsWait: an endpoint waits until its host says that it has no connection, and no longer; what its peer's host says does not matter.
func TestHostEndsWait(t *testing.T) {
	for _, test := range []struct {
		id       string
		side     Side // that waits
		segments func(w *watched)
		waits    string   // said after 10 s if its host has not closed
		ended    string   // if it has after 2 s
		shortly  Severity // if it has after 0.5 s
	}{
		{"no-answer", Client, func(w *watched) { w.segment(1, 0, wire.SYN, 100, 0) }, "client waited 10.0 s: SYN sent once; nothing has come back",
			"client waited 2.0 s: SYN sent once; nothing has come back; then its host closed it", SeverityError},
		{"handshake-incomplete", Server, func(w *watched) {
			w.segment(1, 0, wire.SYN, 100, 0)
			w.segment(1, 1, wire.SYN|wire.ACK, 200, 101)
		}, "server waited 10.0 s: SYN-ACK sent once; left in SYN_RCVD", "server waited 2.0 s: SYN-ACK sent once; then its host gave it up", SeverityWarning},
		{"missing-final-ack", Client, func(w *watched) {
			w.establish(1)
			w.segment(1, 0, wire.FIN|wire.ACK, 101, 201)
		}, "client left in FIN_WAIT_1: no ACK in the 10.0 s since its FIN", "client was in FIN_WAIT_1 for 2.0 s, without an ACK of its FIN; then its host closed it", SeverityNote},
		{"close-wait-lingering", Server, func(w *watched) {
			w.establish(1)
			w.segment(1, 0, wire.FIN|wire.ACK, 101, 201)
			w.segment(1, 1, wire.ACK, 201, 102)
		}, "the server has been silent in CLOSE_WAIT for 10.0 s: its application has not closed",
			"the server was silent in CLOSE_WAIT for 2.0 s, until its host closed it: its application had not closed", SeverityNote},
	} {
		for _, one := range []struct {
			side   Side
			closed time.Duration
			want   string
		}{{test.side, 0, test.waits}, {test.side.Peer(), 2 * time.Second, test.waits}, {test.side, time.Minute, strings.NewReplacer("2.0 s", "10.0 s").Replace(test.ended)}, {test.side, 2 * time.Second, test.ended}} {
			if got, _ := saidOf(test.id, test.segments, one.side, one.closed, 10*time.Second); got != one.want {
				t.Errorf("%s, the %s's host closed after %v: %q, want %q", test.id, one.side, one.closed, got, one.want)
			}
		}
		if _, severity := saidOf(test.id, test.segments, test.side, time.Second/2, 10*time.Second); severity != test.shortly {
			t.Errorf("%s: %s if its host closed soon", test.id, severity)
		}
	}
}

// TestHostEndsMissing: nothing is awaited any more by an endpoint whose host says that it has no connection.
func TestHostEndsMissing(t *testing.T) {
	for _, closed := range []bool{false, true} {
		w := newWatched(Options{}, Idle{})
		end := &host.End{All: true, Words: []host.Word{{State: fsm.SynSent}}}
		w.Ask(func(*Conversation) ([2]*host.End, bool) { return [2]*host.End{Client: end}, true })
		w.segment(1, 0, wire.SYN, 100, 0)
		if w.pass(1500 * time.Millisecond); closed {
			end = &host.End{All: true, Words: append(end.Words, host.Word{State: fsm.Closed, Time: int64(w.at)})}
		}
		w.Again(0)
		if w.pass(time.Millisecond); w.holds("no-answer") != closed {
			t.Errorf("closed %t: told %q", closed, w.told)
		}
	}
}

// TestHostEndsNoOtherWait: for how long an endpoint waited that waits no more, as packets show, does not depend on when its host closed.
func TestHostEndsNoOtherWait(t *testing.T) {
	closing := func(w *watched) {
		w.establish(1)
		w.segment(1, 0, wire.FIN|wire.ACK, 101, 201)
		w.segment(1, 1, wire.ACK, 201, 102)
		w.pass(10 * time.Second)
	}
	for _, test := range []struct {
		id, want string
		side     Side
		segments func(w *watched)
	}{
		{"close-wait-lingering", "the server was silent in CLOSE_WAIT for 10.0 s before it went on", Server, func(w *watched) {
			closing(w)
			w.segment(1, 1, wire.FIN|wire.ACK, 201, 102)
		}},
		{"close-wait-lingering", "the server was silent in CLOSE_WAIT for 10.0 s, until the connection was reset: its application had not closed", Server, func(w *watched) {
			closing(w)
			w.segment(1, 0, wire.RST|wire.ACK, 102, 201)
		}},
		{"no-answer", "client waited 3.0 s: SYN sent twice, 1.0 s apart; nothing has come back; then it gave up by an RST", Client, func(w *watched) {
			w.segment(1, 0, wire.SYN, 100, 0)
			w.pass(time.Second)
			w.segment(1, 0, wire.SYN, 100, 0)
			w.pass(2 * time.Second)
			w.segment(1, 0, wire.RST, 100, 0)
		}},
	} {
		for _, closed := range []time.Duration{0, 5 * time.Second} {
			got, _ := saidOf(test.id, test.segments, test.side, closed, 8*time.Second)
			if got != test.want {
				t.Errorf("%s, its host closed %v later: %q, want %q", test.id, closed, got, test.want)
			}
		}
	}
}
