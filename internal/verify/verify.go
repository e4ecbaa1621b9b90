// Package verify holds what is inferred from packets against what the kernel says, on the machine that it runs on: of connections that it
// makes between two loopback addresses, or of all that an interface has for a while.
//
// Not its job: other taps than the endpoints' own (internal/truth/kernel has captures of them).
package verify

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/host"
	"tcptrace/internal/live"
	"tcptrace/internal/live/capture"
	"tcptrace/internal/live/ends"
	"tcptrace/internal/live/kernel"
)

// The addresses of both hosts, as it were: those of this process alone, so that nothing else is captured.
var (
	serverHost = serverOf(os.Getpid()).String()
	clientHost = clientOf(serverOf(os.Getpid())).String()
)

const loopback = "lo"

func serverOf(pid int) netip.Addr {
	return netip.AddrFrom4([4]byte{127, 77, byte(pid >> 7), byte(pid<<1) | 1})
}

// clientOf is the client's address beside that of a server.
func clientOf(server netip.Addr) netip.Addr {
	a := server.As4()
	a[3] &^= 1
	return netip.AddrFrom4(a)
}

// late is how much later than it happens something may be told: what no socket stands for is asked for once a second.
const late = 1500 * time.Millisecond

// Options say what to watch.
type Options struct {
	Rounds    int                            // of connections to make, with Interface ""
	Peer      func(address string) *exec.Cmd // a program that calls Peer
	Interface string                         // to watch, instead
	For       time.Duration                  // likewise
}

// watch is an analysis beside the kernel.
type watch struct {
	kernel *kernel.Watcher
	loop   *live.Loop
	ends   *ends.Ends
	heard  map[uint64]*[2]heard // by stream
	report *Report
	hosts  *hosts // nil: connections are others'
	err    error
}

// heard is what the kernel said of an end.
type heard struct {
	words   []host.Word
	process host.Process
}

// Run compares for as long as o says. It takes the right to capture and to use BPF.
func Run(ctx context.Context, o Options) (*Report, error) {
	w, err := kernel.Open()
	if err != nil {
		return nil, err
	}
	defer w.Close()
	if w.Lacks() != nil {
		return nil, fmt.Errorf("the kernel does not tell what it does: %w", w.Lacks())
	}
	from := capture.Options{Interfaces: []string{o.Interface}, BufferSize: 64 << 20, SnapLen: snapLen}
	if o.Interface == "" {
		from = capture.Options{Interfaces: []string{loopback}, Filter: "host " + serverHost, BufferSize: 8 << 20, SnapLen: snapLen}
	}
	src, err := capture.Open(from)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	v := newWatch(w, src, from.Interfaces[0])
	wait := v.loop.Start(ctx, func() {})
	if o.Interface == "" {
		v.hosts = &hosts{port: firstPort, names: map[uint16]string{}, pids: map[uint16]int{}, peer: o.Peer}
		defer v.hosts.close()
		err = v.hosts.play(ctx, o.Rounds)
	} else {
		sleep(ctx, o.For)
	}
	v.loop.Do(v.loop.Stop)
	_, runErr := wait()
	switch err := errors.Join(err, v.err, runErr); {
	case err != nil:
		return nil, err
	case w.Lost() > 0:
		return nil, fmt.Errorf("%d words of the kernel were lost", w.Lost())
	}
	v.report.sort()
	return v.report, nil
}

const snapLen = 256 // of each packet: all headers, with options

func sleep(ctx context.Context, d time.Duration) {
	timed, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-timed.Done()
}

func newWatch(w *kernel.Watcher, src *capture.Capture, device string) *watch {
	v := &watch{kernel: w, heard: map[uint64]*[2]heard{}, report: newReport(device)}
	v.loop = live.New(src, live.Options{
		Live: true, Clock: func() analyzer.Time { return analyzer.Time(time.Now().UnixNano()) },
		Dropped: func() uint64 { return src.Stats().Drops },
		Idle:    analyzer.Idle{Opening: time.Hour, Established: time.Hour, Closing: time.Hour},
	})
	v.ends = ends.New(w, v.told, func(uint64) {}, func(*kernel.Change) {})
	v.loop.OnEvent(func(ev *analyzer.Event) { v.ends.Event(ev, v.told) })
	v.loop.OnEvent(v.event)
	v.loop.OnTelling(func() { v.err = errors.Join(v.err, v.ends.Flush()) })
	return v
}

func (v *watch) told(t *ends.Told) {
	h := v.heard[t.Stream]
	if h == nil {
		h = &[2]heard{}
		v.heard[t.Stream] = h
	}
	h[t.Side] = heard{ends.AppendWord(h[t.Side].words, &t.Change), t.Process}
}

// event compares the ends of a conversation that is over.
func (v *watch) event(ev *analyzer.Event) {
	if ev.Kind != analyzer.EventConversation || ev.Over == analyzer.NotOver {
		return
	}
	c := ev.Conversation
	h := v.heard[c.Stream]
	delete(v.heard, c.Stream)
	if v.hosts != nil && c.Completeness&analyzer.SawSYN == 0 {
		return // an earlier run left it
	}
	for side := range c.Addr {
		switch {
		case h == nil || len(h[side].words) == 0:
		case c.Dropped > 0:
			v.report.LeftOut++
		default:
			e := end{
				side: analyzer.Side(side), socket: c.Addr[side].String(), steps: ev.Judgment.Trajectory[side],
				words: h[side].words, process: h[side].process, heard: ev.Time,
			}
			v.known(&e, c.Addr)
			v.report.add(&e)
		}
	}
}

// known adds what is known of an end of a connection that was made here.
func (v *watch) known(e *end, addr [2]netip.AddrPort) {
	if v.hosts == nil {
		return
	}
	port := addr[analyzer.Client].Port()
	if addr[analyzer.Server].Addr().String() == clientHost { // the roles were inferred
		port = addr[analyzer.Server].Port()
	}
	e.play, e.pid = v.hosts.names[port], v.hosts.pid(0)
	if e.socket == netip.AddrPortFrom(netip.MustParseAddr(clientHost), port).String() {
		e.pid = v.hosts.pid(port)
	}
}
