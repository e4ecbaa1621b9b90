package tcptracetest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"tcptrace/check/tcptracetest"
)

const goldenDir = "../../testdata/pcaps"

func TestGolden(t *testing.T) {
	tcptracetest.Check(t, goldenDir)
}

func TestRecords(t *testing.T) {
	records := tcptracetest.Records(t, filepath.Join(goldenDir, "showcase.pcap"))
	if len(records) != 6 || records[3].Outcome != "refused" {
		t.Errorf("%d records, the fourth is %s; want 6, refused", len(records), records[3].Outcome)
	}
}

// probe is a test that is not this one.
type probe struct {
	testing.TB
	errors []string
}

func (p *probe) Helper()      {}
func (p *probe) Failed() bool { return len(p.errors) > 0 }
func (p *probe) Errorf(format string, args ...any) {
	p.errors = append(p.errors, fmt.Sprintf(format, args...))
}
func (p *probe) Logf(string, ...any) {}
func (p *probe) Fatal(args ...any) {
	p.errors = append(p.errors, fmt.Sprint(args...))
	runtime.Goexit()
}

// failures is what f says is wrong.
func failures(t *testing.T, f func(t testing.TB)) string {
	p := &probe{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(p)
	}()
	<-done
	return strings.Join(p.errors, "\n")
}

func TestFailures(t *testing.T) {
	dir := t.TempDir()
	capture, expectation := filepath.Join(dir, "x.pcap"), filepath.Join(dir, "x.expect.yaml")
	data, err := os.ReadFile(filepath.Join(goldenDir, "showcase.pcap"))
	if err == nil {
		err = os.WriteFile(capture, data, 0o644)
	}
	if err == nil {
		err = os.WriteFile(expectation, []byte("conversations: [{stream: 3, outcome: closed}]"), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		want string
		f    func(testing.TB)
	}{
		{"outcome is refused, expected closed", func(t testing.TB) { tcptracetest.Check(t, capture) }},
		{"x.pcap: stream 0: all(conversations, .packets < 5) does not hold", func(t testing.TB) {
			tcptracetest.Assert(t, capture, "all(conversations, .packets < 5)")
		}},
		{"did you mean packets ", func(t testing.TB) { tcptracetest.Assert(t, capture, "all(conversations, .packet < 5)") }},
		{"stream 2: anomaly no-answer (error, client, frame", func(t testing.TB) { tcptracetest.Deny(t, capture, "error") }},
		{"neither note, warning or error", func(t testing.TB) { tcptracetest.Deny(t, capture, "fatal") }},
		{"missing.pcap: no such file", func(t testing.TB) { tcptracetest.Check(t, filepath.Join(dir, "missing.pcap")) }},
		{"missing.pcap: ", func(t testing.TB) { tcptracetest.Records(t, filepath.Join(dir, "missing.pcap")) }},
		{"nothing was checked", func(t testing.TB) { tcptracetest.Check(t, t.TempDir()) }},
	} {
		if got := failures(t, test.f); !strings.Contains(got, test.want) {
			t.Errorf("got %q\nwant %q", got, test.want)
		}
	}
	t.Setenv("TCPTRACE_UPDATE", "1")
	if got := failures(t, func(t testing.TB) { tcptracetest.Check(t, dir) }); got != "" {
		t.Error(got)
	}
	t.Setenv("TCPTRACE_UPDATE", "")
	tcptracetest.Check(t, dir)
}
