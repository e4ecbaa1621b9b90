package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
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
