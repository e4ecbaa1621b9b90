package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
	"tcptrace/internal/progress"
	"tcptrace/internal/testutil/thorough"
	"tcptrace/report"
)

// tcptrace runs a command line in this process and returns what it wrote.
func tcptrace(t *testing.T, e env, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	e.out, e.err = &out, &err
	code = run(t.Context(), args, e)
	return code, out.String(), err.String()
}

// A command leaves nothing behind: thousands run in this process.
func TestRunLeavesNothing(t *testing.T) {
	const runs = 50
	var before, after runtime.MemStats
	for i := range 1 + runs {
		if code, _, stderr := tcptrace(t, env{}, "anomalies", "no-answer"); code != exitDone {
			t.Fatal(stderr)
		}
		if i == 0 {
			runtime.GC()
			runtime.ReadMemStats(&before)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if n := int64(after.HeapAlloc) - int64(before.HeapAlloc); n > runs<<13 {
		t.Errorf("%d commands left %d bytes", runs, n)
	}
}

// TestFormatsAgree renders every golden capture in every format: whatever reads the format
// can read it, and finds as many conversations.
func TestFormatsAgree(t *testing.T) {
	captures, err := filepath.Glob(filepath.Join(goldenDir, "*.pcap*"))
	if err != nil || len(captures) == 0 {
		t.Fatalf("no captures in %s: %v", goldenDir, err)
	}
	for _, path := range thorough.Some(t, captures, 3) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			written := map[string]string{}
			for _, format := range report.Formats.Names() {
				code, stdout, stderr := tcptrace(t, env{}, "--no-findings", "--format", format, path)
				if code != exitDone {
					t.Errorf("--format %s: exit code %d: %s", format, code, stderr)
				}
				written[format] = stdout
			}
			var document struct {
				Conversations []report.Record
				Summary       report.SummaryRecord
			}
			if err := json.Unmarshal([]byte(written["json"]), &document); err != nil {
				t.Fatalf("json: %v", err)
			}
			want := len(document.Conversations)
			if want != int(document.Summary.Conversations) {
				t.Errorf("json: %d conversations, the summary counts %d", want, document.Summary.Conversations)
			}
			if got := strings.Count(written["table"], "\n") - strings.Count(afterRows(written["table"]), "\n") - 1; want > 0 && got != want {
				t.Errorf("table: %d rows, want %d", got, want)
			}
			if got := countRecords(t, written["ndjson"]); got != want {
				t.Errorf("ndjson: %d records, want %d", got, want)
			}
			rows, err := csv.NewReader(strings.NewReader(written["csv"])).ReadAll()
			if err != nil || len(rows) != want+1 {
				t.Errorf("csv: %d rows (%v), want %d and a header", len(rows), err, want)
			}
			if got := countZeek(t, written["zeek"]); got != want {
				t.Errorf("zeek: %d records, want %d", got, want)
			}
		})
	}
}

// afterRows is what follows the rows of a table: from the first line that is a footnote or empty.
func afterRows(table string) string {
	at := strings.Index(table, "\n\n")
	if note := strings.Index(table, "\n* "); note >= 0 && note < at {
		at = note
	}
	return table[at+1:]
}

func countRecords(t *testing.T, ndjson string) (n int) {
	t.Helper()
	for line := range strings.Lines(ndjson) {
		var r report.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil || r.Schema != "tcptrace.conversation.v1" {
			t.Errorf("ndjson: %v: %s", err, line)
		}
		n++
	}
	return n
}

// countZeek reads a log as its own header describes it.
func countZeek(t *testing.T, log string) (n int) {
	t.Helper()
	fields := 0
	for line := range strings.Lines(log) {
		columns := strings.Count(line, "\t")
		switch {
		case strings.HasPrefix(line, "#fields"):
			fields = columns
		case strings.HasPrefix(line, "#"):
		case columns != fields-1:
			t.Errorf("zeek: %d columns, want %d: %s", columns+1, fields, line)
		default:
			n++
		}
	}
	return n
}

