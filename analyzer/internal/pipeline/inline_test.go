package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/input"
	"tcptrace/report"
)

// TestInline: one goroutine that keeps its memory from capture to capture says what many say.
func TestInline(t *testing.T) {
	var a analyzer.Analyzer
	for _, c := range captures(t) {
		want := render(t, bytes.NewReader(c.data), input.Options{}, with(c.o, 2))
		src := input.Open([]string{"-"}, input.Options{Stdin: bytes.NewReader(c.data)})
		var out bytes.Buffer
		rep := report.NewNDJSON(&out)
		a.Reset(c.o, rep)
		sum, err := a.Run(t.Context(), src)
		if err := errors.Join(err, rep.Finish(&sum), src.Close()); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "%+v\n", sum)
		if d := differs(out.String(), want); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	src := input.Open([]string{"-"}, input.Options{Stdin: bytes.NewReader(nil)})
	a.Reset(analyzer.Options{}, report.NewNDJSON(io.Discard))
	if _, err := a.Run(ctx, src); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
