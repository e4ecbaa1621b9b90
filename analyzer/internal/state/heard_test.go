package state

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer/host"
	"tcptrace/analyzer/internal/conn"
	"tcptrace/fsm"
)

// The times of these tests are seconds since now, which is at 100.
const (
	heardNow  = 100
	heardLate = 2
)

// parseStates reads steps or words: "ESTABLISHED@3 CLOSED@?"; CLOSED@8f was found.
func parseStates(t *testing.T, text string, f func(s fsm.State, at int64, found bool)) {
	for _, one := range strings.Fields(text) {
		name, when, _ := strings.Cut(one, "@")
		var at float64
		when, found := strings.CutSuffix(when, "f")
		if when != "?" {
			if _, err := fmt.Sscan(when, &at); err != nil {
				t.Fatal(one, err)
			}
		}
		state, err := fsm.ParseState(name)
		if err != nil {
			t.Fatal(err)
		}
		f(state, int64(at*1e9), found)
	}
}

// TestHear: what a host says holds, and in between what it does not speak of.
func TestHear(t *testing.T) {
	for _, test := range []struct {
		name            string
		inferred, words string
		asked           bool // the host does not tell all
		want            string
	}{
		{"agreed", "LISTEN@1 SYN_RCVD@1 ESTABLISHED@2", "SYN_RCVD@? ESTABLISHED@2.1", false, "LISTEN@1 SYN_RCVD@1! ESTABLISHED@2!"},
		{"an RST that never left", "ESTABLISHED@2", "ESTABLISHED@2 CLOSED@5", false, "ESTABLISHED@2! CLOSED@5!"},
		{"one that was not taken", "ESTABLISHED@2 CLOSED@97.9", "ESTABLISHED@2", false, "ESTABLISHED@2!"},
		{"one that is too new", "ESTABLISHED@2 CLOSED@98.1", "ESTABLISHED@2", false, "ESTABLISHED@2! CLOSED@98.1"},
		{"another way", "ESTABLISHED@2 FIN_WAIT_1@5 TIME_WAIT@6", "ESTABLISHED@2 FIN_WAIT_1@5 CLOSING@5.5 TIME_WAIT@6", false,
			"ESTABLISHED@2! FIN_WAIT_1@5! CLOSING@5.5! TIME_WAIT@6!"},
		{"another way, after a segment that was captured before", "FIN_WAIT_1@5 TIME_WAIT@6", "FIN_WAIT_1@5 FIN_WAIT_2@6.1 TIME_WAIT@6.2", false,
			"FIN_WAIT_1@5! FIN_WAIT_2@6! TIME_WAIT@6!"},
		{"another way, to no end yet", "FIN_WAIT_1@5", "FIN_WAIT_1@5 FIN_WAIT_2@6.1", false, "FIN_WAIT_1@5! FIN_WAIT_2@6.1!"},
		{"not that way", "ESTABLISHED@2 CLOSE_WAIT@5 CLOSED@6", "ESTABLISHED@2 CLOSED@6", false, "ESTABLISHED@2! CLOSED@6!"},
		{"asked: maybe that way", "ESTABLISHED@2 CLOSE_WAIT@5 CLOSED@6", "ESTABLISHED@2 CLOSED@6", true, "ESTABLISHED@2! CLOSE_WAIT@5 CLOSED@6!"},
		{"asked: maybe before", "ESTABLISHED@2 CLOSE_WAIT@5 LAST_ACK@7", "ESTABLISHED@2 CLOSED@6", true, "ESTABLISHED@2! CLOSE_WAIT@5 CLOSED@6!"},
		{"it was there before", "ESTABLISHED@2 CLOSE_WAIT@5", "CLOSE_WAIT@?", false, "ESTABLISHED@2 CLOSE_WAIT@5!"},
		{"it was something else before", "ESTABLISHED@2", "CLOSE_WAIT@?", false, "CLOSE_WAIT@1!"},
		{"told from the middle on", "ESTABLISHED@2 FIN_WAIT_1@5", "CLOSED@7", false, "ESTABLISHED@2 FIN_WAIT_1@5 CLOSED@7!"},
		{"the request was dropped", "LISTEN@1 SYN_RCVD@1 LISTEN@5", "SYN_RCVD@? CLOSED@5", false, "LISTEN@1 SYN_RCVD@1! LISTEN@5!"},
		{"found: maybe that way", "FIN_WAIT_2@5 TIME_WAIT@6 CLOSED@7", "FIN_WAIT_2@5 CLOSED@8f", false, "FIN_WAIT_2@5! TIME_WAIT@6 CLOSED@7!"},
		{"found: maybe not before that", "ESTABLISHED@2 CLOSE_WAIT@5 FIN_WAIT_2@6 CLOSED@7", "ESTABLISHED@2 FIN_WAIT_2@5 CLOSED@8f", false,
			"ESTABLISHED@2! FIN_WAIT_2@6! CLOSED@7!"},
		{"found before that came", "FIN_WAIT_2@5 CLOSED@10.1", "FIN_WAIT_2@5 CLOSED@8f", false, "FIN_WAIT_2@5! CLOSED@8!"},
		{"found when that came", "FIN_WAIT_2@5 CLOSED@10", "FIN_WAIT_2@5 CLOSED@8f", false, "FIN_WAIT_2@5! CLOSED@10!"},
		{"nothing was inferred", "", "SYN_SENT@1 CLOSED@3", false, "SYN_SENT@1! CLOSED@3!"},
		{"nothing was heard", "ESTABLISHED@2", "", false, "ESTABLISHED@2"},
	} {
		c := conn.Conversation{Start: 1e9, Now: heardNow * 1e9}
		end := &host.End{All: !test.asked, Late: heardLate * time.Second}
		parseStates(t, test.words, func(s fsm.State, at int64, found bool) {
			end.Words = append(end.Words, host.Word{State: s, Time: at, Found: found})
		})
		c.Hosts[conn.Client] = end
		var j Course
		parseStates(t, test.inferred, func(s fsm.State, at int64, _ bool) {
			j.Trajectory[conn.Client] = append(j.Trajectory[conn.Client], Step{State: s, Time: conn.Time(at), Frame: 1, Evidence: EvidenceSent})
			j.State[conn.Client] = s
		})
		for n := range end.Words { // what is heard bit by bit is no other than all at once
			some := *end
			some.Words = end.Words[:n]
			c.Hosts[conn.Client] = &some
			j.Hear(&c)
		}
		c.Hosts[conn.Client] = end
		j.Hear(&c)
		j.Hear(&c)
		var got []string
		for _, s := range j.Trajectory[conn.Client] {
			mark := ""
			if s.Evidence == EvidenceKernel {
				mark = "!"
			}
			got = append(got, fmt.Sprintf("%v@%v%s", s.State, float64(s.Time)/1e9, mark))
		}
		if want := strings.Fields(test.want); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", test.name, got, want)
		}
		if n := len(j.Trajectory[conn.Client]); n > 0 && j.State[conn.Client] != j.Trajectory[conn.Client][n-1].State {
			t.Errorf("%s: in %v", test.name, j.State[conn.Client])
		}
	}
}

