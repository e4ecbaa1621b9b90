package plot

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"tcptrace/analyzer"
	"tcptrace/internal/instant"
	"tcptrace/internal/plot/paint"
	"tcptrace/report"
)

// Values of flags, the default first where there is one.
var (
	Kinds   = []string{"sequence", "window", "rtt", "throughput", "states", "ladder", "connections", "loss"}
	Formats = []string{"svg", "png", "pdf", "xplot", "csv"}
	Sides   = []string{"client", "server", "both"}
	Themes  = []string{"light", "dark"}
	Times   = []string{"relative", "utc", "local"}
)

// Options say what is plotted, and how.
type Options struct {
	Kind, From   string
	Format       string
	Output       string // name of the file; its extension is the format unless Format says otherwise
	Size         string // as in 1200x700
	Theme        string
	Time         string
	Begin, End   string
	Streams      []uint
	Terminal     bool // standard output is one
	w, h         int
	ofStream     bool
	begin, until *instant.Instant
}

const (
	defaultSize = "1200x700"
	leastSize   = 300
	mostSize    = 8000
)

// AddTo adds the flags.
func (o *Options) AddTo(f *pflag.FlagSet) {
	f.StringVar(&o.Kind, "kind", "", "what to show of a conversation: sequence, window, rtt, throughput, states, ladder; of the capture: connections, loss, rtt")
	f.StringVarP(&o.Output, "output", "o", "", "write to this `file`; its extension chooses the format")
	f.StringVar(&o.Format, "format", "", strings.Join(Formats, ", ")+"; overrides the extension")
	f.StringVar(&o.From, "from", "", "`side` whose data are shown: client, server or both (default: who sent more; of rtt and throughput both)")
	f.StringVar(&o.Begin, "begin", "", "leave out what was before this `time`: +1.5s after the first packet shown, a time of day, or a date with it")
	f.StringVar(&o.End, "end", "", "leave out what was after this `time`")
	f.StringVar(&o.Time, "time", Times[0], "`style` of times: relative, utc, local (TZ)")
	f.StringVar(&o.Size, "size", defaultSize, "`width`xheight in pixels")
	f.StringVar(&o.Theme, "theme", Themes[0], "light or dark")
}

// Check finds what is wrong with the options, and completes them.
func (o *Options) Check() (err error) {
	if err := o.checkKind(); err != nil {
		return err
	}
	if err := o.checkFormat(); err != nil {
		return err
	}
	for _, f := range []struct {
		flag, value string
		values      []string
	}{{"from", o.From, append([]string{""}, Sides...)}, {"theme", o.Theme, Themes}, {"time", o.Time, Times}} {
		if !slices.Contains(f.values, f.value) {
			return fmt.Errorf("--%s is %s, not %q", f.flag, orList(f.values), f.value)
		}
	}
	if n, err := fmt.Sscanf(o.Size+"|", "%dx%d|", &o.w, &o.h); n != 2 || err != nil || min(o.w, o.h) < leastSize || max(o.w, o.h) > mostSize {
		return fmt.Errorf("--size is width x height in pixels, such as %s, each from %d to %d, not %q", defaultSize, leastSize, mostSize, o.Size)
	}
	if o.begin, err = o.parseInstant("begin", o.Begin); err != nil {
		return err
	}
	o.until, err = o.parseInstant("end", o.End)
	return err
}

