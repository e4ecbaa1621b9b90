package pipeline_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/input"
	"tcptrace/internal/testutil/thorough"
	"tcptrace/internal/truth/invariant"
	"tcptrace/internal/truth/lab"
	"tcptrace/report"
)

const goldenDir = "../../../testdata/pcaps"

// render analyzes a capture and returns what a script would get, and the summary.
func render(tb testing.TB, capture io.Reader, so input.Options, o analyzer.Options) string {
	tb.Helper()
	var out bytes.Buffer
	renderTo(tb, capture, so, o, &out, func(rep *report.NDJSON) analyzer.Sink { return rep })
	return out.String()
}

// renderChecked is render, and holds what is said against the invariants.
func renderChecked(tb testing.TB, capture io.Reader, so input.Options, o analyzer.Options) string {
	tb.Helper()
	var out bytes.Buffer
	renderTo(tb, capture, so, o, &out, func(rep *report.NDJSON) analyzer.Sink { return invariant.Sink(tb, rep, report.Story) })
	return out.String()
}

func renderTo(tb testing.TB, capture io.Reader, so input.Options, o analyzer.Options, out io.Writer, sink func(*report.NDJSON) analyzer.Sink) {
	tb.Helper()
	so.Stdin = capture
	src := input.Open([]string{"-"}, so)
	rep := report.NewNDJSON(out)
	sum, err := analyzer.Run(tb.Context(), src, o, sink(rep))
	if err := errors.Join(err, rep.Finish(&sum), src.Close()); err != nil {
		tb.Fatal(err)
	}
	fmt.Fprintf(out, "%+v\n", sum)
}

// renderInline is render in one goroutine, to out.
func renderInline(tb testing.TB, a *analyzer.Analyzer, c capture, out io.Writer) {
	tb.Helper()
	src := input.Open([]string{"-"}, input.Options{Stdin: bytes.NewReader(c.data)})
	rep := report.NewNDJSON(out)
	a.Reset(c.o, rep)
	sum, err := a.Run(tb.Context(), src)
	if err := errors.Join(err, rep.Finish(&sum), src.Close()); err != nil {
		tb.Fatal(err)
	}
	fmt.Fprintf(out, "%+v\n", sum)
}

// comparer compares what is written to it with want, without keeping it.
type comparer struct {
	want      string
	at        int // so much was the same
	different string
}

func (c *comparer) Write(p []byte) (int, error) {
	switch {
	case c.different != "":
	case strings.HasPrefix(c.want[c.at:], string(p)):
		c.at += len(p)
	default:
		c.different = differs(c.want[:c.at]+string(p), c.want)
	}
	return len(p), nil
}

// differs shows the first line in which what was written differs from what was wanted; "" if they are the same.
func (c *comparer) differs() string {
	if c.different == "" {
		return differs(c.want[:c.at], c.want)
	}
	return c.different
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

// captures are golden ones and generated ones that meet every bound. They are made once, and not written to.
func captures(t *testing.T) []capture {
	t.Helper()
	golden, err := readCaptures()
	if err != nil {
		t.Fatal(err)
	}
	made, err := makeCaptures()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Concat(thorough.Some(t, golden, 4), made)
}

var readCaptures = sync.OnceValues(func() (list []capture, err error) {
	paths, err := filepath.Glob(filepath.Join(goldenDir, "*.pcap*"))
	if err != nil || len(paths) == 0 {
		return nil, fmt.Errorf("no captures in %s: %v", goldenDir, err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		list = append(list, capture{name: filepath.Base(path), data: data})
	}
	return list, nil
})

var makeCaptures = sync.OnceValues(func() (list []capture, err error) {
	generate := func(seed uint64, kinds []life, n int, span, gap time.Duration) []byte {
		data, e := lab.WriteCapture(newTraffic(seed, kinds, n, span, gap).frames, lab.Format{Nano: true})
		err = errors.Join(err, e)
		return data
	}
	few := generate(4, lives, 60, 20*time.Second, 10*time.Millisecond) // without room each packet is a conversation
	if testing.Short() {
		return append(list, capture{name: "generated", data: few}), err
	}
	all := generate(1, lives, 120, 20*time.Second, 10*time.Millisecond)
	slow := generate(2, lives, 40, 20*time.Minute, 20*time.Second)
	floods := generate(3, []life{flood}, 20_000, time.Minute, 50*time.Millisecond)
	return append(list,
		capture{name: "generated", data: all},
		capture{name: "generated, no room", data: few, o: analyzer.Options{MaxFlows: 1}},
		capture{name: "generated, little room", data: all, o: analyzer.Options{MaxFlows: 100}},
		capture{name: "generated, short MSL", data: all, o: analyzer.Options{MSL: 50 * time.Millisecond}},
		capture{name: "generated, slow", data: slow},
		capture{name: "generated, slow, little room", data: slow, o: analyzer.Options{MaxFlows: 20}},
		capture{name: "floods, 16 full partitions", data: floods, o: analyzer.Options{MaxFlows: 1 << 14}},
	), err
})
