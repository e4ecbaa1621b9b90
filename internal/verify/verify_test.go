package verify

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer"
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
	r, err := Run(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := r.Text(&text); err != nil {
		t.Fatal(err)
	}
	if r.Endpoints != 2*len(plays) || len(r.False) > 0 || r.Equal < r.Endpoints*9/10 {
		t.Errorf("of %d endpoints\n%s", 2*len(plays), text.String())
	}
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

// words reads states that are held for a second; "~" behind one: for that which the kernel takes for a segment, at most.
func words(t *testing.T, text string) (list []word) {
	t.Helper()
	at := time.Unix(1, 0)
	for _, name := range strings.Fields(text) {
		bare, brief := strings.CutSuffix(name, "~")
		s, err := fsm.ParseState(bare)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, word{s, at})
		if at = at.Add(passing); !brief {
			at = at.Add(time.Second)
		} else {
			at = at.Add(-1)
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
	} {
		r := &Report{}
		r.add("client", "10.0.0.1:1", steps(t, c.ours), words(t, c.kernel))
		agreed := 0
		for _, l := range r.States {
			agreed += l.Agreed
		}
		missed := ""
		for _, m := range r.Missed {
			missed += m.State
		}
		if r.Endpoints != 1 || r.Equal != c.equal || agreed != c.agreed || len(r.False) != c.false || missed != c.missed && c.false == 0 {
			t.Errorf("%q against %q: %d equal, %d agree, %d false, missed %q", c.ours, c.kernel, r.Equal, agreed, len(r.False), missed)
		}
	}
}

// TestPassing: a state is passed if it is held for less than so long.
func TestPassing(t *testing.T) {
	for held, want := range map[time.Duration]int{passing - 1: 0, passing: 1} {
		at := time.Unix(1, 0)
		r := &Report{}
		r.add("client", "", steps(t, "FIN_WAIT_1 TIME_WAIT"), []word{{fsm.FinWait1, at}, {fsm.FinWait2, at}, {fsm.TimeWait, at.Add(held)}})
		if len(r.Missed) != want {
			t.Errorf("held for %v: %+v", held, r.Missed)
		}
	}
}

func TestAppendWord(t *testing.T) {
	change := func(before, state fsm.State) kernel.Change {
		return kernel.Change{Endpoint: kernel.Endpoint{State: state}, Before: before}
	}
	for want, changes := range map[string][]kernel.Change{
		"SYN_RCVD ESTABLISHED CLOSE_WAIT": {change(fsm.SynRcvd, fsm.Established), change(fsm.Established, fsm.CloseWait)},
		"SYN_SENT CLOSED":                 {change(fsm.Closed, fsm.SynSent), change(fsm.SynSent, fsm.Closed)},
		"FIN_WAIT_2":                      {change(fsm.Unknown, fsm.FinWait2), change(fsm.FinWait2, fsm.FinWait2)},
	} {
		var list []word
		for _, c := range changes {
			list = appendWord(list, c)
		}
		if got := kernelText(list); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestFalseProof: one is in both forms of the report.
func TestFalseProof(t *testing.T) {
	at := end{1, analyzer.Server}
	s := seen{map[end][]word{at: words(t, "SYN_RCVD")}, map[end][]analyzer.Step{at: steps(t, "LISTEN? SYN_RCVD ESTABLISHED")}, map[end]string{at: "10.0.0.2:80"}}
	r := s.report()
	var text, doc bytes.Buffer
	if err := r.Text(&text); err != nil {
		t.Fatal(err)
	}
	if err := r.JSON(&doc); err != nil {
		t.Fatal(err)
	}
	const want = "0 of 1 endpoints went through the same states; 1 false proofs\n" +
		"false: the server 10.0.0.2:80 is in ESTABLISHED (sent)\n  inferred: SYN_RCVD ESTABLISHED\n  kernel:   SYN_RCVD\n"
	if !strings.HasSuffix(text.String(), want) {
		t.Errorf("got\n%s", text.String())
	}
	var back Report
	if err := json.Unmarshal(doc.Bytes(), &back); err != nil || len(back.False) != 1 || back.Schema != "tcptrace.verify.v1" {
		t.Errorf("%v: %s", err, doc.String())
	}
}
