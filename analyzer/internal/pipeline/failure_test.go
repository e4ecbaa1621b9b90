package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
	"tcptrace/internal/truth/lab"
	"tcptrace/report"
)

// endless repeats a batch until it has been asked often enough.
type endless struct {
	input.Source
	batch  packet.Batch
	calls  int
	before func(call int) error
	later  time.Duration // by how much it comes later each time
}

func newEndless(t *testing.T, before func(int) error) *endless {
	data := newTraffic(6, lives, 2, time.Second, time.Millisecond).capture(t, lab.Format{})
	e := &endless{Source: input.Open([]string{"-"}, input.Options{Stdin: bytes.NewReader(data)}), before: before}
	if err := e.Source.Next(&e.batch); err != nil {
		t.Fatal(err)
	}
	return e
}

func (e *endless) Next(b *packet.Batch) error {
	e.calls++
	if err := e.before(e.calls); err != nil {
		return err
	}
	b.Buf = append(b.Buf[:0], e.batch.Buf...)
	b.Packets = append(b.Packets[:0], e.batch.Packets...)
	for i := range b.Packets {
		b.Packets[i].Time += int64(e.calls) * int64(e.later)
	}
	return nil
}

func TestCancelled(t *testing.T) {
	cause := errors.New("enough")
	for _, calls := range []int{1, 2, 50} {
		ctx, cancel := context.WithCancelCause(t.Context())
		src := newEndless(t, func(call int) error {
			if call == calls {
				cancel(cause)
			}
			return nil
		})
		var k keeper
		sum, err := analyzer.Run(ctx, src, analyzer.Options{Workers: 2}, &k)
		if !errors.Is(err, cause) {
			t.Errorf("after %d batches: error %v, want the cause", calls, err)
		}
		if want := uint64(calls * len(src.batch.Packets)); src.calls != calls || sum.Packets != want {
			t.Errorf("%d batches, %d packets; want %d and %d", src.calls, sum.Packets, calls, want)
		}
		checkAccounts(t, &sum, k.list)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if sum, err := analyzer.New(analyzer.Options{}, &keeper{}).Run(ctx, newEndless(t, func(int) error { return nil })); !errors.Is(err, cause) || sum.Packets != 0 {
		t.Errorf("inline: error %v, %d packets", err, sum.Packets)
	}
}

func TestCancelledBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var k keeper
	sum, err := analyzer.Run(ctx, newEndless(t, func(int) error { return errors.New("read after the end") }), analyzer.Options{}, &k)
	if !errors.Is(err, context.Canceled) || sum.Packets != 0 || len(k.list) != 0 {
		t.Errorf("error %v, %d packets, %d conversations", err, sum.Packets, len(k.list))
	}
}

func TestSourceError(t *testing.T) {
	cause := errors.New("unplugged")
	src := newEndless(t, func(call int) error {
		if call > 3 {
			return cause
		}
		return nil
	})
	var k keeper
	sum, err := analyzer.Run(t.Context(), src, analyzer.Options{Workers: 2}, &k)
	if !errors.Is(err, cause) {
		t.Errorf("error %v, want %v", err, cause)
	}
	if want := uint64(3 * len(src.batch.Packets)); sum.Packets != want {
		t.Errorf("%d packets, want the %d before the error", sum.Packets, want)
	}
	checkAccounts(t, &sum, k.list)
}

// TestSinkError: an input without end stops soon after the sink has failed, which is not called again.
func TestSinkError(t *testing.T) {
	cause := errors.New("disk full")
	for _, workers := range []int{1, 2, 5} {
		k := keeper{fail: func(n int) error {
			if n == 3 {
				return cause
			}
			return nil
		}}
		src := newEndless(t, func(int) error { return nil })
		_, err := analyzer.Run(t.Context(), src, analyzer.Options{Workers: workers, MaxFlows: 1}, &k)
		if !errors.Is(err, cause) {
			t.Errorf("error %v, want %v", err, cause)
		}
		if len(k.list) != 3 {
			t.Errorf("the sink was called %d times, want 3", len(k.list))
		}
	}
}

// full fails on the third record that a worker has made.
type full struct {
	*report.NDJSON
	records int
	cause   error
}

func (f *full) Numbered(stream uint64, record []byte) error {
	if f.records++; f.records == 3 {
		return f.cause
	}
	return f.NDJSON.Numbered(stream, record)
}

// TestSinkErrorOfRecord: the same, of a sink whose records the workers make.
func TestSinkErrorOfRecord(t *testing.T) {
	for _, workers := range []int{leastAhead, 5} {
		f := full{NDJSON: report.NewNDJSON(io.Discard), cause: errors.New("disk full")}
		src := newEndless(t, func(int) error { return nil })
		src.later = time.Hour // so that conversations end
		_, err := analyzer.Run(t.Context(), src, analyzer.Options{Workers: workers}, &f)
		if !errors.Is(err, f.cause) || f.records != 3 {
			t.Errorf("error %v after %d records, want %v after 3", err, f.records, f.cause)
		}
	}
}

// TestSinkErrorAtEnd: a sink that fails on what was still open when the input ended.
func TestSinkErrorAtEnd(t *testing.T) {
	cause := errors.New("disk full")
	data := newTraffic(7, []life{flood}, 10, time.Second, time.Millisecond).capture(t, lab.Format{})
	k := keeper{fail: func(int) error { return cause }}
	src := input.Open([]string{"-"}, input.Options{Stdin: bytes.NewReader(data)})
	if _, err := analyzer.Run(t.Context(), src, analyzer.Options{}, &k); !errors.Is(err, cause) || len(k.list) != 1 {
		t.Errorf("error %v after %d conversations, want %v after 1", err, len(k.list), cause)
	}
}

// brittle fails on the second part of what several goroutines made.
type brittle struct {
	*report.NDJSON
	parts int
	cause error
}

func (b *brittle) Encoded(p []byte) error {
	if b.parts++; b.parts == 2 {
		return b.cause
	}
	return b.NDJSON.Encoded(p)
}

// TestEncoderErrorAtEnd: what is open at the end is many parts, and nobody waits for those behind an error.
func TestEncoderErrorAtEnd(t *testing.T) {
	data := newTraffic(7, []life{flood}, 1000, time.Second, time.Millisecond).capture(t, lab.Format{})
	b := brittle{NDJSON: report.NewNDJSON(io.Discard), cause: errors.New("disk full")}
	src := input.Open([]string{"-"}, input.Options{Stdin: bytes.NewReader(data)})
	if _, err := analyzer.Run(t.Context(), src, analyzer.Options{Workers: 3}, &b); !errors.Is(err, b.cause) || b.parts != 2 {
		t.Errorf("error %v after %d parts, want %v after 2", err, b.parts, b.cause)
	}
}