// TestHeardTimes: a step is bounded by the moment that its host told, not by the one at which it was asked, nor by none.
func TestHeardTimes(t *testing.T) {
	for _, test := range []struct {
		word host.Word
		want [2]conn.Time
	}{
		{host.Word{State: fsm.Established, Time: 5e9}, [2]conn.Time{5e9, 5e9}},
		{host.Word{State: fsm.Established, Time: 5e9, Found: true}, [2]conn.Time{3e9, 4e9}},
		{host.Word{State: fsm.Established}, [2]conn.Time{3e9, 4e9}},
	} {
		c := conn.Conversation{Hosts: [2]*host.End{conn.Server: {All: true, Words: []host.Word{test.word}}}}
		var j Course
		j.Trajectory[conn.Server] = []Step{{State: fsm.Established, Time: 4e9, NotBefore: 3e9, NotAfter: 4e9, Frame: 3, ProofFrame: 4, Evidence: EvidenceAcknowledged}}
		j.Hear(&c)
		timed := Course{Trajectory: [2][]Step{conn.Server: {{State: fsm.Established, Time: 6e9, Evidence: EvidenceTimer}}}}
		timed.Hear(&c)
		if s := timed.Trajectory[conn.Server][0]; s.Time != map[bool]conn.Time{true: 5e9, false: 6e9}[test.word.Found] {
			t.Errorf("by a timer, %+v: %+v", test.word, s)
		}
		if s := j.Trajectory[conn.Server][0]; [2]conn.Time{s.NotBefore, s.NotAfter} != test.want || s.Time != 4e9 || s.Frame != 3 || s.ProofFrame != 0 {
			t.Errorf("%+v: %+v", test.word, s)
		}
	}
}

// TestEntered: when a kernel reported a state, that is when it was entered; what it was found in, or what packets show, was when the segment passed.
func TestEntered(t *testing.T) {
	for _, c := range []struct {
		what string
		step Step
		want conn.Time
	}{
		{"reported", Step{Time: 9, NotBefore: 7, NotAfter: 7, Evidence: EvidenceKernel}, 7},
		{"found, within a bracket", Step{Time: 9, NotBefore: 7, NotAfter: 8, Evidence: EvidenceKernel}, 9},
		{"found", Step{Time: 9, Evidence: EvidenceKernel}, 9},
		{"shown by packets", Step{Time: 9, NotBefore: 7, NotAfter: 7, Evidence: EvidenceSent}, 9},
	} {
		if got := c.step.Entered(); got != c.want {
			t.Errorf("%s: %d, want %d", c.what, got, c.want)
		}
	}
}
