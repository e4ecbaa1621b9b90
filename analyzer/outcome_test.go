package analyzer

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/gopacket/pcapgo"

	"tcptrace/analyzer/internal/state"
	"tcptrace/internal/testutil/scripts"
)

// outcomes is a sink that holds the outcome of each conversation against its trajectories.
type outcomes struct {
	t        *testing.T
	file     string
	judgment Judgment
	count    [NumOutcomes]int
}

func (o *outcomes) Conversation(c *Conversation) error {
	o.judgment.Follow(c)
	if want := o.judgment.View.Outcome(); c.Outcome != want {
		o.t.Errorf("%s, stream %d: %s, by its trajectories %s", o.file, c.Stream, c.Outcome, want)
	}
	o.count[c.Outcome]++
	return nil
}

// TestPlainOutcome has every golden and kernel capture analyzed: what is plain at a glance is what following
// the endpoints says.
func TestPlainOutcome(t *testing.T) {
	var files []string
	for _, pattern := range []string{"../testdata/pcaps/*.pcap", "../testdata/kernel/*.pcap"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	sink := outcomes{t: t}
	for _, sink.file = range files {
		analyzeFile(t, sink.file, &sink)
	}
	for o, n := range sink.count {
		if n == 0 {
			t.Errorf("no conversation of %d files is %s", len(files), Outcome(o))
		}
	}
}

// analyzeFile has the packets of a pcap file analyzed, without the help of the packages that use this one.
func analyzeFile(t *testing.T, path string, sink Sink) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := pcapgo.NewReader(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	a := New(Options{Quick: true}, sink)
	for {
		data, ci, err := r.ReadPacketData()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if err := a.Frame(r.LinkType(), ci, data); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestPlainBoundaries: what is plain at a glance is just that, and is said of the trajectories, too.
func TestPlainBoundaries(t *testing.T) {
	const (
		syn    = "+0 > S 0:0(0) win 64240 <mss 1460>\n"
		synack = "+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n"
		ack    = "+50us > . 1:1(0) ack 1\n"
	)
	for _, test := range []struct {
		why, script string
		plain       bool
		want        Outcome
	}{
		{"a SYN, which waits for more", syn, false, Unanswered},
		{"repeated", syn + "+1s" + syn[2:], true, Unanswered},
		{"answered by what is none", syn + "+20ms < . 1:1(0) ack 1\n", false, Open},
		{"that goes on, its answer not captured", syn + "+20ms > . 1:1(0) ack 1\n", false, Open},
		{"and ends so", syn + "+20ms > F. 1:1(0) ack 1\n", false, Closing},
		{"answered", syn + synack, false, HalfOpen},
		{"a handshake", syn + synack + ack, false, Open},
		{"the server's data unacknowledged", syn + synack + ack + "+20ms < P. 1:2(1) ack 1\n", false, Open},
		{"acknowledged", syn + synack + ack + "+20ms < P. 1:2(1) ack 1\n+1ms > . 1:1(0) ack 2\n", true, Open},
		{"the ACK of which is of something else", syn + synack + "+50us > . 1:1(0) ack 0\n", false, HalfOpen},
		{"a FIN", syn + synack + ack + "+1ms > F. 1:1(0) ack 1\n", false, Closing},
		{"both", syn + synack + ack + "+1ms > F. 1:1(0) ack 1\n+20ms < F. 1:1(0) ack 2\n", false, Closing},
		{"and their ACKs", syn + synack + ack + "+1ms > F. 1:1(0) ack 1\n+20ms < F. 1:1(0) ack 2\n+1ms > . 2:2(0) ack 2\n", true, Closed},
		{"by one side", syn + synack + ack + "+1ms > F. 1:1(0) ack 1\n+20ms < F. 1:1(0) ack 2\n+1ms > . 2:2(0) ack 1\n", false, Closing},
		{"that are all a client acknowledged", syn + synack + "+20ms < F. 1:1(0) ack 1\n+1ms > F. 1:1(0) ack 2\n+20ms < . 2:2(0) ack 2\n", false, Closed},
		{"an RST", syn + synack + ack + "+1ms > R. 1:1(0) ack 1\n", false, Reset},
		{"both SYNs", syn + "+1ms < S 0:0(0) win 64240 <mss 1460>\n", false, Unanswered},
		{"data with a SYN", "+0 > S 0:9(9) win 64240 <mss 1460>\n", false, Unanswered},
	} {
		frames := scripts.Frames(t, test.script)
		var plain, alone = false, true
		var of, got Outcome
		a := New(Options{MaxFlows: 1000}, sinkFunc(func(c *Conversation) {
			var j Judgment
			j.Follow(c)
			got, of = c.Outcome, j.View.Outcome()
		}))
		scripts.Feed(t, a, frames)
		tracker := a.inline.Tracker(0)
		for slot := range tracker.Slab.All() { // there is none of a SYN alone
			_, plain = state.PlainOutcome(tracker.Slab.At(slot), &tracker.Facts)
			alone = false
		}
		if _, err := a.Close(); err != nil {
			t.Fatal(err)
		}
		if !alone && plain != test.plain || got != test.want || of != got {
			t.Errorf("%s: plain %v, %v, by its trajectories %v; want %v, %v", test.why, plain, got, of, test.plain, test.want)
		}
	}
}

// sinkFunc is a sink that is a function.
type sinkFunc func(*Conversation)

func (f sinkFunc) Conversation(c *Conversation) error { f(c); return nil }
