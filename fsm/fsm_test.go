package fsm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"tcptrace/internal/testutil/golden"
)

type arrow struct {
	from State
	on   Event
	to   State
}

// Figure 5 of RFC 9293, arrow by arrow from the top, with the inputs as it labels
// them; then its notes. Typed from the RFC, not from the table.
var figure5 = []arrow{
	{Closed, PassiveOpen, Listen},        // passive OPEN / create TCB
	{Closed, SendSYN, SynSent},           // active OPEN / create TCB, snd SYN
	{Listen, DeleteTCB, Closed},          // CLOSE / delete TCB
	{SynSent, DeleteTCB, Closed},         // CLOSE / delete TCB
	{Listen, RecvSYN, SynRcvd},           // rcv SYN / snd SYN,ACK
	{Listen, SendSYN, SynSent},           // SEND / snd SYN
	{SynSent, RecvSYN, SynRcvd},          // rcv SYN / snd SYN,ACK
	{SynSent, RecvSYNACK, Established},   // rcv SYN,ACK / snd ACK
	{SynRcvd, RecvAckOfSYN, Established}, // rcv ACK of SYN / x
	{SynRcvd, SendFIN, FinWait1},         // CLOSE / snd FIN
	{Established, SendFIN, FinWait1},     // CLOSE / snd FIN
	{Established, RecvFIN, CloseWait},    // rcv FIN / snd ACK
	{FinWait1, RecvAckOfFIN, FinWait2},   // rcv ACK of FIN / x
	{FinWait1, RecvFIN, Closing},         // rcv FIN / snd ACK
	{CloseWait, SendFIN, LastAck},        // CLOSE / snd FIN
	{FinWait2, RecvFIN, TimeWait},        // rcv FIN / snd ACK
	{Closing, RecvAckOfFIN, TimeWait},    // rcv ACK of FIN / x
	{LastAck, RecvAckOfFIN, Closed},      // rcv ACK of FIN / x
	{FinWait1, RecvFINAndAck, TimeWait},  // note 2: rcv FIN and ACK of FIN
	{TimeWait, TimeWaitTimeout, Closed},  // Timeout=2MSL / delete TCB
	{SynRcvd, ReturnToListen, Listen},    // note 1: rcv RST after a passive OPEN
	{SynRcvd, RecvRST, Closed},           // note 1: rcv RST after an active OPEN
	{Listen, RecvRST, Listen},            // note 3: rcv RST leads to LISTEN or CLOSED
	{Closed, RecvRST, Closed},            // from any state ...
	{SynSent, RecvRST, Closed},           //
	{Established, RecvRST, Closed},       //
	{FinWait1, RecvRST, Closed},          //
	{FinWait2, RecvRST, Closed},          //
	{CloseWait, RecvRST, Closed},         //
	{Closing, RecvRST, Closed},           //
	{LastAck, RecvRST, Closed},           //
	{TimeWait, RecvRST, Closed},          //
}

// What the figure leaves to the text. Self-loops are listed by
// TestRepeats.
var beyondFigure5 = []arrow{
	{SynRcvd, RecvFIN, CloseWait},       // 3.10.7.4, eighth
	{SynRcvd, RecvSYNACK, Established},  // 3.5, figure 7, lines 5 and 6
	{Listen, SendSYNACK, SynRcvd},       // the outputs of three arrows into SYN-RECEIVED
	{SynSent, SendSYNACK, SynRcvd},      //
	{TimeWait, SendSYNACK, SynRcvd},     //
	{TimeWait, RecvSYN, SynRcvd},        // RFC 1122 4.2.2.13, RFC 6191
	{FinWait2, FinWait2Timeout, Closed}, // practice
	{Closing, DeleteTCB, Closed},        // 3.10.5
	{LastAck, DeleteTCB, Closed},        //
	{TimeWait, DeleteTCB, Closed},       //
	{SynSent, SendRST, Closed},          // 3.10.5, and figure 5 note 3: a RST can be sent from any state
	{SynRcvd, SendRST, Closed},          //
	{Established, SendRST, Closed},      //
	{FinWait1, SendRST, Closed},         //
	{FinWait2, SendRST, Closed},         //
	{CloseWait, SendRST, Closed},        //
	{Closing, SendRST, Closed},          //
	{LastAck, SendRST, Closed},          //
	{TimeWait, SendRST, Closed},         //
	{Listen, UserTimeout, Closed},       // 3.10.8, any state
	{SynSent, UserTimeout, Closed},      //
	{SynRcvd, UserTimeout, Closed},      //
	{Established, UserTimeout, Closed},  //
	{FinWait1, UserTimeout, Closed},     //
	{FinWait2, UserTimeout, Closed},     //
	{CloseWait, UserTimeout, Closed},    //
	{Closing, UserTimeout, Closed},      //
	{LastAck, UserTimeout, Closed},      //
	{TimeWait, UserTimeout, Closed},     //
}

