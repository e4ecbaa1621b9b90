package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/host"
	"tcptrace/fsm"
	"tcptrace/internal/live/capture"
	"tcptrace/internal/live/kernel"
)

// TestRun: on this machine nothing is called proved that its kernel does not say.
func TestRun(t *testing.T) {
	src, err := capture.Open(capture.Options{Interfaces: []string{loopback}})
	if err != nil {
		t.Skip(err)
	}
	src.Close()
	w, err := kernel.Open()
	if err != nil {
		t.Skip(err)
	}
	w.Close()
	if w.Lacks() != nil {
		t.Skip(w.Lacks())
	}
	r, err := Run(t.Context(), Options{Rounds: 1, Peer: peer})
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := r.Text(&text); err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, p := range plays {
		want += p.ends
		i := slices.IndexFunc(r.Plays, func(q Played) bool { return q.Name == p.name })
		if i < 0 || r.Plays[i].Endpoints != p.ends || r.Plays[i].Processes != p.ends || r.Plays[i].Wrong > 0 {
			t.Errorf("%s: want %d endpoints, all with the right process, and no false proof", p.name, p.ends)
		}
	}
	if r.Endpoints != want || r.Wrong > 0 || r.Equal < want*8/10 || len(plays) < 20 {
		t.Errorf("of %d endpoints\n%s", want, text.String())
	}
}

// TestInterface: connections of others are watched, too.
func TestInterface(t *testing.T) {
	l, err := net.Listen("tcp4", "127.77.0.3:0")
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		for ctx.Err() == nil { // until one of them has come when all is watched
			if c, err := net.Dial("tcp4", l.Addr().String()); err == nil {
				c.Close()
			}
			time.Sleep(50 * time.Millisecond)
		}
	}()
	r, err := Run(ctx, Options{Interface: loopback, For: 2 * time.Second})
	if err != nil {
		t.Skip(err)
	}
	if r.Endpoints < 2 || r.Interface != loopback || len(r.Plays) > 0 {
		t.Errorf("%+v", r)
	}
}

// peerVariable has this program be a peer.
const peerVariable = "VERIFY_TEST_PEER"

func peer(address string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), peerVariable+"="+address)
	return cmd
}

func TestMain(m *testing.M) {
	if address := os.Getenv(peerVariable); address != "" {
		_ = Peer(address)
		return
	}
	m.Run()
}

// steps reads states; "?" behind one marks a guess.
func steps(t *testing.T, text string) (list []analyzer.Step) {
	t.Helper()
	for _, name := range strings.Fields(text) {
		s := analyzer.Step{Evidence: analyzer.EvidenceSent}
		bare, guess := strings.CutSuffix(name, "?")
		if guess {
			s.Evidence = analyzer.EvidenceAssumed
		}
		var err error
		if s.State, err = fsm.ParseState(bare); err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	return list
}

// words reads states that are held for a second; "~" behind one: for that which the kernel takes for a segment, at most; "f": it was found.
func words(t *testing.T, text string) (list []host.Word) {
	t.Helper()
	at := time.Unix(1, 0).UnixNano()
	for _, name := range strings.Fields(text) {
		bare, brief := strings.CutSuffix(name, "~")
		bare, found := strings.CutSuffix(bare, "f")
		s, err := fsm.ParseState(bare)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, host.Word{State: s, Time: at, Found: found})
		if at += int64(passing); !brief {
			at += int64(time.Second)
		} else {
			at--
		}
	}
	return list
}

