package report

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tcptrace/analyzer"
)

// TimeStyle says how a timeline shows times.
type TimeStyle uint8

// The styles.
const (
	RelativeTime TimeStyle = iota // since the conversation's first packet
	AbsoluteTime                  // of day, UTC
	DeltaTime                     // since the line before
)

// TimeStyles are the styles by name.
var TimeStyles = map[string]TimeStyle{"relative": RelativeTime, "absolute": AbsoluteTime, "delta": DeltaTime}

// glyphs are what a ladder is drawn with.
type glyphs struct {
	evidence            [4]string // by analyzer.Evidence
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
		evidence: [4]string{analyzer.EvidenceAssumed: "?", analyzer.EvidenceTimer: "◷", analyzer.EvidenceAcknowledged: "✓", analyzer.EvidenceSent: "✓"},
		life:     "│", out: "├", in: "┤", shaft: "─", toServer: "►", toClient: "◄", dropped: "×",
		fold: "⋮", pause: "⋯", remark: "·", separator: " · ",
	}
	asciiGlyphs = glyphs{
		evidence: [4]string{analyzer.EvidenceAssumed: "?", analyzer.EvidenceTimer: "~", analyzer.EvidenceAcknowledged: "+", analyzer.EvidenceSent: "+"},
		life:     "|", out: "|", in: "|", shaft: "-", toServer: ">", toClient: "<", dropped: "x",
		fold: ":", pause: "...", remark: "-", separator: ", ",
	}
)

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
	arrow    int    // between the two lines of life
	indent   int    // where the client's column begins
	format   string // of absolute times
}

// newLadderLayout fits the columns to what c and j will show.
func newLadderLayout(c *analyzer.Conversation, j *analyzer.Judgment, o *TimelineOptions) (l ladderLayout) {
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
	case AbsoluteTime:
		l.format = "15:04:05.000000"
		if c.Start.Time().YearDay() != last.Time().YearDay() {
			l.format = "01-02 " + l.format
		}
		l.format = l.format[:len(l.format)-6+l.decimals]
		l.time = len(l.format)
	case DeltaTime:
		l.time = len(l.seconds(last.Sub(c.Start))) + 1
	default:
		l.time = len(l.seconds(last.Sub(c.Start)))
	}
	if c.End < c.Start && o.Time != AbsoluteTime { // the clock went back
		l.time = max(l.time, len(l.seconds(c.End.Sub(c.Start))))
	}
	l.frame = len(strconv.FormatUint(c.LastFrame, 10))
	l.indent = l.time + 1 + l.frame + 2
	l.arrow = min(max(l.width-l.indent-l.state[0]-l.state[1]-4, leastArrow), mostArrow)
	return l
}

// seconds is d with the layout's decimals, cut and not rounded.
func (l *ladderLayout) seconds(d time.Duration) string {
	b := appendSeconds6(nil, int64(d))
	return string(b[:len(b)-6+l.decimals])
}

// stamp is t, in style; before is the time of the line before.
func (l *ladderLayout) stamp(style TimeStyle, t, start, before analyzer.Time) string {
	switch style {
	case AbsoluteTime:
		return t.Time().Format(l.format)
	case DeltaTime:
		if d := t.Sub(before); d >= 0 {
			return "+" + l.seconds(d)
		}
		return l.seconds(t.Sub(before))
	}
	return l.seconds(t.Sub(start))
}

// units stay on a line with their number.
var units = map[string]bool{"ns": true, "us": true, "ms": true, "s": true, "B": true, "kB": true, "MB": true, "GB": true, "TB": true}

// wrap breaks text into lines of at most width columns, if its words are not longer.
func wrap(text string, width int) (lines []string) {
	width = max(width, 1)
	line, columns := strings.Builder{}, 0
	words := strings.Fields(text)
	for i := 0; i < len(words); i++ {
		word := words[i]
		if i+1 < len(words) && units[strings.TrimRight(words[i+1], ".,;:)")] {
			i++
			word += " " + words[i]
		}
		n := utf8.RuneCountInString(word)
		if columns > 0 && columns+1+n > width {
			lines = append(lines, line.String())
			line.Reset()
			columns = 0
		}
		if columns > 0 {
			line.WriteByte(' ')
			columns++
		}
		for rest := []rune(word); ; rest = rest[width:] { // what is longer than a line, which only the capture's own text is, goes over several
			if len(rest) <= width {
				line.WriteString(string(rest))
				columns += len(rest)
				break
			}
			lines = append(lines, string(rest[:width]))
		}
	}
	if columns > 0 {
		lines = append(lines, line.String())
	}
	return lines
}

// plainText is s for a terminal: without control characters, in ASCII if asked for. What the analyzer says is made
// of its own words and numbers; this holds even if one day it is not.
func plainText(s string, ascii bool) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r >= 0x7f && r < 0xa0 || r == utf8.RuneError || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069:
			return '?'
		case r == 'µ': // as the other formats have it
			return 'u'
		case ascii && r >= 0x7f:
			return '?'
		}
		return r
	}, s)
}

// padLeft and padRight fill s up to width columns.
func padLeft(s string, width int) string {
	return strings.Repeat(" ", max(width-utf8.RuneCountInString(s), 0)) + s
}

func padRight(s string, width int) string {
	return s + strings.Repeat(" ", max(width-utf8.RuneCountInString(s), 0))
}
