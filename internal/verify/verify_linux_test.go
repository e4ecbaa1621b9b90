package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/host"
	"tcptrace/fsm"
	"tcptrace/internal/live/capture"
	"tcptrace/internal/live/kernel"
	"tcptrace/internal/verify/record"
)

// compared runs what o says. On a machine that others use, too, this program may be stopped for seconds: what had to be heard meanwhile is left out, and
// the rest has to be right.
func compared(t *testing.T, o Options) *record.Report {
	t.Helper()
	o.Rounds, o.Peer = 1, peer
	r, err := Run(t.Context(), o)
	if err != nil {
		t.Skip(err)
	}
	if r.LeftOut > 0 {
		t.Logf("%d endpoints were left out", r.LeftOut)
	}
	if r.Shown == nil {
		t.Skipf("this machine is too busy: all %d endpoints were left out", r.LeftOut)
	}
	return r
}

func textOf(t *testing.T, r *record.Report) string {
	t.Helper()
	var text bytes.Buffer
	if err := r.Text(&text); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// TestRun: on this machine nothing is called proved that its kernel does not say, at any tap, and with its word every endpoint is shown in its states
// at every moment, with the right process.
func TestRun(t *testing.T) {
	var told [2]int
	r := compared(t, Options{Told: func(done, total int) { told = [2]int{done, total} }})
	if want := len(plays) + stepsOf(settle); told != [2]int{want, want} {
		t.Errorf("told of step %d of %d at the end, want %d", told[0], told[1], want)
	}
	if r.Source != string(kernel.BPF) || r.Place != record.Namespaces {
		t.Skip(r.Lacks)
	}
	want := 0
	for _, p := range plays {
		want += p.ends
		s := r.Scenario(p.name)
		if s.Endpoints > p.ends || s.Endpoints < p.ends && r.LeftOut == 0 || s.Processes != s.Endpoints || s.Shown != s.Endpoints || s.Wrong > 0 {
			t.Errorf("%s: want %d endpoints, all with the right process and in the kernel's states, and no false proof; got %+v", p.name, p.ends, s)
		}
	}
	all := r.Shown.Endpoints + r.LeftOut
	for _, a := range r.Taps {
		// How long segments take from one end to the other, and so how well moments are told there, depends on how busy this machine is.
		if all += a.Endpoints; a.Equal < a.Endpoints*8/10 || a.Tap == record.Endpoint && a.Within < a.Moments*8/10 || a.Moments < 2*a.Endpoints {
			t.Errorf("%v: %+v of %d", a.Tap, a, want)
		}
	}
	if r.Wrong > 0 || r.Shown.Always != r.Shown.Endpoints || len(plays) < 20 || len(r.Taps) != 3 || all != 4*want || len(r.Lacks) > 0 {
		t.Errorf("of %d endpoints\n%s", want, textOf(t, r))
	}
}

// TestAsking: without BPF less is compared, and nothing is false.
func TestAsking(t *testing.T) {
	t.Parallel()
	r := compared(t, Options{asking: true})
	if r.Source != string(kernel.Diag) || len(r.Lacks) == 0 || r.Wrong > 0 || r.Shown.Endpoints+r.LeftOut < 30 {
		t.Errorf("%d endpoints\n%s", r.Shown.Endpoints, textOf(t, r))
	}
	for _, a := range r.Taps {
		if a.Moments != 0 || a.Endpoints+r.LeftOut < 30 {
			t.Errorf("%+v, and %d were left out", a, r.LeftOut)
		}
	}
}

// TestLoopback: where no namespaces may be made there is one tap.
func TestLoopback(t *testing.T) {
	t.Parallel()
	r := compared(t, Options{loopback: true})
	if r.Place != record.Loopback || len(r.Taps) != 1 || r.Taps[0].Tap != record.BothEnds || r.Taps[0].Endpoints+r.LeftOut < 30 || r.Wrong > 0 {
		t.Error(textOf(t, r))
	}
	if len(r.Lacks) == 0 || !strings.Contains(r.Lacks[0], "no network namespaces") {
		t.Errorf("lacks %q", r.Lacks)
	}
	for _, p := range plays {
		if p.bridged && r.Scenario(p.name).Endpoints > 0 {
			t.Errorf("%s: there is no bridge", p.name)
		}
	}
}

// TestInterface: connections of others are watched, too.
func TestInterface(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp4", "127.77.0.3:0")
	if err != nil {
		t.Skip(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(func() { stop(); l.Close() })
	go func() {
		for ctx.Err() == nil { // until some of them have come when all is watched
			if c, err := net.Dial("tcp4", l.Addr().String()); err == nil {
				c.Close()
			}
			time.Sleep(50 * time.Millisecond)
		}
	}()
	for _, asking := range []bool{false, true} {
		t.Run(fmt.Sprintf("asking %v", asking), func(t *testing.T) {
			t.Parallel()
			var r *record.Report
			for _, long := range []time.Duration{2 * time.Second, 10 * time.Second, time.Minute} { // a busy machine takes longer
				var err error
				if r, err = Run(ctx, Options{Interface: capture.Loopback, For: long, asking: asking}); err != nil {
					t.Skip(err)
				}
				if r.Place != record.Interface || r.Interface != capture.Loopback || len(r.Scenarios) > 0 || r.Wrong > 0 {
					t.Errorf("%+v", r)
				}
				if r.At(record.Endpoint).Endpoints >= 2 {
					return
				}
			}
			t.Errorf("%+v", r)
		})
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
	if who := os.Getenv(insideVariable); who != "" {
		os.Exit(runAsTold(who == "inside"))
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

// TestSteps: steps are told as they are over, and those of a wait make as many as were promised.
func TestSteps(t *testing.T) {
	for d, want := range map[time.Duration]int{0: 0, 1: 1, stepTime: 1, stepTime + 1: 2} {
		told := [][2]int{}
		s := &work{total: stepsOf(d), tell: func(done, total int) { told = append(told, [2]int{done, total}) }}
		s.sleep(t.Context(), d)
		if len(told) != want || want > 0 && told[want-1] != [2]int{want, want} {
			t.Errorf("%v: told %v, want %d steps", d, told, want)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	(&work{}).sleep(ctx, time.Hour)
}

// TestToldInside: the steps of a program are told, and what else it says is kept, up to a bound.
func TestToldInside(t *testing.T) {
	var last [2]int
	told := &toldInside{tell: func(done, total int) { last = [2]int{done, total} }}
	for _, text := range []string{"ste", "p 3 of 10\ntcptrace: no", " room\nstep 4", " of 10\nstep four of 10\nthe rest"} {
		_, _ = told.Write([]byte(text))
	}
	if want := "tcptrace: no room\nstep four of 10\nthe rest"; last != [2]int{4, 10} || told.text() != want {
		t.Errorf("%v, %q", last, told.text())
	}
	for range 10 {
		_, _ = told.Write(bytes.Repeat([]byte("x"), mostSaid))
	}
	if n := len(told.text()); n > 2*mostSaid {
		t.Errorf("%d bytes are kept", n)
	}
}

// TestStalled: what had to be heard while nobody listened is left out, and nothing else.
func TestStalled(t *testing.T) {
	at := func(s int64) time.Time { return time.Unix(s, 0) }
	k := &shared{stalls: []stall{{at(10), at(12)}}}
	for _, c := range []struct {
		from, to int64
		want     bool
	}{{1, 10, false}, {1, 11, true}, {11, 20, true}, {12, 20, false}, {5, 20, true}} {
		if k.stalled(at(c.from), at(c.to)) != c.want {
			t.Errorf("%+v", c)
		}
	}
}

// TestAnswered: where the kernel has to be asked, what it was not asked for in time is left out: between two answers, and since the last.
func TestAnswered(t *testing.T) {
	now := time.Now()
	for gap, want := range map[time.Duration]bool{late: false, late + 1: true} {
		k := newShared(nil)
		asked := now.Add(-gap)
		k.answered(asked, asked)
		k.answered(asked, now.Add(time.Hour)) // nothing new
		k.answered(now, now)
		if got := k.stalled(asked.Add(time.Millisecond), now); got != want {
			t.Errorf("%v between two answers: left out %v", gap, got)
		}
		if k.stalled(asked.Add(-time.Hour), asked) {
			t.Errorf("%v: what was before is left out", gap)
		}
	}
	k := newShared(nil)
	if k.stalled(now.Add(-time.Hour), now) {
		t.Error("left out, though all is told")
	}
	for ago, want := range map[time.Duration]bool{late / 2: false, 2 * late: true} {
		k := newShared(nil)
		k.answered(time.Now().Add(-ago), now)
		if got := k.stalled(now, time.Now()); got != want {
			t.Errorf("asked %v ago: left out %v", ago, got)
		}
	}
}

// TestTap: what a tap is to an endpoint.
func TestTap(t *testing.T) {
	client, server := &place{addr: clientOf(serverOf(1))}, &place{addr: serverOf(1)}
	for _, c := range []struct {
		tap  tap
		of   *place
		want record.Tap
	}{
		{tap{at: client}, client, record.Endpoint}, {tap{at: client}, server, record.OtherEnd}, {tap{at: server}, server, record.Endpoint},
		{tap{at: &place{}, kind: record.Middle}, client, record.Middle},
	} {
		if got := c.tap.as(c.of.addr); got != c.want {
			t.Errorf("%+v of %v: %v", c.tap, c.of.addr, got)
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

// TestAddresses: two processes have addresses of their own, and a client is found from its server.
func TestAddresses(t *testing.T) {
	for pid, want := range map[int][2]string{1: {"127.77.0.2", "127.77.0.3"}, 128: {"127.77.1.0", "127.77.1.1"}, 129: {"127.77.1.2", "127.77.1.3"}} {
		if server := serverOf(pid); server.String() != want[1] || clientOf(server).String() != want[0] {
			t.Errorf("process %d: %v and %v, want %v", pid, clientOf(server), server, want)
		}
	}
}
