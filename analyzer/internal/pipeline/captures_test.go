package pipeline_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/input"
	"tcptrace/internal/truth/invariant"
	"tcptrace/internal/truth/lab"
	"tcptrace/report"
)

const goldenDir = "../../../testdata/pcaps"

// render analyzes a capture and returns what a script would get, and the summary.
func render(tb testing.TB, capture io.Reader, so input.Options, o analyzer.Options) string {
	tb.Helper()
	return renderTo(tb, capture, so, o, func(rep *report.NDJSON) analyzer.Sink { return rep })
}

// renderChecked is render, and holds what is said against the invariants.
func renderChecked(tb testing.TB, capture io.Reader, so input.Options, o analyzer.Options) string {
	tb.Helper()
	return renderTo(tb, capture, so, o, func(rep *report.NDJSON) analyzer.Sink { return invariant.Sink(tb, rep, report.Story) })
}

func renderTo(tb testing.TB, capture io.Reader, so input.Options, o analyzer.Options, sink func(*report.NDJSON) analyzer.Sink) string {
	tb.Helper()
	so.Stdin = capture
	src := input.Open([]string{"-"}, so)
	var out bytes.Buffer
	rep := report.NewNDJSON(&out)
	sum, err := analyzer.Run(tb.Context(), src, o, sink(rep))
	if err := errors.Join(err, rep.Finish(&sum), src.Close()); err != nil {
		tb.Fatal(err)
	}
	fmt.Fprintf(&out, "%+v\n", sum)
	return out.String()
}

// renderInline is render in one goroutine.
func renderInline(tb testing.TB, a *analyzer.Analyzer, c capture) string {
	tb.Helper()
	src := input.Open([]string{"-"}, input.Options{Stdin: bytes.NewReader(c.data)})
	var out bytes.Buffer
	rep := report.NewNDJSON(&out)
	a.Reset(c.o, rep)
	sum, err := a.Run(tb.Context(), src)
	if err := errors.Join(err, rep.Finish(&sum), src.Close()); err != nil {
		tb.Fatal(err)
	}
	fmt.Fprintf(&out, "%+v\n", sum)
	return out.String()
}

// differs shows the first line in which two outputs differ; "" if they are the same.
func differs(got, want string) string {
	if got == want {
		return ""
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d:\n got %s\nwant %s", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}

type capture struct {
	name string
	data []byte
	o    analyzer.Options
}

// captures are all golden ones and generated ones that meet every bound.
func captures(t *testing.T) (list []capture) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(goldenDir, "*.pcap*"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no captures in %s: %v", goldenDir, err)
	}
	for i, path := range paths {
		if testing.Short() && i%10 != 0 {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, capture{name: filepath.Base(path), data: data})
	}
	all := newTraffic(1, lives, 250, 20*time.Second, 10*time.Millisecond).capture(t, lab.Format{})
	few := newTraffic(4, lives, 60, 20*time.Second, 10*time.Millisecond).capture(t, lab.Format{}) // without room each packet is a conversation
	slow := newTraffic(2, lives, 40, 20*time.Minute, 20*time.Second).capture(t, lab.Format{})
	floods := newTraffic(3, []life{flood}, 20_000, time.Minute, 50*time.Millisecond).capture(t, lab.Format{})
	if testing.Short() {
		return append(list, capture{name: "generated", data: few})
	}
	return append(list,
		capture{name: "generated", data: all},
		capture{name: "generated, no room", data: few, o: analyzer.Options{MaxFlows: 1}},
		capture{name: "generated, little room", data: all, o: analyzer.Options{MaxFlows: 100}},
		capture{name: "generated, short MSL", data: all, o: analyzer.Options{MSL: 50 * time.Millisecond}},
		capture{name: "generated, slow", data: slow},
		capture{name: "generated, slow, little room", data: slow, o: analyzer.Options{MaxFlows: 20}},
		capture{name: "floods, 16 full partitions", data: floods, o: analyzer.Options{MaxFlows: 1 << 14}},
	)
}