func (o *Options) checkKind() error {
	ofCapture := slices.Contains([]string{"connections", "loss", "rtt"}, o.Kind)
	switch {
	case o.Kind == "":
		return fmt.Errorf("--kind is missing: %s", strings.Join(Kinds, ", "))
	case !slices.Contains(Kinds, o.Kind):
		return fmt.Errorf("unknown --kind %q: %s", o.Kind, suggest(o.Kind, Kinds))
	case len(o.Streams) > 1:
		return errors.New("a plot shows one conversation: give --stream once")
	case len(o.Streams) == 0 && !ofCapture:
		return fmt.Errorf("--kind %s shows one conversation: --stream N is missing", o.Kind)
	case len(o.Streams) == 1 && ofCapture && o.Kind != "rtt":
		return fmt.Errorf("--kind %s shows the whole capture: it takes no --stream", o.Kind)
	}
	o.ofStream = len(o.Streams) == 1
	if o.From != "" && (!o.ofStream || o.Kind == "states" || o.Kind == "ladder") {
		return fmt.Errorf("--from is for --kind sequence, window, rtt and throughput of a --stream: this shows both sides")
	}
	if !o.ofStream && (o.Begin != "" || o.End != "") {
		return errors.New("--begin and --end are for a --stream")
	}
	return nil
}

// extensions are those of files by Formats, as help has them. That of xplot's files may be the name of the format, too.
func extensions() []string {
	list := slices.Clone(Formats)
	list[slices.Index(list, "xplot")] = "xpl"
	return list
}

func (o *Options) checkFormat() error {
	if o.Format == "" {
		o.Format = strings.TrimPrefix(strings.ToLower(filepath.Ext(o.Output)), ".")
		switch {
		case o.Output == "":
			return errors.New("-o is missing: the file to write, such as -o plot.svg; or --format, to write to standard output")
		case o.Output == "-":
			return fmt.Errorf("-o -: --format is missing: %s", orList(Formats))
		case o.Format == "xpl":
			o.Format = "xplot"
		case !slices.Contains(Formats, o.Format):
			return fmt.Errorf("-o %s: the extension is none of .%s: --format chooses the format", o.Output, strings.Join(extensions(), ", ."))
		}
	}
	switch {
	case !slices.Contains(Formats, o.Format):
		return fmt.Errorf("unknown --format %q: %s", o.Format, suggest(o.Format, Formats))
	case o.Format == "xplot" && (o.Kind != "sequence" || o.From == "both"):
		return errors.New("--format xplot is for --kind sequence, from one side")
	case o.Terminal && (o.Output == "" || o.Output == "-") && (o.Format == "png" || o.Format == "pdf"):
		return fmt.Errorf("%s is not for a terminal: use -o FILE.%s", o.Format, o.Format)
	}
	return nil
}

func suggest(name string, names []string) string {
	if near := report.Suggest(name, names); !strings.HasPrefix(near, "there are ") {
		return near
	}
	return "want one of " + strings.Join(names, ", ")
}

// orList is "a, b or c".
func orList(values []string) string {
	values = slices.DeleteFunc(slices.Clone(values), func(s string) bool { return s == "" })
	last := len(values) - 1
	return strings.Join(values[:last], ", ") + " or " + values[last]
}

// parseInstant reads a moment; one without a zone is in that in which times are shown.
func (o *Options) parseInstant(flag, text string) (*instant.Instant, error) {
	if text == "" {
		return nil, nil
	}
	at, err := instant.Parse(text, o.zone())
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", flag, err)
	}
	return &at, nil
}

// zone is that of times of the day.
func (o *Options) zone() *time.Location {
	times, _ := report.TimesNames.Find(o.Time)
	return times.Zone()
}

// picture reports whether the format is one that people look at.
func (o *Options) picture() bool { return slices.Contains(paint.Formats, o.Format) }

// axis is the axis of times from one to another, which are counted from zero. What was not asked to begin or end there has room beside it.
func (o *Options) axis(from, to int64, zero analyzer.Time, of string) paint.TimeAxis {
	room := (to - from) / 50
	if to == from {
		room = int64(time.Millisecond)
	}
	if o.begin == nil {
		from -= room
	}
	if o.until == nil {
		to += room
	}
	a := paint.TimeAxis{From: from, To: to, Zero: int64(zero), Of: of}
	if o.Time == "utc" || o.Time == "local" {
		a.Zone = o.zone()
	}
	return a
}

// OfStream reports whether one conversation is shown.
func (o *Options) OfStream() bool { return o.ofStream }
