package plot

import (
	"bytes"
	"context"
	"encoding/xml"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/input"
	"tcptrace/internal/twopass"
)

const goldens = "../../testdata/pcaps/"

// small are options for small captures.
var small = analyzer.Options{MaxFlows: 1 << 10, Workers: 1}

// plotted is what a plot of a golden capture is. o has what is not as usual; a stream is given by ofStream.
func plotted(t testing.TB, capture string, o Options, ofStream bool) string {
	t.Helper()
	out, err := tryPlot(t, capture, o, ofStream)
	if err != nil {
		t.Fatalf("%s, --kind %s --format %s: %v", capture, o.Kind, o.Format, err)
	}
	return out
}

func tryPlot(t testing.TB, capture string, o Options, ofStream bool) (string, error) {
	t.Helper()
	return tryPlotOf(t, func() input.Source { return input.Open([]string{capture}, input.Options{}) }, filepath.Base(capture), o, ofStream)
}

// tryPlotOf is tryPlot of a source with a name.
func tryPlotOf(t testing.TB, source func() input.Source, name string, o Options, ofStream bool) (string, error) {
	t.Helper()
	if ofStream {
		o.Streams = []uint{0}
	}
	for _, f := range []struct{ to, usual *string }{{&o.Size, new("700x420")}, {&o.Theme, &Themes[0]}, {&o.Time, &Times[0]}, {&o.Format, &Formats[0]}} {
		if *f.to == "" {
			*f.to = *f.usual
		}
	}
	if err := o.Check(); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	open := func(context.Context) input.Source { return source() }
	var out bytes.Buffer
	if !ofStream {
		p := NewCapture(&o)
		sum, err := p.Run(ctx, open(ctx), small)
		if err != nil {
			t.Fatal(err)
		}
		err = p.Finish(&out, &sum, name)
		return out.String(), err
	}
	s := NewStream(&o)
	p := twopass.Passes{Viewer: s, Selected: twopass.Select(o.Streams, nil), Reads: true, Choice: analyzer.Choice{Options: small}, Open: open, Rewind: func() error { return nil }}
	if err := p.Find(ctx); err != nil {
		return "", err
	}
	if err := s.Open(&out); err != nil {
		return "", err
	}
	if err := p.Show(ctx); err != nil {
		t.Fatal(err)
	}
	err := s.Finish()
	return out.String(), err
}

// wellFormed reports what is wrong with an SVG, or in it.
func wellFormed(t testing.TB, name, svg string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		e, ok := token.(xml.StartElement)
		switch {
		case !ok:
		case e.Name.Local != "svg" && e.Name.Local != "g" && e.Name.Local != "path" && e.Name.Local != "text":
			t.Fatalf("%s has an element %s", name, e.Name.Local)
		default:
			for _, a := range e.Attr {
				if strings.HasPrefix(strings.ToLower(a.Name.Local), "on") || strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
					t.Fatalf("%s: %s has %s=%q", name, e.Name.Local, a.Name.Local, a.Value)
				}
			}
		}
	}
}
