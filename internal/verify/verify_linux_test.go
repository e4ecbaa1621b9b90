package verify

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

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

// TestAddresses: two processes have addresses of their own, and a client is found from its server.
func TestAddresses(t *testing.T) {
	for pid, want := range map[int][2]string{1: {"127.77.0.2", "127.77.0.3"}, 128: {"127.77.1.0", "127.77.1.1"}, 129: {"127.77.1.2", "127.77.1.3"}} {
		if server := serverOf(pid); server.String() != want[1] || clientOf(server).String() != want[0] {
			t.Errorf("process %d: %v and %v, want %v", pid, clientOf(server), server, want)
		}
	}
}