func TestFigure5(t *testing.T) {
	for _, a := range slices.Concat(figure5, beyondFigure5) {
		if got, ok := a.from.Next(a.on); got != a.to || !ok {
			t.Errorf("%v, %v: got %v, %v; want %v", a.from, a.on, got, ok, a.to)
		}
	}
}

// Every arrow between two different states must be one that the RFC was read for.
func TestNoOtherArrows(t *testing.T) {
	known := map[arrow]bool{}
	for _, a := range slices.Concat(figure5, beyondFigure5) {
		known[a] = true
	}
	for s := range NumStates {
		for e := range NumEvents {
			if to, ok := s.Next(e); ok && to != s && !known[arrow{s, e, to}] {
				t.Errorf("unexpected: %v, %v -> %v", s, e, to)
			}
		}
	}
}

// What can happen again, or without end, in which states.
func TestRepeats(t *testing.T) {
	want := map[Event][]State{
		SendSYN:      {SynSent},
		SendSYNACK:   {SynRcvd},
		SendFIN:      {FinWait1, Closing, LastAck},
		SendData:     {Established, FinWait1, CloseWait, Closing, LastAck},
		SendRST:      {Closed, Listen},
		RecvSYN:      {SynRcvd},
		RecvSYNACK:   {FinWait1},
		RecvAckOfSYN: {FinWait1},
		RecvData:     {Established, FinWait1, FinWait2},
		RecvFIN:      {CloseWait, Closing, LastAck, TimeWait},
		RecvRST:      {Closed, Listen},
	}
	for e := range NumEvents {
		var got []State
		for s := range NumStates {
			if to, ok := s.Next(e); ok && to == s {
				got = append(got, s)
			}
		}
		if !slices.Equal(got, want[e]) {
			t.Errorf("%v leaves %v; want %v", e, got, want[e])
		}
	}
}

func TestPaths(t *testing.T) {
	for _, test := range []struct {
		name   string
		events []Event
		states []State // the first is where the path starts
	}{
		{"active open, closes first in four segments",
			[]Event{SendSYN, RecvSYNACK, SendData, RecvData, SendFIN, RecvAckOfFIN, RecvFIN, RecvFIN, TimeWaitTimeout},
			[]State{Closed, SynSent, Established, Established, Established, FinWait1, FinWait2, TimeWait, TimeWait, Closed}},
		{"passive open, closes second",
			[]Event{PassiveOpen, RecvSYN, SendSYNACK, RecvAckOfSYN, RecvFIN, SendFIN, RecvAckOfFIN},
			[]State{Closed, Listen, SynRcvd, SynRcvd, Established, CloseWait, LastAck, Closed}},
		{"three-segment close: one segment is FIN and ACK of FIN",
			[]Event{SendFIN, RecvFINAndAck},
			[]State{Established, FinWait1, TimeWait}},
		{"half-close: the peer goes on sending",
			[]Event{SendFIN, RecvAckOfFIN, RecvData, RecvData, RecvFIN},
			[]State{Established, FinWait1, FinWait2, FinWait2, FinWait2, TimeWait}},
		{"half-close seen from the peer",
			[]Event{RecvFIN, SendData, SendData, SendFIN, SendFIN, RecvAckOfFIN},
			[]State{Established, CloseWait, CloseWait, CloseWait, LastAck, LastAck, Closed}},
		{"simultaneous close, the same on both sides",
			[]Event{SendFIN, RecvFIN, SendFIN, RecvAckOfFIN, TimeWaitTimeout},
			[]State{Established, FinWait1, Closing, Closing, TimeWait, Closed}},
		{"simultaneous open, the same on both sides",
			[]Event{SendSYN, RecvSYN, SendSYNACK, RecvSYNACK},
			[]State{Closed, SynSent, SynRcvd, SynRcvd, Established}},
		{"a listener that sends",
			[]Event{PassiveOpen, SendSYN, RecvSYNACK},
			[]State{Closed, Listen, SynSent, Established}},
		{"closes before the handshake is over",
			[]Event{RecvSYN, SendFIN, RecvAckOfSYN, RecvAckOfFIN},
			[]State{Listen, SynRcvd, FinWait1, FinWait1, FinWait2}},
		{"reset in SYN_RCVD, passive", []Event{SendSYNACK, ReturnToListen}, []State{Listen, SynRcvd, Listen}},
		{"reset in SYN_RCVD, active", []Event{SendSYN, RecvSYN, RecvRST}, []State{Closed, SynSent, SynRcvd, Closed}},
		{"TIME_WAIT reused", []Event{RecvSYN, SendSYNACK, RecvAckOfSYN}, []State{TimeWait, SynRcvd, SynRcvd, Established}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := test.states[0]
			for i, e := range test.events {
				var ok bool
				if s, ok = s.Next(e); s != test.states[i+1] || !ok {
					t.Fatalf("step %d, %v: %v, %v; want %v", i, e, s, ok, test.states[i+1])
				}
			}
		})
	}
}

