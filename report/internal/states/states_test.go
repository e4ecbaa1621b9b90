package states

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/internal/testutil/golden"
	"tcptrace/report/internal/sample"
)

// What netstat and ss print is accepted, in any case.
func TestStateFilterNames(t *testing.T) {
	for state, names := range map[fsm.State]string{
		fsm.Closed:      "CLOSED CLOSE UNCONN closed",
		fsm.Listen:      "LISTEN LISTENING listening",
		fsm.SynSent:     "SYN_SENT SYN-SENT syn-sent",
		fsm.SynRcvd:     "SYN_RECV SYN-RECV SYN_RCVD SYN_RECEIVED SYN-RECEIVED syn-recv NEW_SYN_RECV",
		fsm.Established: "ESTABLISHED ESTAB established",
		fsm.FinWait1:    "FIN_WAIT1 FIN-WAIT-1 FIN_WAIT_1 fin-wait-1 FINWAIT1",
		fsm.FinWait2:    "FIN_WAIT2 FIN-WAIT-2 FIN_WAIT_2 fin-wait-2 FINWAIT2",
		fsm.CloseWait:   "CLOSE_WAIT CLOSE-WAIT close-wait",
		fsm.Closing:     "CLOSING closing",
		fsm.LastAck:     "LAST_ACK LAST-ACK last-ack",
		fsm.TimeWait:    "TIME_WAIT TIME-WAIT time-wait TCP_TIME_WAIT",
		fsm.Unknown:     "UNKNOWN",
	} {
		for name := range strings.FieldsSeq(names) {
			f, err := ParseStateFilter([]string{name}, "")
			for s := range fsm.NumStates {
				if err != nil || f.wants(s) != (s == state) {
					t.Errorf("%s: wants %v: %v, %v", name, s, f.wants(s), err)
				}
			}
		}
	}
	for name, want := range map[string]string{
		"FIN_WAIT": "did you mean FIN_WAIT_1 or FIN_WAIT_2?", "TIMEWAIT": "did you mean TIME_WAIT?", "estabished": "did you mean ESTABLISHED?", "all": "the states are UNKNOWN, ",
	} {
		if _, err := ParseStateFilter([]string{name}, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

// statesSample is as wide as connections get.
func statesSample() *StatesAt {
	at := sample.At("2026-11-21T00:00:01Z")
	s := &StatesAt{Time: at, Begin: at - 5e9, End: at + 1e9}
	for i, c := range sample.Conversations() {
		m := analyzer.Moment{
			{State: fsm.Established, Evidence: analyzer.EvidenceAssumed, Since: at - 2e9, Unsettled: i%2 == 0},
			{State: fsm.State(i + 8), Evidence: analyzer.EvidenceSent, Since: at - 1e9, TimeWaitEnd: at + 60e9},
		}
		if i == 3 {
			m[analyzer.Client] = analyzer.EndpointMoment{State: fsm.FinWait2, Evidence: analyzer.EvidenceSent, Since: at - 90e9}
			m[analyzer.Server].State = fsm.TimeWait
		}
		s.Rows = append(s.Rows, &Connection{Stream: c.Stream, Addr: c.Addr, Start: c.Start, Moment: m})
		s.Count(&m)
	}
	return s
}

func TestStatesTableFitsEveryWidth(t *testing.T) {
	var all bytes.Buffer
	for width := 60; width <= 200; width++ {
		s := statesSample()
		s.Width = width
		var out bytes.Buffer
		if err := WriteTable(&out, s); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(out.String(), "\n")
		if len(lines) < 2+1+len(s.Rows) {
			t.Fatalf("width %d: %d lines", width, len(lines))
		}
		for _, line := range lines[2 : 2+1+len(s.Rows)] {
			if len(line) > width || line != strings.TrimRight(line, " ") {
				t.Errorf("width %d: a line of %d: %q", width, len(line), line)
			}
		}
		if width%35 == 25 {
			fmt.Fprintf(&all, "width %d\n%s\n", width, &out)
		}
	}
	golden.Compare(t, "states-widths.txt", all.Bytes())
}

// A series counts what changes before a sample for that one, and holds no more samples than it says.
func TestStateSeriesBound(t *testing.T) {
	s := StateSeries{Every: 10, Begin: 1000, End: 1000 + 10*MaxSamples*2}
	s.Add(&analyzer.Lifetime{Changes: []analyzer.Change{
		{Time: 900, State: [2]fsm.State{fsm.SynSent, fsm.Unknown}, Present: true},
		{Time: 1010, State: [2]fsm.State{fsm.SynSent, fsm.SynRcvd}, Present: true},
		{Time: 1011, State: [2]fsm.State{fsm.Established, fsm.SynRcvd}, Present: true},
		{Time: 1039, State: [2]fsm.State{fsm.Closed, fsm.Closed}},
		{Time: s.End, State: [2]fsm.State{fsm.SynSent, fsm.Unknown}, Present: true},
	}})
	var got []string
	if err := s.each(func(at analyzer.Time, t *tally) error {
		if at < 1060 {
			got = append(got, fmt.Sprint(at, t.connections, t.endpoints[0][fsm.SynSent], t.endpoints[1][fsm.SynRcvd], t.endpoints[0][fsm.Established]))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	const want = "1000 1 1 0 0; 1010 1 1 1 0; 1020 1 0 1 1; 1030 1 0 1 1; 1040 0 0 0 0; 1050 0 0 0 0"
	if strings.Join(got, "; ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "; "), want)
	}
	if len(s.changes) > 5 || s.Samples() <= MaxSamples {
		t.Errorf("%d samples held of %d", len(s.changes), s.Samples())
	}
}
