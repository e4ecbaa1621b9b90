package story

import (
	"slices"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/report/internal/sample"
)

// step is a state entered s seconds after the start of told.
func step(state fsm.State, frame uint64, s float64, e analyzer.Evidence) analyzer.Step {
	return analyzer.Step{State: state, Frame: frame, Time: told().Start + analyzer.Time(s*1e9), Evidence: e}
}

const (
	proved  = analyzer.EvidenceSent
	assumed = analyzer.EvidenceAssumed
)

func told() *analyzer.Conversation {
	c := &analyzer.Conversation{
		Addr: sample.Between("10.0.0.1:40000", "10.0.0.2:80"), Roles: analyzer.RolesHandshake, Completeness: 31,
		Start: sample.At("2026-11-21T01:02:03Z"), End: sample.At("2026-11-21T01:02:13Z"), FirstFrame: 1, LastFrame: 20, Outcome: analyzer.Closed,
		Sent: [2]analyzer.Sent{sample.Sent(7, 120, 404, 502, 120), sample.Sent(7, 4000, 1_234_851, 1_234_949, 4000)},
	}
	for side := range c.Sent {
		c.Sent[side].UniqueBytes = c.Sent[side].PayloadBytes
	}
	c.Facts = slices.Grow(c.Facts, 2)[:2]
	for i, frame := range []uint32{10, 12} {
		c.Facts[i].Flags, c.Facts[i].Ahead = 0x11, frame-1 // FIN and ACK
	}
	return c
}

// sendAgain has a side send the same n bytes again, so many times.
func sendAgain(s *analyzer.Sent, n, times uint64) {
	s.PayloadBytes += n * times
	s.RetransmittedBytes, s.RepeatedBytes = n*times, n
	s.Retransmissions[analyzer.CauseFast] = times
}

// closedWell is the judgment of told.
func closedWell() *analyzer.Judgment {
	return &analyzer.Judgment{Course: analyzer.Course{
		State: [2]fsm.State{fsm.TimeWait, fsm.Closed},
		Trajectory: [2][]analyzer.Step{
			{step(fsm.SynSent, 1, 0, proved), step(fsm.Established, 2, 0.1, proved), step(fsm.FinWait1, 10, 5, proved), step(fsm.TimeWait, 12, 9, proved)},
			{step(fsm.Established, 3, 0.2, proved), step(fsm.CloseWait, 10, 5, proved), step(fsm.LastAck, 12, 9, proved), step(fsm.Closed, 13, 9.1, assumed)},
		},
		Close: analyzer.Close{Kind: analyzer.CloseGraceful, First: analyzer.Client, HasFirst: true, Segments: 4},
	}}
}

