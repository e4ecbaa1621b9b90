package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"

	"tcptrace/internal/input"
	"tcptrace/report"
)

// TestAlone: one goroutine that keeps its memory from capture to capture says what many say.
func TestAlone(t *testing.T) {
	var a Alone
	for _, c := range captures(t) {
		want := render(t, bytes.NewReader(c.data), input.Options{}, Options{Options: c.o, Workers: 2})
		src := input.Open([]string{"-"}, input.Options{Stdin: bytes.NewReader(c.data)})
		var out bytes.Buffer
		rep := report.NewNDJSON(&out)
		sum, err := a.Run(t.Context(), src, Options{Options: c.o}, rep)
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
	if _, err := a.Run(ctx, src, Options{}, report.NewNDJSON(io.Discard)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestEach(t *testing.T) {
	for _, n := range []int{0, 1, 7, 1000} {
		for _, workers := range []int{0, 1, 3} {
			done := make([]atomic.Int32, n)
			Each(n, workers, func(i, worker int) {
				if workers > 0 && worker >= workers {
					t.Errorf("goroutine %d of %d", worker, workers)
				}
				done[i].Add(1)
			})
			for i := range done {
				if got := done[i].Load(); got != 1 {
					t.Errorf("%d of %d was done %d times", i, n, got)
				}
			}
		}
	}
}
