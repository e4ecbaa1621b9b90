package analyzer_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/capturefile"
	"tcptrace/analyzer/packet"
)

// endless repeats the packets of a capture without end, or fails after some batches. Each batch is larger than what is decoded at once.
type endless struct {
	batch packet.Batch
	left  int // batches, 0: no end
	err   error
}

// newEndless is for connections that end by an RST.
func newEndless(t *testing.T, left int, err error) *endless {
	t.Helper()
	src := capturefile.Open("../testdata/pcaps/refused-retries.pcap")
	defer src.Close()
	var one packet.Batch
	if err := src.Next(&one); err != nil {
		t.Fatal(err)
	}
	a := &endless{left: left, err: err}
	for round := range 1000 {
		for i, p := range one.Packets {
			p.Time += int64(round) * int64(time.Hour)
			a.batch.Add(p, one.Data(i))
		}
	}
	return a
}

func (a *endless) Next(b *packet.Batch) error {
	if a.left > 0 {
		if a.left--; a.left == 0 {
			return a.err
		}
	}
	b.Reset()
	b.Buf, b.Packets = append(b.Buf, a.batch.Buf...), append(b.Packets, a.batch.Packets...)
	return nil
}

// settled reports whether there are as many goroutines as before, soon.
func settled(before int) bool {
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}

// TestReadEnds: a loop over an endless capture that is left, by break or by a panic, leaves no goroutine behind.
func TestReadEnds(t *testing.T) {
	before := runtime.NumGoroutine()
	n := 0
	for _, err := range analyzer.Read(t.Context(), newEndless(t, 0, nil), analyzer.Options{Workers: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 10 {
			break
		}
	}
	func() {
		defer func() {
			if got := recover(); got != "enough" {
				t.Errorf("the panic is now %v", got)
			}
		}()
		for range analyzer.Read(t.Context(), newEndless(t, 0, nil), analyzer.Options{Workers: 2}) {
			panic("enough")
		}
	}()
	if !settled(before) {
		t.Errorf("%d goroutines, before %d", runtime.NumGoroutine(), before)
	}
}

// TestReadFails: what was read comes first, then the error, once.
func TestReadFails(t *testing.T) {
	unplugged := errors.New("unplugged")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		ctx  context.Context
		err  error
		want error
		some bool
	}{
		{t.Context(), unplugged, unplugged, true},
		{t.Context(), io.EOF, nil, true},
		{ctx, io.EOF, context.Canceled, false},
	} {
		n := 0
		var last error
		for c, err := range analyzer.Read(test.ctx, newEndless(t, 3, test.err), analyzer.Options{}) {
			if last != nil || (c == nil) != (err != nil) {
				t.Fatalf("%v, %v after %v", c, err, last)
			}
			if last = err; err == nil {
				n++
			}
		}
		if !errors.Is(last, test.want) || n > 0 != test.some {
			t.Errorf("%d conversations, then %v; want %v", n, last, test.want)
		}
	}
}

// failing is a sink that fails at once.
type failing struct{ err error }

func (f failing) Conversation(*analyzer.Conversation) error { return f.err }

// TestSinkError: a sink's error can be told from others, and keeps its text.
func TestSinkError(t *testing.T) {
	full := errors.New("disk full")
	var a analyzer.Analyzer
	a.Reset(analyzer.Options{}, failing{full})
	_, inline := a.Run(t.Context(), newEndless(t, 2, io.EOF))
	_, workers := analyzer.Run(t.Context(), newEndless(t, 2, io.EOF), analyzer.Options{}, failing{full})
	for _, err := range []error{inline, workers} {
		if failed, ok := errors.AsType[*analyzer.SinkError](err); !ok || failed.Err != full || err.Error() != "disk full" {
			t.Errorf("%T: %v", err, err)
		}
	}
	_, err := analyzer.Run(t.Context(), newEndless(t, 1, full), analyzer.Options{}, ignored{})
	if _, ok := errors.AsType[*analyzer.SinkError](err); ok || !errors.Is(err, full) {
		t.Errorf("an error of the source: %T: %v", err, err)
	}
}
