package plot

import (
	"os"
	"path/filepath"
	"testing"
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
		compareGolden(t, test.name, got)
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
	for _, name := range []string{"not-tcp", "unanswered", "rst-not-answered", "midstream", "one-sided-server", "clock-backwards", "self-connect", "syn-fin-scan"} {
		path := goldens + name + ".pcap"
		if _, err := os.Stat(path); err != nil {
			continue // another has come in its place
		}
		for _, kind := range Kinds {
			if kind != "connections" && kind != "loss" {
				for _, format := range []string{"svg", "png", "pdf", "csv"} {
					out, err := tryPlot(t, path, Options{Kind: kind, Format: format}, true)
					if (err != nil || out == "") != (name == "not-tcp") {
						t.Errorf("%s, %s, %s: %d bytes, %v", name, kind, format, len(out), err)
					}
				}
				continue
			}
			wellFormed(t, name, plotted(t, path, Options{Kind: kind}, false))
		}
	}
}
