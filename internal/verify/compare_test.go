package verify

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/host"
	"tcptrace/fsm"
	"tcptrace/internal/verify/record"
)

// TestBehind: what happened to an end behind the latest word of the kernel that was heard is not compared, for no word can agree.
func TestBehind(t *testing.T) {
	for until, want := range map[analyzer.Time]bool{6: true, 7: false, 8: false} {
		e := end{steps: []analyzer.Step{{Time: 3}, {Time: 7}}}
		if e.isBehind(until) != want {
			t.Errorf("a step at 7 ns, heard until %d: %v", until, !want)
		}
	}
	if (&end{}).isBehind(0) {
		t.Error("an end without steps is behind all words")
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
		{"SYN_RCVD ESTABLISHED CLOSED", "ESTABLISHED CLOSED", 1, 2, 0, ""}, // of what was before the first word nothing is said
		{"SYN_RCVD ESTABLISHED CLOSED", "SYN_SENT ESTABLISHED CLOSED", 0, 2, 1, ""},
	} {
		r := record.New()
		(&comparison{report: r, late: late}).inferred(record.Endpoint, &end{steps: steps(t, c.ours), words: words(t, c.kernel), heard: 1e12})
		agreed := 0
		for _, l := range r.States {
			agreed += l.Agreed
		}
		missed := ""
		for _, m := range r.Missed {
			missed += m.State
		}
		at := r.At(record.Endpoint)
		if at.Endpoints != 1 || at.Equal != c.equal || at.Wrong != c.false || agreed != c.agreed || len(r.False) != c.false || r.Wrong != c.false || missed != c.missed && c.false == 0 {
			t.Errorf("%q against %q: %d equal, %d agree, %d false, missed %q", c.ours, c.kernel, at.Equal, agreed, len(r.False), missed)
		}
	}
}

