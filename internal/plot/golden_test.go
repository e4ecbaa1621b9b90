package plot

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tcptrace/internal/plot/paint"
	"tcptrace/internal/testutil/golden"
	"tcptrace/internal/testutil/thorough"
)

// TestGoldens holds a picture of each kind, and a table, against what it was.
func TestGoldens(t *testing.T) {
	for _, test := range []struct {
		name, capture string
		o             Options
		capturePlot   bool
	}{
		{name: "sequence.svg", capture: "fast-retransmit", o: Options{Kind: "sequence"}},
		{name: "sequence-marks.svg", capture: "zero-window", o: Options{Kind: "sequence", From: "both", Time: "utc"}},
		{name: "window.svg", capture: "zero-window", o: Options{Kind: "window", From: "server"}},
		{name: "rtt.svg", capture: "limited-by-window", o: Options{Kind: "rtt"}},
		{name: "throughput.svg", capture: "limited-by-loss", o: Options{Kind: "throughput"}},
		{name: "states.svg", capture: "close-client", o: Options{Kind: "states"}},
		{name: "states-dark.svg", capture: "missing-final-ack", o: Options{Kind: "states", Theme: "dark"}},
		{name: "ladder.svg", capture: "fast-retransmit", o: Options{Kind: "ladder", Size: defaultSize}},
		{name: "ladder-part.svg", capture: "limited-by-loss", o: Options{Kind: "ladder", Begin: "+40ms", End: "+250ms"}},
		{name: "connections.svg", capture: "showcase", o: Options{Kind: "connections"}, capturePlot: true},
		{name: "loss.svg", capture: "limited-by-loss", o: Options{Kind: "loss"}, capturePlot: true},
		{name: "rtts.svg", capture: "limited-by-window", o: Options{Kind: "rtt"}, capturePlot: true},
		{name: "sequence.csv", capture: "fast-retransmit", o: Options{Kind: "sequence", Format: "csv"}},
		{name: "window.csv", capture: "zero-window", o: Options{Kind: "window", Format: "csv"}},
		{name: "rtt.csv", capture: "fast-retransmit", o: Options{Kind: "rtt", Format: "csv"}},
		{name: "throughput.csv", capture: "fast-retransmit", o: Options{Kind: "throughput", Format: "csv"}},
		{name: "states.csv", capture: "missing-final-ack", o: Options{Kind: "states", Format: "csv"}},
		{name: "ladder.csv", capture: "fast-retransmit", o: Options{Kind: "ladder", Format: "csv"}},
		{name: "connections.csv", capture: "showcase", o: Options{Kind: "connections", Format: "csv"}, capturePlot: true},
		{name: "loss.csv", capture: "limited-by-loss", o: Options{Kind: "loss", Format: "csv"}, capturePlot: true},
		{name: "rtts.csv", capture: "fast-retransmit", o: Options{Kind: "rtt", Format: "csv"}, capturePlot: true},
	} {
		got := plotted(t, goldens+test.capture+".pcap", test.o, !test.capturePlot)
		if filepath.Ext(test.name) == ".svg" {
			wellFormed(t, test.name, got)
		}
		golden.Compare(t, test.name, []byte(got))
	}
}

// TestEveryCapture draws every golden capture, in two of the ways.
func TestEveryCapture(t *testing.T) {
	paths, err := filepath.Glob(goldens + "*.pcap*")
	if err != nil || len(paths) < 100 {
		t.Fatalf("%d captures, %v", len(paths), err)
	}
	ofStream, ofCapture := Kinds[:6], []string{"connections", "loss", "rtt"}
	for i, path := range paths {
		kind := ofStream[i%len(ofStream)]
		if svg, err := tryPlot(t, path, Options{Kind: kind}, true); err == nil { // some have no conversation
			wellFormed(t, path+" "+kind, svg)
		}
		kind = ofCapture[i%len(ofCapture)]
		wellFormed(t, path+" "+kind, plotted(t, path, Options{Kind: kind, Theme: "dark"}, false))
	}
}

// TestOddCaptures draws in every way what has little or nothing to show.
func TestOddCaptures(t *testing.T) {
	odd := []string{"unanswered", "probe-scan", "midstream", "one-sided-server", "clock-backwards", "self-connect", "syn-fin-scan"}
	for _, name := range thorough.Some(t, odd, 1) {
		path := goldens + name + ".pcap"
		for _, kind := range Kinds {
			if kind != "connections" && kind != "loss" {
				for _, format := range []string{"svg", "png", "pdf", "csv"} {
					out, err := tryPlot(t, path, Options{Kind: kind, Format: format}, true)
					if err != nil || out == "" {
						t.Errorf("%s, %s, %s: %d bytes, %v", name, kind, format, len(out), err)
					}
				}
				continue
			}
			wellFormed(t, name, plotted(t, path, Options{Kind: kind}, false))
		}
	}
}

// TestEmptyCapture draws a capture without packets: it says so.
func TestEmptyCapture(t *testing.T) {
	path := filepath.Join(t.TempDir(), "empty.pcap")
	header := "\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x01\x00\x00\x00"
	if err := os.WriteFile(path, []byte(header), 0o666); err != nil {
		t.Fatal(err)
	}
	for kind, says := range map[string]string{"connections": "no connections", "loss": "no data", "rtt": "no round trip was measured"} {
		svg := plotted(t, path, Options{Kind: kind}, false)
		wellFormed(t, kind, svg)
		if !strings.Contains(svg, says) {
			t.Errorf("%s does not say %q", kind, says)
		}
		if csv := plotted(t, path, Options{Kind: kind, Format: "csv"}, false); strings.Count(csv, "\n") != 1 {
			t.Errorf("%s of nothing: %q", kind, csv)
		}
	}
}

// TestHostileNames holds that what a capture names itself becomes neither markup nor an instruction to a terminal or a reader of text.
func TestHostileNames(t *testing.T) {
	for _, name := range []string{"<script>alert(1)</script>", "\" onload=\"alert(1)", "]]>&<!--", "\x1b[2J\x00\x07", "\u202ereversed\u2066", "\xff\xfe", strings.Repeat("long", 1<<14)} {
		for _, format := range []string{"svg", "png", "pdf"} {
			c := paint.New(format, name, 700, 420, false)
			chart := paint.Chart{Title: name, Subtitle: name, X: paint.TimeAxis{To: 1e9, Of: name}, Panels: []paint.Panel{{Label: name, Hi: 1, Weight: 1, Layers: []paint.Layer{
				{Name: name, Style: paint.Letters, Points: []paint.Datum{{At: 1e8, Y: 0.5, Text: name}}}}}}}
			chart.Draw(c)
			var out strings.Builder
			if n, err := c.WriteTo(&out); err != nil || n != int64(out.Len()) || n > 1<<20 {
				t.Fatalf("%.20q, %s: %d of %d bytes, %v", name, format, n, out.Len(), err)
			}
			if format == "svg" {
				wellFormed(t, name[:min(len(name), 20)], out.String())
				if strings.ContainsAny(out.String(), "\x00\x1b\u202e\u2066") {
					t.Errorf("%.20q is in the picture as it is", name)
				}
			}
		}
	}
}

// TestSame holds that a plot is the same every time, in every format.
func TestSame(t *testing.T) {
	for _, format := range Formats {
		one, other := "", ""
		for _, to := range []*string{&one, &other} {
			*to = plotted(t, goldens+"fast-retransmit.pcap", Options{Kind: "sequence", Format: format}, true)
		}
		if one != other {
			t.Errorf("%s differs from one time to the next", format)
		}
	}
}
