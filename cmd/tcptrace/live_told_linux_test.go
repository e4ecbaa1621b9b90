package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tcptrace/internal/testutil/netns"
	"tcptrace/report"
)

// connectTo begins to connect from a host, and does not wait for an answer. close ends that.
func connectTo(t *testing.T, h *netns.Host, to netip.AddrPort) (closeIt func()) {
	t.Helper()
	fd := -1
	h.Do(func() {
		var err error
		if fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0); err != nil {
			t.Error(err)
			return
		}
		if err := unix.Connect(fd, &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}); err != unix.EINPROGRESS {
			t.Error(err)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	open := true
	closeIt = func() {
		if open {
			open = false
			unix.Close(fd)
		}
	}
	t.Cleanup(closeIt)
	return closeIt
}

// told are the events of a kind so far.
func (r *liveRun) told(event string) (list []report.EventRecord) {
	r.t.Helper()
	for line := range bytes.Lines(r.events.Bytes()) {
		var e report.EventRecord
		if err := json.Unmarshal(line, &e); err == nil && e.Event == event { // the last line may not be whole yet
			list = append(list, e)
		}
	}
	return list
}

func instantOf(t report.Time) time.Time { return time.Unix(0, int64(t)) }

// await waits until something was told.
func (r *liveRun) await(what string, is func() bool) {
	r.t.Helper()
	for end := time.Now().Add(10 * time.Second); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("it is not told %s: %s%s", what, r.events.String(), r.notes.String())
		}
	}
}

// TestLiveUnanswered: who does not answer is told of while SYNs go on, the kernel says once that its end waits, and the wait ends when the socket is gone.
func TestLiveUnanswered(t *testing.T) {
	t.Parallel()
	n := netns.New(t)
	needBPF(t)
	nobody := netip.AddrPortFrom(n.B.IPv4.Next(), 8000)
	n.A.IP("neigh", "add", nobody.Addr().String(), "lladdr", "02:00:00:00:00:77", "dev", n.A.Device)
	r := startLive(t, n.A)
	stop := connectTo(t, n.A, nobody)
	isMissing := func() bool {
		return slices.ContainsFunc(r.told("anomaly"), func(e report.EventRecord) bool { return e.Anomaly.ID == "no-answer" })
	}
	r.await("that no answer comes", isMissing)
	if since := time.Since(instantOf(r.told("opened")[0].Time)); since < 3*time.Second {
		t.Errorf("no answer has been missed after %v", since)
	}
	stop()
	closed := time.Now()
	r.await("that the socket is gone", func() bool {
		states, _ := r.kernelEvents("client")
		return slices.Contains(states, "CLOSED*")
	})
	time.Sleep(2 * time.Second)
	r.finish(syscall.SIGINT)
	states, last := r.kernelEvents("client")
	if want := strings.Fields("SYN_SENT CLOSED*"); !slices.Equal(states, want) || last.Process.PID != uint32(os.Getpid()) {
		t.Errorf("the kernel says %v of %+v, want %v", states, last.Process, want)
	}
	for _, e := range r.told("conversation") {
		i := slices.IndexFunc(e.Record.Anomalies, func(a report.AnomalyRecord) bool { return a.ID == "no-answer" })
		if i < 0 {
			t.Errorf("it is not told that no answer came: %+v", e.Record.Anomalies)
			continue
		}
		var waited float64
		detail := e.Record.Anomalies[i].Detail
		_, err := fmt.Sscanf(detail, "client waited %f s", &waited)
		if want := closed.Sub(instantOf(e.Record.Start)).Seconds(); err != nil || math.Abs(waited-want) > 0.5 || !strings.HasSuffix(detail, "; then its host closed it") {
			t.Errorf("closed after %.1f s: %s", want, detail)
		}
	}
}

// TestLiveUnsent: of a connection whose SYN does not leave, the kernel's word is told, and that it is over.
func TestLiveUnsent(t *testing.T) {
	t.Parallel()
	n := netns.New(t)
	needBPF(t)
	r := startLive(t, n.A)
	began := time.Now()
	stop := connectTo(t, n.A, netip.AddrPortFrom(n.B.IPv4.Next(), 8000)) // which answers no ARP
	r.await("that a connection is silent", func() bool { return len(r.told("silent")) > 0 })
	first := r.told("silent")[0]
	since := instantOf(first.Since)
	if first.State != "SYN_SENT" || first.Endpoint != "client" || first.Process.PID != uint32(os.Getpid()) || since.Before(began.Add(-time.Second)) || instantOf(first.Time).Sub(since) < time.Second {
		t.Errorf("it is told that %+v", first)
	}
	stop()
	r.await("that it is over", func() bool { return len(r.told("silent")) > 1 })
	r.finish(syscall.SIGINT)
	if list := r.told("silent"); len(list) != 2 || list[1].State != "CLOSED" || len(r.told("opened")) > 0 {
		t.Errorf("it is told that %+v", list)
	}
}
