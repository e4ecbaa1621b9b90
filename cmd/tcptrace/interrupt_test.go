package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"tcptrace/report"
)

// looks is a context that is done once somebody has looked at it so often: in the middle of a capture, however fast that is read.
type looks struct {
	context.Context
	left atomic.Int64
	done chan struct{}
}

func interruptedAfter(t *testing.T, n int64) *looks {
	c := &looks{Context: t.Context(), done: make(chan struct{})}
	c.left.Store(n)
	return c
}

func (c *looks) Done() <-chan struct{} { return c.done }

func (c *looks) Err() error {
	switch n := c.left.Add(-1); {
	case n > 0:
		return nil
	case n == 0:
		close(c.done)
	}
	return context.Canceled
}

// bigCapture has so many connections that are refused, all of which are still waited for at its end.
const bigCapture = 60_000

// outAtOnce is as much as is handed out when there is no time for it: a part for each goroutine, and what was on its way.
const outAtOnce = 1000

// interruptedIn runs a command on a big capture, in the middle of which it is interrupted, and of which no time is left to hand out what is open.
func interruptedIn(t *testing.T, data []byte, piped bool, args ...string) (stdout, stderr string) {
	t.Helper()
	defer func(was time.Duration) { handsOut = was }(handsOut)
	handsOut = 0
	path := filepath.Join(t.TempDir(), "big.pcap")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	e := env{}
	if piped {
		args = append(args, "-")
		e.in = strings.NewReader(string(data)) // not a file: it cannot be read again
	} else {
		args = append(args, path)
	}
	var out, notes strings.Builder
	e.out, e.err = &out, &notes
	ctx := interruptedAfter(t, 12)
	if code := run(ctx, args, e); code != exitInterrupted {
		t.Errorf("%q: exit code %d: %s", args, code, &notes)
	}
	return out.String(), notes.String()
}

// TestInterruptedInBig: of a capture that can be read again, what is open at an interrupt is left out once there is no time for it, and that is
// said: every conversation is told of or counted. What came through a pipe is told to the end. The output is whole.
func TestInterruptedInBig(t *testing.T) {
	data := manySYNs(bigCapture, true)
	for _, piped := range []bool{false, true} {
		var document struct {
			Conversations []report.Record
			Summary       report.SummaryRecord
		}
		stdout, notes := interruptedIn(t, data, piped, "--format", "json")
		if err := json.Unmarshal([]byte(stdout), &document); err != nil {
			t.Fatalf("piped %v: %v", piped, err)
		}
		s := &document.Summary
		told, all := uint64(len(document.Conversations)), s.Conversations
		if all < 3*outAtOnce || all > bigCapture-1 {
			t.Fatalf("piped %v: %d conversations were seen of %d", piped, all, bigCapture)
		}
		if told+s.LeftOut != all || piped != (s.LeftOut == 0) || !piped && told > outAtOnce || told == 0 {
			t.Errorf("piped %v: %d records, %d left out, of %d", piped, told, s.LeftOut, all)
		}
		if strings.Contains(notes, "panic") {
			t.Error(notes)
		}
	}
}

// TestInterruptedFormats is that for every format and command that tells of all conversations.
func TestInterruptedFormats(t *testing.T) {
	data := manySYNs(bigCapture, true)
	left := regexp.MustCompile(`[1-9][0-9,]* conversations left out because of the interrupt|"left_out": ?[1-9]`)
	var commands [][]string
	for _, format := range report.Formats.Names() {
		commands = append(commands, []string{"--format", format, "--limit", "0"})
	}
	commands = append(commands, []string{"summary", "--by", "client"}, []string{"findings"}, []string{"states", "--every", "1s"},
		[]string{"--format", "csv", "--sort", "-bytes"}, []string{"replay", "--speed", "max"}, []string{"replay", "--speed", "max", "--format", "parquet"})
	for _, args := range commands {
		stdout, notes := interruptedIn(t, data, false, args...)
		if !left.MatchString(stdout + notes) {
			t.Errorf("%q does not say what it left out: %s", args, notes)
		}
		if slices.Contains(args, "parquet") {
			if _, err := parquet.Read[any](strings.NewReader(stdout), int64(len(stdout))); err != nil {
				t.Errorf("%q: %v", args, err)
			}
			continue
		}
		if n := strings.Count(stdout, "\n"); args[0] != "replay" && n > 20*outAtOnce {
			t.Errorf("%q wrote %d lines", args, n)
		}
	}
}
