package main

import (
	"bytes"
	"encoding/json"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tcptrace/internal/testutil/netns"
)

// TestLiveByRings: by how many rings frames come makes no difference to what is told of connections, and what is in them when the capture is
// interrupted is told.
func TestLiveByRings(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes seconds")
	}
	n := netns.New(t)
	workers := []string{"1", "2", "4"}
	var runs []*liveRun
	for _, w := range workers {
		runs = append(runs, startLive(t, n.A, "--kernel", "off", "--workers", w, "-f", "tcp"))
	}
	traffic, stop, stopped := newChurn(t, n.B, time.Minute), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		runtime.LockOSThread() // for good: frames that are sent by two processors have no order
		var one unix.CPUSet
		one.Set(runtime.NumCPU() - 1)
		if err := unix.SchedSetaffinity(0, &one); err != nil {
			t.Error(err)
		}
		traffic.run(stop)
	}()
	time.Sleep(1500 * time.Millisecond)
	close(stop)
	<-stopped
	for _, r := range runs {
		if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
	}
	if traffic.err != nil {
		t.Fatal(traffic.err)
	}
	var one map[uint64][]string
	for i, r := range runs {
		_ = r.cmd.Wait()
		heard := hearAll(t, r.events.Bytes())
		for stream, told := range heard {
			heard[stream] = slices.DeleteFunc(told, func(line string) bool { // each was interrupted at a moment of its own
				return strings.Contains(line, "handshake-incomplete") || strings.Contains(line, "close-wait-lingering") || strings.Contains(line, "no-answer")
			})
		}
		if one == nil {
			one = heard
		}
		packets := uint64(0)
		for line := range bytes.Lines(r.events.Bytes()) {
			var e event
			if err := json.Unmarshal(line, &e); err != nil {
				t.Fatal(err)
			}
			if e.Final && e.Record != nil {
				packets += e.Record.Packets
			}
		}
		if packets != traffic.sent.Load() || len(heard) < 200 || len(heard) != len(one) {
			t.Errorf("--workers %s: %d packets of %d, %d conversations, one ring has %d: %s", workers[i], packets, traffic.sent.Load(), len(heard), len(one), r.notes.String())
		}
		for stream, want := range one {
			if got := heard[stream]; !slices.Equal(got, want) {
				t.Errorf("--workers %s: stream %d is\n%s\nby one ring\n%s", workers[i], stream, strings.Join(got, "\n"), strings.Join(want, "\n"))
				break
			}
		}
	}
}