func TestEveryStateReachable(t *testing.T) {
	seen := map[State]bool{Closed: true}
	for todo := []State{Closed}; len(todo) > 0; todo = todo[1:] {
		for e := range NumEvents {
			if to, ok := todo[0].Next(e); ok && !seen[to] {
				seen[to] = true
				todo = append(todo, to)
			}
		}
	}
	for s := Closed; s < NumStates; s++ {
		if !seen[s] {
			t.Errorf("%v cannot be reached from CLOSED", s)
		}
	}
	if seen[Unknown] {
		t.Error("an event leads to UNKNOWN")
	}
}

// Without the reuse of TIME_WAIT a synchronized state only moves on towards CLOSED.
func TestNoWayBackIntoHandshake(t *testing.T) {
	synchronized := []State{Established, FinWait1, FinWait2, CloseWait, Closing, LastAck, TimeWait}
	for _, s := range synchronized {
		for e := range NumEvents {
			to, ok := s.Next(e)
			reuse := s == TimeWait && (e == RecvSYN || e == SendSYNACK)
			if ok && !reuse && to != Closed && !slices.Contains(synchronized, to) {
				t.Errorf("%v, %v -> %v", s, e, to)
			}
			if ok && s != Established && to == Established {
				t.Errorf("%v, %v: ESTABLISHED again", s, e)
			}
		}
	}
}

// Who saw the SYN-ACK knows what who saw the SYN knows.
func TestAnswerEqualsCause(t *testing.T) {
	for s := range NumStates {
		a, okA := s.Next(RecvSYN)
		b, okB := s.Next(SendSYNACK)
		if a != b || okA != okB {
			t.Errorf("%v: %v, %v after the SYN; %v, %v after the SYN-ACK", s, a, okA, b, okB)
		}
	}
}

func TestIllegalLeavesStateAlone(t *testing.T) {
	for s := range State(255) {
		for e := range Event(255) {
			to, ok := s.Next(e)
			if !ok && to != s {
				t.Errorf("%v, %v: refused, yet moved to %v", s, e, to)
			}
			if ok && (s == Unknown || s >= NumStates || e == NoEvent || e >= NumEvents) {
				t.Errorf("%v, %v: allowed", s, e)
			}
		}
	}
}

// The whole matrix, for review: a row for each event, "." where it is not allowed.
func TestTableGolden(t *testing.T) {
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for s := Closed; s < NumStates; s++ {
		fmt.Fprintf(w, "\t%v", s)
	}
	fmt.Fprintln(w)
	for e := PassiveOpen; e < NumEvents; e++ {
		fmt.Fprint(w, e)
		for s := Closed; s < NumStates; s++ {
			cell := "."
			if to, ok := s.Next(e); ok {
				cell = to.String()
			}
			fmt.Fprintf(w, "\t%s", cell)
		}
		fmt.Fprintln(w)
	}
	w.Flush()

	golden.Compare(t, "table.txt", b.Bytes())
}

