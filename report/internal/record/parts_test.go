package record

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/report/internal/output"
)

// TestParts: what several goroutines hold of their conversations is written in order of time when their owner writes, and what it tells itself of any
// stands behind; where a buffer is full, it is written at once, and nothing is lost.
func TestParts(t *testing.T) {
	conversation := func(stream uint64) *analyzer.Conversation {
		c := &analyzer.Conversation{Stream: stream}
		c.Addr = [2]netip.AddrPort{netip.MustParseAddrPort("10.0.0.1:4000"), netip.MustParseAddrPort("10.0.0.2:80")}
		return c
	}
	var out bytes.Buffer
	owner := NewEvents(&out)
	a, b := owner.Part(), owner.Part()
	opened := func(w *Events, at analyzer.Time, stream uint64) {
		t.Helper()
		if err := w.Event(&analyzer.Event{Kind: analyzer.EventOpened, Time: at, Conversation: conversation(stream)}); err != nil {
			t.Fatal(err)
		}
	}
	streams := func() (list string) {
		for line := range strings.Lines(out.String()) {
			_, rest, _ := strings.Cut(line, `"stream":`)
			stream, _, _ := strings.Cut(rest, ",")
			list += stream + " "
		}
		out.Reset()
		return list
	}
	opened(a, 1, 1)
	opened(a, 4, 2)
	opened(b, 3, 3)
	opened(b, 2, 3) // stays behind the one before
	opened(b, 5, 4)
	if err := owner.Flush(); err != nil || streams() != "1 3 3 2 4 " {
		t.Error(err, "the events of two parts are not in order of time")
	}
	opened(a, 9, 1)
	opened(owner, 8, 1)
	if err := owner.Flush(); err != nil || streams() != "1 1 " {
		t.Error(err, "what the owner tells does not stand behind")
	}
	for _, kernel := range []analyzer.Time{8, 10} { // it stands where its time is, before or behind what a part holds of the conversation
		opened(a, 9, 1)
		opened(b, 11, 2)
		if err := owner.Kernel(&KernelState{Time: kernel, Stream: 1, Addr: conversation(1).Addr}); err != nil || owner.Flush() != nil {
			t.Fatal(err)
		}
		text := out.String()
		if before := strings.Index(text, `"event":"kernel"`) < strings.Index(text, `"event":"opened"`); before != (kernel < 9) || streams() != "1 1 2 " {
			t.Errorf("the kernel's word of %d stands before what is of 9: %t\n%s", kernel, before, text)
		}
	}

	const each = output.SpillAt / 100
	var both sync.WaitGroup
	for i, w := range []*Events{a, b} {
		both.Go(func() {
			for n := range each {
				_ = w.Event(&analyzer.Event{Kind: analyzer.EventOpened, Time: analyzer.Time(n), Conversation: conversation(uint64(i))})
			}
		})
	}
	both.Wait()
	if err := owner.Flush(); err != nil {
		t.Fatal(err)
	}
	if got := streams(); strings.Count(got, "0 ") != each || strings.Count(got, "1 ") != each {
		t.Errorf("%d and %d of %d events of each part are there", strings.Count(got, "0 "), strings.Count(got, "1 "), each)
	}

	broken := NewEvents(failing{})
	part := broken.Part()
	opened(part, 1, 1)
	if broken.Flush() == nil || broken.Drops(1, 1) == nil {
		t.Error("an error of the writer is not told")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, fmt.Errorf("full") }
