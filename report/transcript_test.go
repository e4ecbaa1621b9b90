package report

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"tcptrace/analyzer"
	"tcptrace/report/internal/sample"
)

// transcribed writes pieces in a form.
func transcribed(t *testing.T, form string, o TranscriptOptions, pieces []analyzer.Piece) string {
	t.Helper()
	var out bytes.Buffer
	as, _ := Transcripts.Find(form)
	w := as(&out, o)
	for i := range pieces {
		p := pieces[i]
		p.Bytes = bytes.Clone(p.Bytes) // valid during the call only
		if err := w.Piece(&p); err != nil {
			t.Fatal(err)
		}
		clear(p.Bytes)
	}
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// said is a turn of one side in pieces of any size.
func said(rng *rand.Rand, from analyzer.Side, offset int64, b []byte) (pieces []analyzer.Piece) {
	for len(b) > 0 {
		n := 1 + rng.IntN(len(b))
		if rng.IntN(2) == 0 {
			n = min(n, 3)
		}
		pieces = append(pieces, analyzer.Piece{From: from, Offset: offset, Len: int64(n), Bytes: b[:n], Frame: 1})
		offset, b = offset+int64(n), b[n:]
	}
	return pieces
}

// TestTranscript: how the bytes come in pieces does not show, nothing reaches a terminal that it would obey, and the text
// tells what the bytes were.
func TestTranscript(t *testing.T) {
	alphabet := []string{"a", " ", "\n", "\r", "\r\n", "\t", "\x1b[2J", "\x00", "é", "漢", "\u009b", "\u202e", "\xff", "\xe6\xbc", "\xf0\x9f\x98\x80", "\ufffd", "\\", "\"", "'", "\u2028", "\x7f"}
	rng := rand.New(rand.NewPCG(1, 2))
	for range thorough(500) {
		var offset [2]int64
		var whole, cut []analyzer.Piece
		for range 1 + rng.IntN(4) {
			var b []byte
			for range rng.IntN(30) {
				b = append(b, alphabet[rng.IntN(len(alphabet))]...)
			}
			if len(b) == 0 {
				continue
			}
			from := analyzer.Side(rng.IntN(2))
			whole = append(whole, analyzer.Piece{From: from, Offset: offset[from], Len: int64(len(b)), Bytes: b, Frame: 1})
			cut = append(cut, said(rng, from, offset[from], b)...)
			offset[from] += int64(len(b))
			if rng.IntN(3) == 0 {
				gap := analyzer.Piece{Kind: analyzer.PieceMissing, From: from, Offset: offset[from], Len: 7}
				whole, cut = append(whole, gap), append(cut, gap)
				offset[from] += 7
			}
		}
		for _, form := range Transcripts.Names() {
			// Two turns of one side without a gap are one.
			want, got := transcribed(t, form, TranscriptOptions{}, joined(whole)), transcribed(t, form, TranscriptOptions{}, cut)
			if got != want {
				t.Fatalf("%s in pieces is\n%q, at once\n%q", form, got, want)
			}
			if form == "raw" {
				continue
			}
			if !utf8.ValidString(got) {
				t.Fatalf("%s: %q is not UTF-8", form, got)
			}
			for _, c := range got {
				if c != '\n' && c != '\t' && !unicode.IsPrint(c) {
					t.Fatalf("%s: %q in %q", form, c, got)
				}
			}
		}
	}
}

// joined makes one piece of data that goes on.
func joined(pieces []analyzer.Piece) (out []analyzer.Piece) {
	for _, p := range pieces {
		if n := len(out) - 1; n >= 0 && out[n].From == p.From && out[n].Kind == analyzer.PieceData && p.Kind == analyzer.PieceData {
			out[n].Bytes = append(bytes.Clone(out[n].Bytes), p.Bytes...)
			out[n].Len += p.Len
			continue
		}
		out = append(out, p)
	}
	return out
}

func TestTranscriptForms(t *testing.T) {
	long := strings.Repeat("x", 40<<10)
	pieces := []analyzer.Piece{
		{From: analyzer.Client, Len: 5, Bytes: []byte("GET\xc3\r"), Frame: 4, Time: sample.At("2026-11-21T01:02:03.5Z")},
		{From: analyzer.Server, Len: 2, Bytes: []byte("\xa9\n"), Frame: 6, Time: sample.At("2026-11-21T01:02:04Z")},
		{From: analyzer.Server, Kind: analyzer.PieceCut, Offset: 2, Len: 1},
		{From: analyzer.Server, Kind: analyzer.PieceConflict, Offset: 0, Len: 1},
		{From: analyzer.Client, Kind: analyzer.PieceMissing, Offset: 5, Len: 1448},
	}
	o := TranscriptOptions{Headings: true, Addr: sample.Between("10.0.0.1:40000", "[2001:db8::2]:80"), Start: sample.At("2026-11-21T01:02:03Z")}
	const (
		client = "client 10.0.0.1:40000 > [2001:db8::2]:80"
		server = "server [2001:db8::2]:80 > 10.0.0.1:40000"
	)
	for _, c := range []struct {
		form string
		o    TranscriptOptions
		want string
	}{
		{"text", TranscriptOptions{}, `GET\xc3\r\xa9` + "\n[1 byte cut by the snap length][1448 bytes not captured]"},
		{"text", o, client + ", frame 4, 500.0 ms\n" + `GET\xc3\r` + "\n\n" + server + ", frame 6, 1.000 s\n" + `\xa9` + "\n[1 byte cut by the snap length]\n\n" + client + "\n[1448 bytes not captured]\n"},
		{"raw", o, "GET\xc3\r\xa9\n"},
		{"hex", TranscriptOptions{Color: true}, "\x1b[1m" + "> 00000000  47 45 54 c3 0d                                    |GET..|\n" + "\x1b[0m" +
			"< 00000000  a9 0a                                             |..|\n< 00000002  " + "\x1b[33m" + "[1 byte cut by the snap length]" + "\x1b[0m" + "\n" +
			"\x1b[0m" + "\x1b[1m" + "> 00000005  " + "\x1b[33m" + "[1448 bytes not captured]" + "\x1b[0m" + "\x1b[1m" + "\n" + "\x1b[0m"},
	} {
		if got := transcribed(t, c.form, c.o, pieces); got != c.want {
			t.Errorf("%s:\n%q, want\n%q", c.form, got, c.want)
		}
	}
	if got := transcribed(t, "text", TranscriptOptions{}, []analyzer.Piece{{Len: int64(len(long)), Bytes: []byte(long)}}); got != long {
		t.Errorf("%d bytes of %d", len(got), len(long))
	}
	for _, form := range Transcripts {
		w := form.Is(&sample.FullWriter{Room: 10}, o)
		var err error
		for i := 0; err == nil && i < 100; i++ {
			err = w.Piece(&analyzer.Piece{Len: int64(len(long)), Bytes: []byte(long), Frame: 1})
		}
		if err != sample.ErrFull || w.Finish() != sample.ErrFull {
			t.Errorf("%s: a full disk gives %v", form.Name, err)
		}
	}
}