// TestStory changes one thing at a time, and finds what it makes of the story.
func TestStory(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(c *analyzer.Conversation, j *analyzer.Judgment)
		want   []string
	}{
		{"only probes", func(c *analyzer.Conversation, _ *analyzer.Judgment) {
			c.Sent[analyzer.Client].StreamBytes, c.Sent[analyzer.Client].ProbeBytes = 0, 3
		}, []string{"The client sent no data, only 3 bytes in probes, the server sent 4,000 bytes; "}},
		{"data and probes", func(c *analyzer.Conversation, _ *analyzer.Judgment) {
			c.Sent[analyzer.Client].StreamBytes, c.Sent[analyzer.Client].ProbeBytes = 1, 3
		}, []string{"The client sent 1 byte, the server sent 4,000 bytes; "}},
		{"neither", func(c *analyzer.Conversation, _ *analyzer.Judgment) {
			c.Sent[analyzer.Client].StreamBytes = 0 // what it sent is outside the stream
		}, []string{"The client sent 0 bytes, the server sent 4,000 bytes; "}},
		{"closed", func(*analyzer.Conversation, *analyzer.Judgment) {}, []string{
			"10.0.0.1:40000 (the client) opened the connection to 10.0.0.2:80 (the server), which took 200.0 ms.",
			"The client sent 120 bytes, the server sent 4,000 bytes; " +
				"it lasted 10.000 s: 200.0 ms to open, 4.800 s open, 4.000 s half closed and 1.000 s until the last packet.",
			"Nothing went wrong that the capture shows.",
			"The client (FIN in frame 10) closed first, the server (FIN in frame 12) 4.000 s later; both FINs were acknowledged.",
			"The client is left in TIME_WAIT: it keeps the ports for 2 MSL, so that late packets cannot disturb another connection; that is normal.",
		}},
		{"repaired", func(c *analyzer.Conversation, _ *analyzer.Judgment) {
			sendAgain(&c.Sent[analyzer.Server], 1000, 1)
		}, []string{"4,000 bytes (1,000 of them more than once); it lasted", "1 segment had to be sent again, and nobody waited long for that."}},
		{"noted", func(c *analyzer.Conversation, j *analyzer.Judgment) {
			sendAgain(&c.Sent[analyzer.Server], 1000, 9)
			j.Anomalies = []analyzer.Anomaly{{Kind: analyzer.FindAnomalyKind("packet-loss").As(analyzer.SeverityNote), Frame: 9}}
		}, []string{"4,000 bytes (1,000 of them more than once); it lasted", "No more went wrong than this: ", "(frame 9)."}},
		{"one direction only", func(c *analyzer.Conversation, _ *analyzer.Judgment) {
			c.Sent[analyzer.Client] = analyzer.Sent{StreamBytes: 120}
		}, []string{"nothing that the client sent was captured", "Nothing went wrong that one direction shows."}},
		{"of those sent again some are missing", func(c *analyzer.Conversation, _ *analyzer.Judgment) {
			sendAgain(&c.Sent[analyzer.Server], 1000, 1)
			c.Sent[analyzer.Server].UniqueBytes -= 500
		}, []string{"4,000 bytes (1,000 of them more than once, 500 of them not captured); it lasted"}},
		{"simultaneous", func(_ *analyzer.Conversation, j *analyzer.Judgment) {
			j.Close.Simultaneous = true
			j.State[analyzer.Server] = fsm.TimeWait
		}, []string{"Both sides closed at once; both FINs were acknowledged.", "Both sides are left in TIME_WAIT: "}},
		{"closed by the server in the same instant", func(_ *analyzer.Conversation, j *analyzer.Judgment) {
			j.Trajectory[analyzer.Server][2] = step(fsm.LastAck, 12, 5, proved)
		}, []string{"The client (FIN in frame 10) closed first, the server (FIN in frame 12); both FINs were acknowledged."}},
		{"the first FIN is not captured", func(c *analyzer.Conversation, _ *analyzer.Judgment) {
			c.Facts[0].Flags = 0x10
		}, []string{"The client closed first, the server (FIN in frame 12) 4.000 s later; both FINs were acknowledged."}},
		{"nor is the second", func(c *analyzer.Conversation, _ *analyzer.Judgment) {
			c.Facts[1].Flags = 0x10
		}, []string{"The client (FIN in frame 10) closed first, the server at most 4.000 s later; both FINs were acknowledged."}},
		{"unfinished", func(_ *analyzer.Conversation, j *analyzer.Judgment) {
			j.Close.Kind = analyzer.CloseUnfinished
			j.State = [2]fsm.State{fsm.FinWait2, fsm.CloseWait}
			j.Trajectory[analyzer.Server] = j.Trajectory[analyzer.Server][:2]
			j.Trajectory[analyzer.Client] = append(j.Trajectory[analyzer.Client][:3:3], step(fsm.FinWait2, 11, 6, assumed))
		}, []string{"The client (FIN in frame 10) closed first; the close was not completed.", "The client is probably left in FIN_WAIT_2: ", "; the server is left in CLOSE_WAIT: no timer ends that"}},
		{"reset", func(_ *analyzer.Conversation, j *analyzer.Judgment) {
			j.Close = analyzer.Close{Kind: analyzer.CloseReset, Cause: sample.ResetCause("aborted"), By: analyzer.Server, ByState: fsm.Established, Frame: 14}
			j.Anomalies = []analyzer.Anomaly{{Kind: analyzer.FindAnomalyKind("abortive-close"), Frame: 14}}
			j.State = [2]fsm.State{fsm.Closed, fsm.Closed}
		}, []string{"4,000 bytes; it lasted", "It was ended by an RST from the server in ESTABLISHED: without a FIN", "(frame 14).", "Probably nothing is left of it on either side."}},
		{"reset amid data", func(_ *analyzer.Conversation, j *analyzer.Judgment) {
			j.Close = analyzer.Close{Kind: analyzer.CloseReset, Cause: sample.ResetCause("aborted"), By: analyzer.Client, ByState: fsm.Established, Frame: 14, Behind: [2]uint64{0, 1500}}
			j.State = [2]fsm.State{fsm.Closed, fsm.Closed}
		}, []string{"The client sent 120 bytes, the server sent 4,000 bytes (1,500 of them behind the RST that ended it); it lasted", "It was ended by an RST from the client in ESTABLISHED"}},
		{"reset, and the other side may have been, too", func(c *analyzer.Conversation, j *analyzer.Judgment) {
			j.Close = analyzer.Close{Kind: analyzer.CloseReset, Cause: sample.ResetCause("aborted"), By: analyzer.Client, ByState: fsm.Established, Frame: 14}
			j.State, c.Sent[analyzer.Server].RSTs = [2]fsm.State{fsm.Closed, fsm.Established}, 1
		}, []string{"It was ended by an RST from the client", "Whether the server has the connection still is not known."}},
		{"reset, and the other side's RST is hardly its own", func(c *analyzer.Conversation, j *analyzer.Judgment) {
			j.Close = analyzer.Close{Kind: analyzer.CloseReset, Cause: sample.ResetCause("aborted"), By: analyzer.Client, ByState: fsm.Established, Frame: 14}
			j.State, c.Sent[analyzer.Server].RSTs = [2]fsm.State{fsm.Closed, fsm.Established}, 1
			j.Anomalies = []analyzer.Anomaly{{Kind: analyzer.FindAnomalyKind("suspected-injection"), Side: analyzer.Server, Frame: 13}}
		}, []string{"It was ended at one end only, by an RST from the client"}},
		{"closed before the other side accepted", func(_ *analyzer.Conversation, j *analyzer.Judgment) {
			j.Trajectory[analyzer.Server][0] = step(fsm.Established, 11, 7, proved)
		}, []string{"it lasted 10.000 s: 7.000 s to open, 2.000 s half closed and 1.000 s until the last packet."}},
		{"and both sides had", func(_ *analyzer.Conversation, j *analyzer.Judgment) {
			j.Trajectory[analyzer.Server][0] = step(fsm.Established, 12, 9.5, proved)
		}, []string{"it lasted 10.000 s: 9.500 s to open and 500.0 ms until the last packet."}},
		{"both sides wait", func(_ *analyzer.Conversation, j *analyzer.Judgment) {
			j.State = [2]fsm.State{fsm.TimeWait, fsm.TimeWait}
		}, []string{"Both sides are left in TIME_WAIT: each keeps the ports"}},
		{"closed before it was open", func(_ *analyzer.Conversation, j *analyzer.Judgment) {
			j.Trajectory[analyzer.Server] = j.Trajectory[analyzer.Server][1:]
		}, []string{"10.0.0.1:40000 (the client) connected to 10.0.0.2:80 (the server), which closed before it heard that the connection is open."}},
		{"without its SYN-ACK", func(c *analyzer.Conversation, _ *analyzer.Judgment) { c.Completeness &^= analyzer.SawSYNACK },
			[]string{"which took 200.0 ms; the SYN-ACK was not captured."}},
		{"without its SYN", func(c *analyzer.Conversation, _ *analyzer.Judgment) { c.Completeness &^= analyzer.SawSYN },
			[]string{"the server), which took at least 200.0 ms; the SYN was not captured."}},
		{"nor anything of the client's", func(c *analyzer.Conversation, _ *analyzer.Judgment) {
			c.Completeness &^= analyzer.SawSYN
			c.Sent[analyzer.Client].Packets = 0
		}, []string{"opened the connection to 10.0.0.2:80 (the server); nothing that the client sent was captured"}},
		{"neither open nor closed", func(_ *analyzer.Conversation, j *analyzer.Judgment) {
			j.Trajectory[analyzer.Server] = nil
		}, []string{"10.0.0.1:40000 (the client) began to connect to 10.0.0.2:80 (the server)."}},
		{"deserted", func(_ *analyzer.Conversation, j *analyzer.Judgment) {
			j.State = [2]fsm.State{fsm.Closed, fsm.Established}
		}, []string{"left in ESTABLISHED: it notices that the other side is gone only when"}},
		{"refused", func(c *analyzer.Conversation, j *analyzer.Judgment) {
			c.Outcome, c.Sent = analyzer.Refused, [2]analyzer.Sent{sample.Sent(1, 0, 60, 74, 0), sample.Sent(1, 0, 40, 54, 0)}
			*j = analyzer.Judgment{Course: analyzer.Course{State: [2]fsm.State{fsm.Closed, fsm.Closed}, Close: analyzer.Close{Kind: analyzer.CloseReset, Cause: sample.ResetCause("refused")}}}
		}, []string{"tried to connect to 10.0.0.2:80 (the server) and was refused.", "Nothing is left"}},
		{"unanswered", func(c *analyzer.Conversation, j *analyzer.Judgment) {
			c.Outcome, c.Sent = analyzer.Unanswered, [2]analyzer.Sent{sample.Sent(1, 0, 60, 74, 0), {}}
			*j = analyzer.Judgment{}
		}, []string{"tried to connect to 10.0.0.2:80 (the server) and got no answer."}},
		{"unanswered, though the server sent something", func(c *analyzer.Conversation, j *analyzer.Judgment) {
			c.Outcome, c.Sent = analyzer.Unanswered, [2]analyzer.Sent{sample.Sent(1, 0, 60, 74, 0), sample.Sent(1, 0, 60, 74, 0)}
			*j = analyzer.Judgment{}
		}, []string{"tried to connect to 10.0.0.2:80 (the server) and got no answer that it took."}},
		{"midstream", func(c *analyzer.Conversation, j *analyzer.Judgment) {
			c.Roles, c.Outcome, c.Completeness = analyzer.RolesInferred, analyzer.Open, analyzer.SawACK|analyzer.SawData
			c.Sent[analyzer.Server] = analyzer.Sent{StreamBytes: 3}
			*j = analyzer.Judgment{Course: analyzer.Course{State: [2]fsm.State{fsm.Established, fsm.Established}}}
		}, []string{"The capture begins in the middle of a connection between", "nothing that the server sent was captured", "the server sent 3 bytes (all of them not captured).", "Neither side closed.", "Both sides have the connection still"}},
		{"nothing", func(c *analyzer.Conversation, j *analyzer.Judgment) {
			c.Sent, *j = [2]analyzer.Sent{}, analyzer.Judgment{}
		}, []string{"No data was sent."}},
	} {
		c, j := told(), closedWell()
		test.change(c, j)
		sentences := Tell(c, j, nil)
		if len(sentences) > 6 {
			t.Errorf("%s: %d sentences", test.name, len(sentences))
		}
		story := strings.Join(sentences, " ")
		for _, want := range test.want {
			if !strings.Contains(story, want) {
				t.Errorf("%s: want %q in\n%s", test.name, want, story)
			}
		}
	}
}