func TestAdd(t *testing.T) {
	for _, c := range []struct {
		ours, kernel  string
		equal         int
		agreed, false int
		missed        string
	}{
		{"SYN_SENT ESTABLISHED", "SYN_SENT ESTABLISHED", 1, 2, 0, ""},
		{"SYN_SENT ESTABLISHED CLOSE_WAIT", "SYN_SENT ESTABLISHED", 0, 2, 1, ""},
		{"SYN_SENT ESTABLISHED CLOSE_WAIT?", "SYN_SENT ESTABLISHED", 0, 2, 0, ""},
		{"SYN_SENT CLOSED ESTABLISHED", "SYN_SENT ESTABLISHED CLOSED", 0, 2, 1, "ESTABLISHED"}, // one of both is out of order
		{"FIN_WAIT_1 TIME_WAIT", "FIN_WAIT_1 FIN_WAIT_2~ TIME_WAIT", 1, 2, 0, ""},
		{"FIN_WAIT_1 TIME_WAIT", "FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT", 0, 2, 0, "FIN_WAIT_2"},
		{"FIN_WAIT_1", "FIN_WAIT_1 FIN_WAIT_2~", 0, 1, 0, "FIN_WAIT_2"}, // the last is held
		{"", "ESTABLISHED", 0, 0, 0, "ESTABLISHED"},
		{"FIN_WAIT_2 TIME_WAIT CLOSED", "FIN_WAIT_2 CLOSEDf", 1, 2, 0, ""}, // it may have been so
		{"FIN_WAIT_2 TIME_WAIT", "FIN_WAIT_2 CLOSEDf", 0, 1, 0, "CLOSED"},
		{"FIN_WAIT_2 TIME_WAIT CLOSED", "FIN_WAIT_2 CLOSED", 0, 2, 1, ""},
		{"FIN_WAIT_2 TIME_WAIT ESTABLISHED CLOSED", "FIN_WAIT_2 ESTABLISHED CLOSEDf", 0, 3, 1, ""},
	} {
		r := &Report{}
		r.add(&end{steps: steps(t, c.ours), words: words(t, c.kernel), heard: 1e12})
		agreed := 0
		for _, l := range r.States {
			agreed += l.Agreed
		}
		missed := ""
		for _, m := range r.Missed {
			missed += m.State
		}
		if r.Endpoints != 1 || r.Equal != c.equal || agreed != c.agreed || len(r.False) != c.false || r.Wrong != c.false || missed != c.missed && c.false == 0 {
			t.Errorf("%q against %q: %d equal, %d agree, %d false, missed %q", c.ours, c.kernel, r.Equal, agreed, len(r.False), missed)
		}
	}
}

// TestPassing: a state is passed if it is held for less than so long.
func TestPassing(t *testing.T) {
	for held, want := range map[time.Duration]int{passing - 1: 0, passing: 1} {
		at := time.Unix(1, 0).UnixNano()
		r := &Report{}
		r.add(&end{steps: steps(t, "FIN_WAIT_1 TIME_WAIT"), heard: 1e12, words: []host.Word{
			{State: fsm.FinWait1, Time: at}, {State: fsm.FinWait2, Time: at}, {State: fsm.TimeWait, Time: at + int64(held)}}})
		if len(r.Missed) != want {
			t.Errorf("held for %v: %+v", held, r.Missed)
		}
	}
}

// TestLate: what happened just before the end may not be known to the other yet.
func TestLate(t *testing.T) {
	const now = analyzer.Time(1e12)
	for ago, want := range map[time.Duration]int{late - 1: 0, late: 1} {
		r := &Report{}
		r.add(&end{steps: []analyzer.Step{{State: fsm.CloseWait, Time: now.Add(-ago), Evidence: analyzer.EvidenceSent}}, heard: now})
		if r.Wrong != want || r.Equal != 1-want {
			t.Errorf("inferred %v ago: %+v", ago, r)
		}
		r = &Report{}
		r.add(&end{words: []host.Word{{State: fsm.CloseWait, Time: int64(now.Add(-ago))}}, heard: now})
		if len(r.Missed) != want || r.Equal != 1-want {
			t.Errorf("said %v ago: %+v", ago, r)
		}
	}
}

// TestFalseProof: one is in both forms of the report.
func TestFalseProof(t *testing.T) {
	r := newReport("lo")
	r.add(&end{side: analyzer.Server, socket: "10.0.0.2:80", words: words(t, "SYN_RCVD"), steps: steps(t, "LISTEN? SYN_RCVD ESTABLISHED"), heard: 1e12})
	var text, doc bytes.Buffer
	if err := r.Text(&text); err != nil {
		t.Fatal(err)
	}
	if err := r.JSON(&doc); err != nil {
		t.Fatal(err)
	}
	const want = "0 of 1 endpoints went through the same states; 2 proved steps, 1 false\n" +
		"false: the server 10.0.0.2:80 is in ESTABLISHED (sent)\n  inferred: SYN_RCVD ESTABLISHED\n  kernel:   SYN_RCVD\n"
	if !strings.HasSuffix(text.String(), want) {
		t.Errorf("got\n%s", text.String())
	}
	var back Report
	if err := json.Unmarshal(doc.Bytes(), &back); err != nil || len(back.False) != 1 || back.Schema != "tcptrace.verify.v1" {
		t.Errorf("%v: %s", err, doc.String())
	}
}

// TestAddresses: two processes have addresses of their own, and a client is found from its server.
func TestAddresses(t *testing.T) {
	for pid, want := range map[int][2]string{1: {"127.77.0.2", "127.77.0.3"}, 128: {"127.77.1.0", "127.77.1.1"}, 129: {"127.77.1.2", "127.77.1.3"}} {
		if server := serverOf(pid); server.String() != want[1] || clientOf(server).String() != want[0] {
			t.Errorf("process %d: %v and %v, want %v", pid, clientOf(server), server, want)
		}
	}
}
