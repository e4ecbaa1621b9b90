package pipeline_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/timing"
	"tcptrace/internal/dimension"
	"tcptrace/internal/input"
	"tcptrace/internal/testutil/scripts"
)

// skimmed is a sink that notes what it gets, in order. If it skims it does so of the conversations that start from then on.
type skimmed struct {
	t     *testing.T
	from  analyzer.Time
	said  []string // of each conversation what a sink that skims gets of it
	sound map[uint64]bool
}

type skimming struct{ skimmed }

func (s *skimmed) note(c *analyzer.Conversation) {
	s.said = append(s.said, fmt.Sprint(c.Stream, c.Addr, c.Names, c.VLAN, c.Interface, c.Start, c.Roles, c.Outcome, c.Sent[analyzer.Client].TTLMin, dimension.ServerTTL(c)))
}

func (s *skimmed) Conversation(c *analyzer.Conversation) error {
	s.note(c)
	return nil
}

func (s *skimming) Skims(start analyzer.Time) bool { return start >= s.from }

func (s *skimming) Sound(c *analyzer.Conversation) error {
	s.note(c)
	s.sound[c.Stream] = true
	if !s.Skims(c.Start) {
		s.t.Errorf("stream %d was skimmed", c.Stream)
	}
	return nil
}

// judged notes what a sink that does not skim gets of conversations that another skimmed.
type judged struct{ skimmed }

func (s *judged) Conversation(c *analyzer.Conversation) error {
	s.note(c)
	if !s.sound[c.Stream] {
		return nil
	}
	var j analyzer.Judgment
	j.Judge(c)
	client, server := &c.Sent[analyzer.Client], &c.Sent[analyzer.Server]
	limited := max(client.Limits[timing.ReceiveWindow], server.Limits[timing.ReceiveWindow])
	if len(j.Anomalies) > 0 || j.Close.Kind != analyzer.CloseGraceful || max(client.ThinkMax, server.ThinkMax, limited) >= time.Second ||
		client.RetransmittedBytes+server.RetransmittedBytes > 0 {
		s.t.Errorf("stream %d was taken for sound: %d anomalies, %v", c.Stream, len(j.Anomalies), c)
	}
	return nil
}

func analyze(t *testing.T, data []byte, o analyzer.Options, sink analyzer.Sink) analyzer.Summary {
	t.Helper()
	src := input.Open([]string{"-"}, input.Options{Stdin: bytes.NewReader(data)})
	defer src.Close()
	sum, err := analyzer.Run(t.Context(), src, o, sink)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// TestSkim: a sink that skims gets the same conversations in the same order as any other, the summary is the same, and nothing is wrong in
// those that it gets little of.
func TestSkim(t *testing.T) {
	some := 0
	for _, c := range captures(t) {
		few := &skimming{skimmed{t: t, sound: map[uint64]bool{}}}
		sum := analyze(t, c.data, with(c.o, 3), few)
		all := &judged{skimmed: skimmed{t: t, sound: few.sound}}
		want := analyze(t, c.data, with(c.o, 1), all)
		some += len(few.sound)
		if d := differs(strings.Join(few.said, "\n"), strings.Join(all.said, "\n")); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
		if got, want := fmt.Sprintf("%+v", sum), fmt.Sprintf("%+v", want); got != want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, want)
		}
		part := &skimming{skimmed{t: t, sound: map[uint64]bool{}, from: want.Start + 1e9}}
		analyze(t, c.data, c.o, part)
		if d := differs(strings.Join(part.said, "\n"), strings.Join(all.said, "\n")); d != "" {
			t.Errorf("%s, those that start late: %s", c.name, d)
		}
	}
	least := 100
	if testing.Short() { // of fewer captures
		least = 25
	}
	if some < least {
		t.Errorf("only %d conversations were sound", some)
	}
}

// TestSound: what is sound, and what is so no more.
func TestSound(t *testing.T) {
	const (
		syn, synack, ack = "+0 > S 0:0(0) win 64240 <mss 1460>\n", "+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n", "+1ms > . 1:1(0) ack 1 win 502\n"
		opens            = syn + synack + ack
		asks, answers    = "+1ms > P. 1:201(200) ack 1\n", "+20ms < P. 1:101(100) ack 201 win 502\n+1ms > . 201:201(0) ack 101\n"
		fin, closes      = "+1ms > F. 201:201(0) ack 101\n", "+20ms < F. 101:101(0) ack 202\n+1ms > . 202:202(0) ack 102\n"
	)
	for _, tt := range []struct {
		name, script string
		sound        bool
	}{
		{"a request", opens + asks + answers + fin + closes, true},
		{"open", opens + asks + answers, false},
		{"half closed", opens + asks + answers + fin, false},
		{"the last ACK is missing", opens + asks + answers + fin + "+20ms < F. 101:101(0) ack 202\n", false},
		{"two SYNs", syn + "+1s > S 0:0(0) win 64240 <mss 1460>\n" + synack + ack + asks + answers + fin + closes, false},
		{"no SYN", synack + ack + asks + answers + fin + closes, false},
		{"sent again", opens + asks + "+300ms > P. 1:201(200) ack 1\n" + answers + fin + closes, false},
		{"two FINs", opens + asks + answers + fin + "+300ms > F. 201:201(0) ack 101\n" + closes, false},
		{"both at once", opens + asks + answers + fin + "+1ms < F. 101:101(0) ack 201\n+20ms > . 202:202(0) ack 102\n+1ms < . 102:102(0) ack 202\n", false},
		{"an RST behind", opens + asks + answers + fin + closes + "+1ms > R 202:202(0)\n", false},
		{"thinks just long enough", opens + asks + "+1ms < . 1:1(0) ack 201\n+998999us < P. 1:101(100) ack 201\n+1ms > . 201:201(0) ack 101\n" + fin + closes, true},
		{"thinks too long", opens + asks + "+1ms < . 1:1(0) ack 201\n+1001ms < P. 1:101(100) ack 201\n+1ms > . 201:201(0) ack 101\n" + fin + closes, false},
		{"CLOSE_WAIT", opens + asks + answers + fin + "+1ms < . 101:101(0) ack 202\n" + strings.ReplaceAll(closes, "+20ms", "+998999us"), true},
		{"CLOSE_WAIT for long", opens + asks + answers + fin + "+1ms < . 101:101(0) ack 202\n" + strings.ReplaceAll(closes, "+20ms", "+999ms"), false},
		{"a SYN that is answered late", strings.Replace(opens, "+20ms", "+119999us", 1) + asks + answers + fin + closes, true},
		{"a SYN that is answered too late", strings.Replace(opens, "+20ms", "+120ms", 1) + asks + answers + fin + closes, false},
	} {
		s := &skimming{skimmed{t: t, sound: map[uint64]bool{}}}
		a := analyzer.New(analyzer.Options{}, s)
		scripts.Feed(t, a, scripts.Frames(t, "client 10.0.0.1:40000\nserver 10.0.0.2:80\n"+tt.script))
		if _, err := a.Close(); err != nil {
			t.Fatal(err)
		}
		if len(s.said) != 1 || s.sound[0] != tt.sound {
			t.Errorf("%s: sound is %v, want %v; %q", tt.name, s.sound[0], tt.sound, s.said)
		}
	}
}
