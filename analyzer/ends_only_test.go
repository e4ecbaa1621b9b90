package analyzer

import (
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"

	"tcptrace/internal/testutil/golden"
)

// TestEndsOnly: the last event of each conversation, and the summary, are those of a Monitor that told everything, whatever was to be told before; and
// only what is excepted has events before.
func TestEndsOnly(t *testing.T) {
	paths := golden.Captures(t)
	if testing.Short() {
		paths = paths[:len(paths)/4]
	}
	even := func(addr [2]netip.AddrPort) bool { return (addr[0].Port()^addr[1].Port())&1 == 0 }
	const later, late = "some, once they have begun", "some, and too late"
	before := map[string]int{}
	for i := 0; i < len(paths); i += 5 {
		some := paths[i:min(i+5, len(paths))]
		for _, workers := range []int{1, 4} {
			all, _, sum := eventsOf(Options{Workers: workers}, func(*Monitor) {}, some)
			from := func(time int) func([2]netip.AddrPort) bool { // it holds when it is asked so often
				var lock sync.Mutex // parts ask at once
				asked := map[[2]netip.AddrPort]int{}
				return func(addr [2]netip.AddrPort) bool {
					lock.Lock()
					defer lock.Unlock()
					asked[addr]++
					return asked[addr] >= time && even(addr)
				}
			}
			for name, but := range map[string]func([2]netip.AddrPort) bool{"none": nil, "some": even, later: from(2), late: from(3)} {
				ends, excepted, got := eventsOf(Options{Workers: workers}, func(m *Monitor) { m.EndsOnly(but) }, some)
				if got != sum || len(ends) != len(all) {
					t.Fatalf("%v, %d workers, but %s: %d conversations, %s\nall told: %d, %s", some, workers, name, len(ends), got, len(all), sum)
				}
				uses := map[[2]netip.AddrPort]int{}
				for _, addr := range excepted {
					uses[addr]++
					uses[[2]netip.AddrPort{addr[1], addr[0]}]++
				}
				for stream, events := range ends {
					full := all[stream]
					if name == late && uses[excepted[stream]] == 1 && len(events) > 1 {
						t.Fatalf("%v, %d workers, but %s: stream %d has %d events", some, workers, name, stream, len(events))
					}
					if last := events[len(events)-1]; last != full[len(full)-1] {
						t.Fatalf("%v, %d workers, but %s: stream %d ends\n%s\nall told:\n%s", some, workers, name, stream, last, full[len(full)-1])
					}
					switch is := but != nil && even(excepted[stream]); {
					case !is && len(events) > 1:
						t.Fatalf("%v, %d workers, but %s: stream %d has %d events", some, workers, name, stream, len(events))
					case is && len(events) > 1: // it did not end before the first Flush
						before[name]++
						if !slices.Equal(events, full) {
							t.Fatalf("%v, %d workers: of stream %d is told\n%q\nand if all is told\n%q", some, workers, stream, events, full)
						}
					}
				}
			}
		}
	}
	if before["some"] == 0 || before[later] == 0 {
		t.Error("nothing was told before an end")
	}
}

// eventsOf is what a Monitor tells of some captures, by stream, in few words, and between which addresses each is.
func eventsOf(o Options, prepare func(*Monitor), captures []string) (told map[uint64][]string, addr map[uint64][2]netip.AddrPort, sum string) {
	told, addr = map[uint64][]string{}, map[uint64][2]netip.AddrPort{}
	m := NewMonitor(o, Idle{}, func(e *Event) {
		c := e.Conversation
		line := fmt.Sprintf("%s %s over %s %+v", e.Kind, e.Side, e.Over, e.Correction)
		if e.Kind == EventConversation {
			line += fmt.Sprintf(" %+v %s %s", *c, e.Judgment.Close.Kind, e.Judgment.Close.Cause)
			for i := range e.Judgment.Anomalies {
				line += " " + e.Judgment.Anomalies[i].Detail()
			}
		}
		told[c.Stream], addr[c.Stream] = append(told[c.Stream], line), c.Addr
	})
	prepare(m)
	flushed := 0
	watch(m, told, []int{3, 40, 500}, &flushed, captures)
	return told, addr, fmt.Sprintf("%+v", m.Summary())
}