// TestTroublesOnce: of two anomalies that tell of the same failure one is told, the gravest come first, and the
// others are counted.
func TestTroublesOnce(t *testing.T) {
	c, j := told(), closedWell()
	for i, id := range []string{"fin-retransmit", "missing-final-ack", "write-after-close", "half-close", "zero-window", "data-after-fin"} {
		j.Anomalies = append(j.Anomalies, analyzer.Anomaly{Kind: analyzer.FindAnomalyKind(id), Frame: uint64(100 + i)})
	}
	got := (&teller{c, j, nil}).trouble()
	for _, want := range []string{"what went wrong: ", "(frame 102); ", "(frame 105)", "; and "} {
		if !strings.Contains(got, want) {
			t.Errorf("want %q in %q", want, got)
		}
	}
	for _, unwanted := range []string{"(frame 100)", "(frame 103)"} {
		if strings.Contains(got, unwanted) {
			t.Errorf("%q in %q", unwanted, got)
		}
	}
}

// TestNotesOfHarm: where a note tells of a loss, a wait or a forgery, nobody is told that nothing went wrong; others are no trouble.
func TestNotesOfHarm(t *testing.T) {
	for id, harm := range map[string]bool{
		"packet-loss": true, "slow-handshake": true, "window-full": true, "missing-final-ack": true, "close-wait-lingering": true, "icmp-too-big": true,
		"icmp-not-accepted": true, "challenge-ack": true, "reordering": true, "spurious-retransmission": true,
		"half-close": false, "port-reused": false, "keep-alive": false, "simultaneous-close": false, "syn-data": false, "capture-duplicates": false,
	} {
		c, j := told(), closedWell()
		j.Anomalies = []analyzer.Anomaly{{Kind: analyzer.FindAnomalyKind(id).As(analyzer.SeverityNote), Frame: 100}}
		if j.Anomalies[0].Kind.Severity != analyzer.SeverityNote {
			t.Errorf("%s is no note", id)
		}
		got := (&teller{c, j, nil}).trouble()
		if told := strings.Contains(got, "(frame 100)"); told != harm || told == strings.Contains(got, "nothing went wrong") {
			t.Errorf("%s: %q", id, got)
		}
	}
}

// TestCauseFirst: of two troubles the one that the other comes of is told first, be it the lesser; without that the graver, and of two that
// weigh the same the first.
func TestCauseFirst(t *testing.T) {
	for _, test := range []struct{ first, second, told string }{
		{"retransmission-timeout", "accept-queue-overflow", "(frame 101); "},
		{"no-answer", "bad-checksum", "(frame 101); "},
		{"retransmission-timeout", "zero-window", "(frame 100); "},
		{"zero-window", "mtu-black-hole", "(frame 101); "},
	} {
		c, j := told(), closedWell()
		for i, id := range []string{test.first, test.second} {
			j.Anomalies = append(j.Anomalies, analyzer.Anomaly{Kind: analyzer.FindAnomalyKind(id), Frame: uint64(100 + i)})
		}
		if got := (&teller{c, j, nil}).trouble(); !strings.Contains(got, test.told) {
			t.Errorf("%s, %s: want %q in %q", test.first, test.second, test.told, got)
		}
	}
}