// TestPassing: a state is passed if it is held for less than so long.
func TestPassing(t *testing.T) {
	for held, want := range map[time.Duration]int{passing - 1: 0, passing: 1} {
		at := time.Unix(1, 0).UnixNano()
		r := record.New()
		(&comparison{report: r, late: late}).inferred(record.Endpoint, &end{steps: steps(t, "FIN_WAIT_1 TIME_WAIT"), heard: 1e12, words: []host.Word{
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
		c := &comparison{report: record.New(), late: late}
		c.inferred(record.Endpoint, &end{steps: []analyzer.Step{{State: fsm.CloseWait, Time: now.Add(-ago), Evidence: analyzer.EvidenceSent}}, heard: now})
		if c.report.Wrong != want || c.report.At(record.Endpoint).Equal != 1-want {
			t.Errorf("inferred %v ago: %+v", ago, c.report)
		}
		c = &comparison{report: record.New(), late: late}
		c.inferred(record.Endpoint, &end{words: []host.Word{{State: fsm.CloseWait, Time: int64(now.Add(-ago))}}, heard: now})
		if len(c.report.Missed) != want || c.report.At(record.Endpoint).Equal != 1-want {
			t.Errorf("said %v ago: %+v", ago, c.report)
		}
	}
}

// TestMoment: a moment is compared if the kernel told it, and may be slack outside its bracket.
func TestMoment(t *testing.T) {
	step := analyzer.Step{State: fsm.Established, Time: 5e9, NotBefore: 4e9, NotAfter: 6e9}
	for _, c := range []struct {
		w               host.Word
		moments, within int
	}{
		{host.Word{Time: int64(4e9 - slack)}, 1, 1},
		{host.Word{Time: int64(4e9 - slack - 1)}, 1, 0},
		{host.Word{Time: int64(6e9 + slack)}, 1, 1},
		{host.Word{Time: int64(6e9 + slack + 1)}, 1, 0},
		{host.Word{Time: 5e9, Found: true}, 0, 0},
		{host.Word{}, 0, 0},
	} {
		a := &record.AtTap{}
		(&comparison{}).moment(a, &step, &c.w)
		if a.Moments != c.moments || a.Within != c.within {
			t.Errorf("%+v: %+v", c.w, a)
		}
	}
}

// TestShown: an end is shown rightly if it enters the kernel's states when the kernel says so, and leaves none earlier.
func TestShown(t *testing.T) {
	const kernel = analyzer.EvidenceKernel
	told := func(state fsm.State, at analyzer.Time) analyzer.Step {
		return analyzer.Step{State: state, Time: at + 5, NotBefore: at, NotAfter: at, Evidence: kernel}
	}
	words := []host.Word{{State: fsm.SynSent}, {State: fsm.Established, Time: 1e9}, {State: fsm.CloseWait, Time: 2e9}, {State: fsm.Closed, Time: 4e9, Found: true}}
	for _, c := range []struct {
		what string
		last []analyzer.Step
		want bool
	}{
		{"as it says", []analyzer.Step{told(fsm.Established, 1e9), told(fsm.CloseWait, 2e9), {State: fsm.Closed, Time: 3e9, Evidence: kernel}}, true},
		{"back in LISTEN", []analyzer.Step{told(fsm.Established, 1e9), told(fsm.CloseWait, 2e9), {State: fsm.Listen, Time: 3e9}}, true},
		{"entered late", []analyzer.Step{told(fsm.Established, 1e9+1), told(fsm.CloseWait, 2e9), {State: fsm.Closed, Time: 3e9}}, false},
		{"left early", []analyzer.Step{told(fsm.Established, 1e9), told(fsm.CloseWait, 2e9-1), {State: fsm.Closed, Time: 3e9}}, false},
		{"found as asked", []analyzer.Step{told(fsm.Established, 1e9), told(fsm.CloseWait, 2e9), {State: fsm.Closed, Time: 4e9 + asking}}, true},
		{"found later", []analyzer.Step{told(fsm.Established, 1e9), told(fsm.CloseWait, 2e9), {State: fsm.Closed, Time: 4e9 + asking + 1}}, false},
		{"not at all", []analyzer.Step{told(fsm.Established, 1e9), told(fsm.CloseWait, 2e9)}, false},
	} {
		if got := isShown(append([]analyzer.Step{{State: fsm.SynSent, Time: 1}}, c.last...), words); got != c.want {
			t.Errorf("%s: %v", c.what, got)
		}
	}
}

// TestFalseProof: one is in both forms of the report.
func TestFalseProof(t *testing.T) {
	r := record.New()
	addr := [2]netip.AddrPort{netip.MustParseAddrPort("10.0.0.1:40000"), netip.MustParseAddrPort("10.0.0.2:80")}
	(&comparison{report: r, late: late}).take(&tap{at: &place{addr: addr[1].Addr()}}, &end{
		side: analyzer.Server, addr: addr, words: words(t, "SYN_RCVD"), steps: steps(t, "LISTEN? SYN_RCVD ESTABLISHED"), heard: 1e12})
	var doc bytes.Buffer
	text := textOf(t, r)
	if err := r.JSON(&doc); err != nil {
		t.Fatal(err)
	}
	const want = "2 proved steps, 1 false\n" +
		"false: the server 10.0.0.2:80 is in ESTABLISHED (sent, captured at the endpoint)\n  inferred: SYN_RCVD ESTABLISHED\n  kernel:   SYN_RCVD\n"
	if !strings.HasSuffix(text, want) {
		t.Errorf("got\n%s", text)
	}
	var back record.Report
	if err := json.Unmarshal(doc.Bytes(), &back); err != nil || len(back.False) != 1 || back.Schema != "tcptrace.verify.v1" {
		t.Errorf("%v: %s", err, doc.String())
	}
}

// TestSaid: what was said of an end stays its own when the client turns out to be the server, however often.
func TestSaid(t *testing.T) {
	client, server := netip.MustParseAddrPort("10.0.0.1:1000"), netip.MustParseAddrPort("10.0.0.2:80")
	one, turned := [2]netip.AddrPort{client, server}, [2]netip.AddrPort{server, client}
	s := said{between: one}
	s.ends[analyzer.Client].process.PID = 7
	for _, c := range []struct {
		between [2]netip.AddrPort
		side    analyzer.Side
	}{{one, analyzer.Client}, {turned, analyzer.Server}, {turned, analyzer.Server}, {one, analyzer.Client}} {
		if s.as(c.between); s.ends[c.side].process.PID != 7 || s.ends[c.side.Peer()].process.PID != 0 {
			t.Errorf("between %v: %+v", c.between, s.ends)
		}
	}
}

func textOf(t *testing.T, r *record.Report) string {
	t.Helper()
	var text bytes.Buffer
	if err := r.Text(&text); err != nil {
		t.Fatal(err)
	}
	return text.String()
}
