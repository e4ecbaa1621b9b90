package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"tcptrace/analyzer"
	"tcptrace/report/internal/sample"
)

// FuzzRenderers gives conversations with any values to the renderers of conversations, any bytes to those of transcripts, and both to the
// events: text has nothing that a terminal obeys, and what programs read can be read.
func FuzzRenderers(f *testing.F) {
	f.Add([]byte("0"), uint8(3), []byte("GET / HTTP/1.1\r\n"))
	f.Add([]byte("1"), uint8(1), []byte("\x1b[31m\xff\u202e\u009b"))
	f.Add([]byte("2"), uint8(0), []byte{})
	f.Fuzz(func(t *testing.T, seed []byte, n uint8, payload []byte) {
		var s [32]byte
		copy(s[:], seed)
		rng := rand.New(rand.NewChaCha8(s))
		conversations := make([]analyzer.Conversation, n%8)
		for i := range conversations {
			conversations[i] = *randomConversation(rng)
		}
		for _, format := range Formats {
			var out bytes.Buffer
			write(t, format.Is.New(&out, TableOptions{Width: int(n)}), conversations, sample.Summary())
			if !format.Is.Binary {
				readable(t, format.Name, out.String())
			}
		}
		var events bytes.Buffer
		w := NewEvents(&events)
		for i := range conversations {
			var j analyzer.Judgment
			j.Judge(&conversations[i])
			must(t, w.Event(&analyzer.Event{Kind: analyzer.EventConversation, Conversation: &conversations[i], Judgment: &j}))
		}
		must(t, w.Flush())
		readable(t, "ndjson", events.String())
		for _, form := range Transcripts.Names() {
			var pieces []analyzer.Piece
			if len(payload) > 0 {
				pieces = said(rng, analyzer.Client, 0, payload)
			}
			if text := transcribed(t, form, TranscriptOptions{Headings: true}, pieces); form != "raw" {
				readable(t, form, text)
			} else if text != string(payload) {
				t.Errorf("raw: %q, not %q", text, payload)
			}
		}
	})
}

// readable expects text to be what its format says, and nothing that a terminal obeys.
func readable(t *testing.T, format, text string) {
	t.Helper()
	if at := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsGraphic(r) }); at >= 0 || !utf8.ValidString(text) {
		t.Errorf("%s: what a terminal obeys, at %d: %q", format, at, text)
	}
	switch format {
	case "json":
		if !json.Valid([]byte(text)) {
			t.Errorf("json: %s", text)
		}
	case "ndjson":
		for line := range strings.Lines(text) {
			if !json.Valid([]byte(line)) {
				t.Errorf("ndjson: %s", line)
			}
		}
	case "csv":
		if _, err := csv.NewReader(strings.NewReader(text)).ReadAll(); err != nil {
			t.Errorf("csv: %v: %s", err, text)
		}
	}
}

// FuzzWhere evaluates any text as --where, and as an assertion: it is refused, fails, or gives the same twice, and ends in time.
func FuzzWhere(f *testing.F) {
	for _, source := range []string{
		"packets > 10 && server.port in [80, 443]", `client.ip startsWith "10."`, `start > date("2026-11-21T01:02:03.5Z")`, `has(anomalies, "no-answer")`,
		`any(anomalies, .severity == "error")`, `endpoints.client.state == "TIME_WAIT" || close.cause == "refused"`, "start.Hour() == 1",
		`all(conversations, .outcome == "closed")`, `count(conversations, has(.anomalies, "zero-window")) <= 2`,
		"all(1..1000, all(1..1000, all(1..1000, # > 0)))", "all(1..1,all(1..1000,all(1..1440, # > 0)))", `len(map(1..100000, "x")) > 0`, `repeat(repeat("x", 1000), 1000) == ""`, `outcome matches "(a*)*b"`,
		strings.Repeat("(", 1000) + "true" + strings.Repeat(")", 1000), strings.Repeat("!", 1000) + "true", `let x = packets; x ?? 1 > 0 ? true : $env == nil`,
	} {
		f.Add(source)
	}
	conversations := sample.Conversations()[:2]
	records := make([]Record, len(conversations))
	for i := range conversations {
		var j analyzer.Judgment
		j.Judge(&conversations[i])
		records[i] = NewRecord(&conversations[i], &j)
	}
	f.Fuzz(func(t *testing.T, source string) {
		began := time.Now()
		slow := func() bool { return time.Since(began) > maxTime/5 } // once is enough: the fuzzer takes what lasts 10 s to hang
		defer func() {
			if took := time.Since(began); took > 2*maxTime {
				t.Errorf("%q takes %v", source, took)
			}
		}()
		if w, err := CompileWhere(source); err == nil {
			for i := range conversations {
				first, err := w.Match(&conversations[i])
				if slow() {
					return
				}
				again, err2 := w.Match(&conversations[i])
				if (first != again || (err == nil) != (err2 == nil)) && !strings.Contains(source, "now") {
					t.Errorf("%q gives %v, %v and then %v, %v", source, first, err, again, err2)
				}
			}
		}
		if a, err := CompileAssertion(source); err == nil {
			holds, why, streams, err := a.Check(records)
			if x := (*ExpressionError)(nil); holds && why != "" || err != nil && !errors.As(err, &x) {
				t.Errorf("%q holds: %v; %s, %v, %v", source, holds, why, streams, err)
			}
			if slow() {
				return
			}
			again, why2, streams2, _ := a.Check(records)
			if (again != holds || why2 != why || !reflect.DeepEqual(streams, streams2)) && !strings.Contains(source, "now") {
				t.Errorf("%q: %v, %s and then %v, %s", source, holds, why, again, why2)
			}
		}
	})
}