func TestNamesRoundTrip(t *testing.T) {
	names := map[string]bool{}
	for s := range NumStates {
		text, err := json.Marshal(s)
		var back State
		if err != nil || json.Unmarshal(text, &back) != nil || back != s {
			t.Errorf("state %d: %s, %v, back %v", s, text, err, back)
		}
		names[s.String()] = true
	}
	for e := range NumEvents {
		text, err := json.Marshal(e)
		var back Event
		if err != nil || json.Unmarshal(text, &back) != nil || back != e {
			t.Errorf("event %d: %s, %v, back %v", e, text, err, back)
		}
		names[e.String()] = true
	}
	if len(names) != int(NumStates)+int(NumEvents) || names[""] {
		t.Errorf("names are missing or not unique: %v", names)
	}
	if _, err := NumStates.MarshalText(); err == nil {
		t.Error("a state beyond the last was marshalled")
	}
	if _, err := NumEvents.MarshalText(); err == nil {
		t.Error("an event beyond the last was marshalled")
	}
	if got := NumStates.String() + NumEvents.String(); got != "State(12)Event(20)" {
		t.Error(got)
	}
	s, e := LastAck, RecvFIN
	if s.UnmarshalText([]byte("ZOMBIE")) == nil || s != LastAck {
		t.Error("an unknown state was accepted, or overwrote the value")
	}
	if e.UnmarshalText([]byte("sent nothing")) == nil || e != RecvFIN {
		t.Error("an unknown event was accepted, or overwrote the value")
	}
}

func TestParseState(t *testing.T) {
	for want, names := range map[State]string{
		Unknown:     "unknown UNKNOWN",
		Closed:      "CLOSED CLOSE UNCONN TCP_CLOSE",
		Listen:      "LISTEN LISTENING listen TCP_LISTEN",
		SynSent:     "SYN_SENT SYN-SENT syn-sent TCP_SYN_SENT",
		SynRcvd:     "SYN_RCVD SYN_RECV SYN-RECV SYN-RECEIVED SYN_RECEIVED syn-rcvd TCP_NEW_SYN_RECV",
		Established: "ESTABLISHED ESTAB established",
		FinWait1:    "FIN_WAIT_1 FIN-WAIT-1 FIN_WAIT1 FINWAIT1 FINWAIT-1 fin-wait-1",
		FinWait2:    "FIN_WAIT_2 FIN-WAIT-2 FIN_WAIT2 FINWAIT2 FINWAIT-2 TCP_FIN_WAIT2",
		CloseWait:   "CLOSE_WAIT CLOSE-WAIT close-wait",
		Closing:     "CLOSING closing",
		LastAck:     "LAST_ACK LAST-ACK last-ack",
		TimeWait:    "TIME_WAIT TIME-WAIT time-wait",
	} {
		for name := range strings.FieldsSeq(names) {
			if got, err := ParseState(name); got != want || err != nil {
				t.Errorf("%q: %v, %v; want %v", name, got, err, want)
			}
		}
	}
	if got, err := ParseState("CLOSE WAIT"); got != CloseWait || err != nil {
		t.Error(got, err)
	}
	for _, name := range []string{"", "TCP_", "FIN", "FIN_WAIT", "FIN_WAIT_3", "F-I-N", "State(3)"} {
		if got, err := ParseState(name); got != Unknown || err == nil {
			t.Errorf("%q: %v, no error", name, got)
		}
	}
}

func FuzzParseState(f *testing.F) {
	f.Add("SYN-RECEIVED")
	f.Add("tcp_close wait")
	f.Fuzz(func(t *testing.T, name string) {
		s, err := ParseState(name)
		if err != nil {
			return
		}
		if again, err := ParseState(s.String()); again != s || err != nil {
			t.Errorf("%q is %v, which is %v, %v", name, s, again, err)
		}
	})
}

func BenchmarkNext(b *testing.B) {
	s := Closed
	cycle := [...]Event{SendSYN, RecvSYNACK, SendFIN, RecvAckOfFIN, RecvFIN, TimeWaitTimeout}
	i := 0
	for b.Loop() {
		s, _ = s.Next(cycle[i])
		if i++; i == len(cycle) {
			i = 0
		}
	}
}