func TestTerminal(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	showcase := filepath.Join(goldenDir, "showcase.pcap")
	const escape = "\x1b["
	for _, width := range []int{40, 60, 80, 200} {
		_, stdout, _ := tcptrace(t, env{outTTY: true, width: width}, "--no-color", "--no-findings", showcase)
		rows := stdout[:strings.Index(stdout, "\n\n")]
		for line := range strings.Lines(rows) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width && !strings.HasPrefix(line, "*") {
				t.Errorf("a terminal of %d columns gets a row of %d: %s", width, n, line)
			}
		}
		if strings.Contains(stdout, escape) {
			t.Error("--no-color gives colours")
		}
	}
	if _, stdout, _ := tcptrace(t, env{outTTY: true, width: 120}, showcase); !strings.Contains(stdout, escape) {
		t.Error("a terminal gets no colours")
	}
	file := filepath.Join(t.TempDir(), "out")
	if code, _, stderr := tcptrace(t, env{outTTY: true, width: 20}, "-o", file, showcase); code != exitDone {
		t.Error(stderr)
	}
	_, want, _ := tcptrace(t, env{}, showcase)
	if got, _ := os.ReadFile(file); string(got) != want {
		t.Errorf("with -o the terminal behind standard output shows in the file:\n%s", got)
	}
	t.Setenv("NO_COLOR", "1")
	if _, stdout, _ := tcptrace(t, env{outTTY: true, width: 120}, showcase); strings.Contains(stdout, escape) {
		t.Error("NO_COLOR is ignored")
	}
}

// cancelledReader interrupts the program after the first read of a capture on a pipe.
type cancelledReader struct {
	data   []byte
	cancel context.CancelFunc
}

func (r *cancelledReader) Read(p []byte) (int, error) {
	if len(r.data) == 0 {
		r.cancel()
		// A second interrupt aside, the program goes on until this returns.
		r.data = make([]byte, 1)
	}
	n := copy(p, r.data)
	r.data = r.data[n:]
	return n, nil
}

func TestInterrupted(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(goldenDir, "showcase.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	// The last record is short of its last byte, so that the end is waited for.
	in := &cancelledReader{data[:len(data)-1], cancel}
	var out, errOut bytes.Buffer
	code := run(ctx, []string{"-"}, env{in: in, out: &out, err: &errOut})
	if code != exitInterrupted {
		t.Errorf("exit code %d, want %d: %s", code, exitInterrupted, errOut.String())
	}
	if !strings.Contains(out.String(), " in 6 conversations") {
		t.Errorf("what was seen is not reported:\n%s", out.String())
	}
	if errOut.Len() > 0 {
		t.Errorf("an interrupt is no error to report: %s", errOut.String())
	}
}

// slowSource yields nothing, n times.
type slowSource struct {
	input.Source
	n     int
	total int64
}

func (s *slowSource) Next(*packet.Batch) error {
	if s.n--; s.n < 0 {
		return io.EOF
	}
	return nil
}

func (s *slowSource) Progress() (done, total int64) { return 1 << 20, s.total }
func (s *slowSource) Close() error                  { return nil }

func TestProgress(t *testing.T) {
	for _, test := range []struct {
		name, mode string
		tty, shown bool
		total      int64
		late       bool // the work has taken longer than progressDelay
	}{
		{name: "not a terminal", mode: "auto", late: true},
		{name: "a terminal, quick", mode: "auto", tty: true},
		{name: "a terminal, slow", mode: "auto", tty: true, total: 4 << 20, late: true, shown: true},
		{name: "on", mode: "on", total: 4 << 20, shown: true},
		{name: "on, unknown size", mode: "on", shown: true},
		{name: "off", mode: "off", tty: true, late: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			src := progress.Wrap(&slowSource{n: 3, total: test.total}, test.mode, test.tty, &out)
			if delay, wanted := progress.After(test.mode, test.tty); wanted && test.late {
				src = progress.Show(&slowSource{n: 3, total: test.total}, &out, delay-2*time.Second)
			}
			var b packet.Batch
			for src.Next(&b) == nil {
				time.Sleep(time.Millisecond)
			}
			if err := src.Close(); err != nil {
				t.Error(err)
			}
			if got := strings.Contains(out.String(), "reading"); got != test.shown {
				t.Errorf("bar shown: %v, want %v: %q", got, test.shown, out.String())
			}
			if test.shown && !strings.HasSuffix(out.String(), "\r") {
				t.Errorf("the bar stays on the screen: %q", out.String())
			}
		})
	}
}
