package plot

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"tcptrace/internal/input"
)

const (
	fuzzedBytes = 16 << 10 // of a capture: larger ones are slow, and show nothing more
	plotBytes   = 4 << 20  // more than a plot of one takes
)

// FuzzPlot draws any bytes as every kind of plot, in every format: it is bounded, an SVG has no element but shapes and text, and text has
// nothing that a terminal obeys.
func FuzzPlot(f *testing.F) {
	seeds, err := filepath.Glob(goldens + "*.pcap*")
	if err != nil || len(seeds) == 0 {
		f.Fatal(seeds, err)
	}
	for i, path := range seeds {
		capture, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		if len(capture) <= 4<<10 {
			f.Add(capture, uint8(i), uint8(i/len(Kinds)), i%3 == 0)
		}
	}
	f.Fuzz(func(t *testing.T, capture []byte, kind, format uint8, ofCapture bool) {
		if len(capture) > fuzzedBytes {
			t.Skip()
		}
		o := Options{Kind: Kinds[int(kind)%len(Kinds)], Format: Formats[int(format)%len(Formats)], Size: "400x300"}
		ofStream := o.Kind != "connections" && o.Kind != "loss" && (o.Kind != "rtt" || !ofCapture)
		if ofStream {
			o.Streams = []uint{0}
		}
		o.Time, o.Theme = Times[0], Themes[0]
		if checked := o; checked.Check() != nil {
			return // there is no such plot
		}
		source := func() input.Source { return input.Open([]string{"-"}, input.Options{Stdin: bytes.NewReader(capture)}) }
		out, err := tryPlotOf(t, source, "capture", o, ofStream)
		switch {
		case err != nil:
			text(t, err.Error())
		case len(out) > plotBytes:
			t.Errorf("%d bytes", len(out))
		case o.Format == "svg":
			wellFormed(t, "the plot", out)
			text(t, out)
		case o.Format == "csv" || o.Format == "xplot":
			text(t, out)
		}
	})
}

// text expects nothing in s that a terminal obeys.
func text(t *testing.T, s string) {
	t.Helper()
	if at := strings.IndexFunc(s, func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsGraphic(r) }); at >= 0 || !utf8.ValidString(s) {
		t.Errorf("what a terminal obeys, at %d: %q", at, s)
	}
}
