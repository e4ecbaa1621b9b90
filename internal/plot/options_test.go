package plot

import (
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	usual := func() Options {
		return Options{Kind: "sequence", Streams: []uint{0}, Output: "a.svg", Size: defaultSize, Theme: "light", Time: "relative"}
	}
	for _, test := range []struct {
		name   string
		change func(o *Options)
		want   string // in the error; empty: none
	}{
		{"as usual", func(*Options) {}, ""},
		{"the extension in capitals", func(o *Options) { o.Output = "a.PNG" }, ""},
		{"xplot's extension", func(o *Options) { o.Output = "a.xpl" }, ""},
		{"a format for any name", func(o *Options) { o.Output, o.Format = "a.txt", "svg" }, ""},
		{"rtt of the capture", func(o *Options) { o.Kind, o.Streams = "rtt", nil }, ""},
		{"no kind", func(o *Options) { o.Kind = "" }, "--kind is missing: sequence"},
		{"a kind misspelled", func(o *Options) { o.Kind = "sequense" }, "unknown --kind \"sequense\": did you mean sequence?"},
		{"a kind like none", func(o *Options) { o.Kind = "zzzzzzzz" }, "want one of sequence, window"},
		{"no stream", func(o *Options) { o.Streams = nil }, "--stream N is missing"},
		{"two streams", func(o *Options) { o.Streams = []uint{1, 2} }, "give --stream once"},
		{"the capture's with a stream", func(o *Options) { o.Kind = "loss" }, "it takes no --stream"},
		{"from of states", func(o *Options) { o.Kind, o.From = "states", "client" }, "--from is for"},
		{"begin of a capture", func(o *Options) { o.Kind, o.Streams, o.Begin = "loss", nil, "+1s" }, "are for a --stream"},
		{"an unknown side", func(o *Options) { o.From = "me" }, "client, server or both"},
		{"an unknown extension", func(o *Options) { o.Output = "a.gif" }, "none of .svg, .png, .pdf, .xpl, .csv: --format chooses"},
		{"the name of the format as an extension", func(o *Options) { o.Output = "a.xplot" }, ""},
		{"an unknown format", func(o *Options) { o.Format = "gif" }, "want one of svg"},
		{"no output", func(o *Options) { o.Output = "" }, "-o is missing"},
		{"standard output without a format", func(o *Options) { o.Output = "-" }, "--format is missing"},
		{"xplot of a window", func(o *Options) { o.Kind, o.Format = "window", "xplot" }, "is for --kind sequence"},
		{"a picture for a terminal", func(o *Options) { o.Output, o.Format, o.Terminal = "-", "png", true }, "not for a terminal"},
		{"text for a terminal", func(o *Options) { o.Output, o.Format, o.Terminal = "", "csv", true }, ""},
		{"a file, from a terminal", func(o *Options) { o.Output, o.Terminal = "a.png", true }, ""},
		{"the least size", func(o *Options) { o.Size = "300x300" }, ""},
		{"less", func(o *Options) { o.Size = "299x300" }, "--size is"},
		{"the largest size", func(o *Options) { o.Size = "8000x8000" }, ""},
		{"more", func(o *Options) { o.Size = "8000x8001" }, "--size is"},
		{"a size with more behind it", func(o *Options) { o.Size = "800x600x2" }, "--size is"},
		{"a theme", func(o *Options) { o.Theme = "blue" }, "light or dark"},
		{"a time without a unit", func(o *Options) { o.End = "+5" }, "--end: "},
	} {
		o := usual()
		test.change(&o)
		err := o.Check()
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
}
