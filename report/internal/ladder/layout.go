package ladder

import (
	"strconv"
	"time"

	"tcptrace/analyzer"
	"tcptrace/report/internal/human"
	"tcptrace/report/internal/output"
)

// TimeStyle says how a timeline shows times.
type TimeStyle uint8

// The styles.
const (
	RelativeTime TimeStyle = iota // since the conversation's first packet
	AbsoluteTime                  // of day, UTC
	DeltaTime                     // since the line before
	LocalTime                     // of day, in the zone of the environment (TZ)
	EpochTime                     // since 1970
	NumTimeStyles
)

// TimeStyles are the styles by name.
var TimeStyles = map[string]TimeStyle{"relative": RelativeTime, "absolute": AbsoluteTime, "utc": AbsoluteTime, "local": LocalTime, "delta": DeltaTime, "epoch": EpochTime}

// in is t in the zone in which it is shown.
func (s TimeStyle) in(t analyzer.Time) time.Time {
	if s == LocalTime {
		return t.Time().Local()
	}
	return t.Time()
}

// full is t with its date and zone: relative times count from there.
func (s TimeStyle) full(t analyzer.Time) string {
	switch s {
	case LocalTime:
		return human.Local.Full(t, 0, 6)
	case EpochTime:
		return human.Epoch.Full(t, 0, 6)
	}
	return human.UTC.Full(t, 0, 6)
}

// glyphs are what a ladder is drawn with.
type glyphs struct {
	evidence            [5]string // by analyzer.Evidence
	life                string    // of an endpoint
	out, in             string    // where an arrow leaves the client, the server
	shaft               string
	toServer, toClient  string // heads
	dropped             string // head of what its receiver does not accept
	fold, pause, remark string
	separator           string
}

var (
	boxGlyphs = glyphs{
		evidence: [5]string{analyzer.EvidenceAssumed: "?", analyzer.EvidenceTimer: "◷", analyzer.EvidenceAcknowledged: "✓", analyzer.EvidenceSent: "✓", analyzer.EvidenceKernel: "●"},
		life:     "│", out: "├", in: "┤", shaft: "─", toServer: "►", toClient: "◄", dropped: "×",
		fold: "⋮", pause: "⋯", remark: "·", separator: " · ",
	}
	asciiGlyphs = glyphs{
		evidence: [5]string{analyzer.EvidenceAssumed: "?", analyzer.EvidenceTimer: "~", analyzer.EvidenceAcknowledged: "+", analyzer.EvidenceSent: "+", analyzer.EvidenceKernel: "*"},
		life:     "|", out: "|", in: "|", shaft: "-", toServer: ">", toClient: "<", dropped: "x",
		fold: ":", pause: "...", remark: "-", separator: ", ",
	}
)

// EvidenceMark is the mark that a ladder puts behind a state.
func EvidenceMark(e analyzer.Evidence) string { return boxGlyphs.evidence[e] }

const (
	ladderWidth  = 80 // where the width is not known
	narrowLadder = 72 // below, times are in ms
	leastArrow   = 16 // columns between the endpoints; a line that does not hold them is longer than asked for
	mostArrow    = 72
	clockDigits  = len("15:04:05.000000")
)

// ladderLayout is where the columns of a ladder are.
type ladderLayout struct {
	width    int
	decimals int // of seconds
	time     int // widths
	frame    int
	state    [2]int // by Side
	arrow    int    // Between the two lines of life
	indent   int    // where the client's column begins
	format   string // of absolute times
}

// newLadderLayout fits the columns to what c and j will show.
func newLadderLayout(c *analyzer.Conversation, j *analyzer.Judgment, o *Options) (l ladderLayout) {
	l.width, l.decimals = o.Width, 6
	if l.width <= 0 {
		l.width = ladderWidth
	}
	if l.width < narrowLadder {
		l.decimals = 3
	}
	last := c.End
	for side, steps := range j.Trajectory {
		l.state[side] = len(analyzer.Side(side).String())
		for i := range steps {
			last = max(last, steps[i].Time)
			l.state[side] = max(l.state[side], len(steps[i].State.String())+2) // and its mark
		}
	}
	switch o.Time {
	case AbsoluteTime, LocalTime:
		l.format = "15:04:05.000000"
		if o.Time.in(c.Start).YearDay() != o.Time.in(last).YearDay() {
			l.format = "01-02 " + l.format
		}
		l.format = l.format[:len(l.format)-6+l.decimals]
		l.time = len(l.format)
	case EpochTime:
		l.time = len(l.seconds(time.Duration(last)))
	case DeltaTime:
		l.time = len(l.seconds(last.Sub(c.Start))) + 1
	default:
		l.time = len(l.seconds(last.Sub(c.Start)))
	}
	if c.End < c.Start && (o.Time == RelativeTime || o.Time == DeltaTime) { // the clock went back
		l.time = max(l.time, len(l.seconds(c.End.Sub(c.Start))))
	}
	l.frame = len(strconv.FormatUint(c.LastFrame, 10))
	l.indent = l.time + 1 + l.frame + 2
	l.arrow = min(max(l.width-l.indent-l.state[0]-l.state[1]-4, leastArrow), mostArrow)
	return l
}

// seconds is d with the layout's decimals, cut and not rounded.
func (l *ladderLayout) seconds(d time.Duration) string {
	b := output.AppendSeconds6(nil, int64(d))
	return string(b[:len(b)-6+l.decimals])
}

// stamp is t, in style; before is the time of the line before.
func (l *ladderLayout) stamp(style TimeStyle, t, start, before analyzer.Time) string {
	switch style {
	case AbsoluteTime, LocalTime:
		return style.in(t).Format(l.format)
	case EpochTime:
		return l.seconds(time.Duration(t))
	case DeltaTime:
		if d := t.Sub(before); d >= 0 {
			return "+" + l.seconds(d)
		}
		return l.seconds(t.Sub(before))
	}
	return l.seconds(t.Sub(start))
}

// until is t, in style, where no line before it counts.
func (l *ladderLayout) until(style TimeStyle, t, start analyzer.Time) string {
	if style == DeltaTime {
		style = RelativeTime
	}
	return l.stamp(style, t, start, start)
}
