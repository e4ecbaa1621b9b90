package report_test

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"tcptrace/analyzer"
	"tcptrace/analyzer/host"
	"tcptrace/check/expect"
	"tcptrace/fsm"
	"tcptrace/internal/live"
	"tcptrace/internal/testutil/golden"
	"tcptrace/report"
)

// TestEventSchema holds all that is told of the golden captures against the schema.
func TestEventSchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(expect.ClosedSchema("event")))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("event.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("event.json")
	if err != nil {
		t.Fatal(err)
	}
	paths := golden.Captures(t)
	seen := map[string]int{}
	for _, path := range paths {
		for line := range bytes.Lines(events(t, path)) {
			v, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
			if err == nil {
				err = schema.Validate(v)
			}
			if err != nil {
				t.Fatalf("%s: %v\n%s", path, err, line)
			}
			seen[v.(map[string]any)["event"].(string)]++
		}
	}
	for name := range report.EventFields {
		if seen[name] == 0 {
			t.Errorf("nothing told %q", name)
		}
	}
}

// events is all that is told of a capture, with statistics and drops.
func events(t *testing.T, path string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := report.NewEvents(&out)
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	batches := 0
	sum := report.Listen(t, path, 1, func(l *live.Loop) {
		l.OnEvent(func(e *analyzer.Event) { check(w.Event(e)) })
		l.OnFlush(func(now analyzer.Time) {
			sum := l.Summary()
			if batches++; batches%10 == 1 {
				check(w.Drops(now, sum.Drops))
				check(w.Statistics(now, l.Monitor().Open(), l.Monitor().States(), &sum))
			}
		})
	})
	k := report.KernelState{
		Time: sum.End, Addr: [2]netip.AddrPort{netip.MustParseAddrPort("10.0.0.1:1"), netip.MustParseAddrPort("[fe80::1]:2")}, Side: analyzer.Server, State: fsm.CloseWait,
	}
	check(w.Kernel(&k))
	k.Before, k.Socket, k.Process = fsm.Established, true, host.Process{PID: 1, Name: "a \"\xff\x1b", User: 2, Cgroup: 1 << 63, Container: "c", Unit: "u\x00", Listens: true}
	check(w.Kernel(&k))
	check(w.Silent(&report.Silent{KernelState: k}))
	check(w.Silent(&report.Silent{KernelState: k, Info: &host.Info{CWND: 10, Congestion: "cubic"}, Since: 1e18}))
	check(w.Cookies(&report.Cookies{Time: sum.End, Sent: 3, Accepted: 1}))
	check(w.Overflow(&report.Overflow{Time: sum.End, Server: k.Addr[0], Process: k.Process, Dropped: 3, Queue: 2, Backlog: 1}))
	check(w.Summary(sum.End, &sum, report.Selection{}))
	return out.Bytes()
}
