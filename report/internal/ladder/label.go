package ladder

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"tcptrace/analyzer"
)

// controlNames spell out the letters of SegmentView.Flags.
var controlNames = map[rune]string{
	'F': "FIN", 'S': "SYN", 'R': "RST", 'P': "PSH", 'A': "ACK", 'U': "URG", 'E': "ECE", 'C': "CWR",
}

// kindTexts say what a segment is where its flags do not.
var kindTexts = map[string]string{
	analyzer.KindRetransmission.String():     "retransmission",
	analyzer.KindOutOfOrder.String():         "out of order",
	analyzer.KindKeepAlive.String():          "keep-alive probe",
	analyzer.KindKeepAliveACK.String():       "answers keep-alive",
	analyzer.KindZeroWindowProbe.String():    "window probe",
	analyzer.KindZeroWindowProbeACK.String(): "answers window probe",
	analyzer.KindWindowUpdate.String():       "window update",
	analyzer.KindDuplicateACK.String():       "duplicate ACK",
	analyzer.KindChallengeACK.String():       "challenge ACK",
	analyzer.KindUnacceptable.String():       "not accepted",
	analyzer.KindCaptureDuplicate.String():   "captured twice",
}

// noteTexts say notes that their names do not say well enough.
var noteTexts = map[string]string{
	"opens-nothing-challenged": "opens nothing: the connection goes on, and answers by an ACK of its own",
	"opens-nothing-not-taken":  "opens nothing: nothing acknowledges it",
}

// resentTexts say why a segment was sent again; what is not here is not known.
var resentTexts = map[string]string{
	analyzer.CauseTimeout.String():   "timer",
	analyzer.CauseFast.String():      "duplicate ACKs",
	analyzer.CauseSACK.String():      "SACK",
	analyzer.CauseTailProbe.String(): "tail probe",
}

// label is what there is to say of a segment, in parts that a narrow line can do without.
type label struct {
	flags   string // all of them
	ends    string // those that open or end a connection
	numbers string // of sequence space
	ack     string
	window  string
	what    string // kind and notes, if they are not evident
	ackOnly bool   // ack is all there is
	shut    bool   // window is worth its room
}

// newLabel is the label of v. Anomalies raised at it are shown elsewhere.
func newLabel(v *analyzer.SegmentView, raised []analyzer.Anomaly) (l label) {
	var all, ends []string
	for _, letter := range v.Flags {
		name := controlNames[letter]
		all = append(all, name)
		if strings.ContainsRune("FSR", letter) || letter == 'A' && slices.Contains(ends, "SYN") {
			ends = append(ends, name)
		}
	}
	l.flags, l.ends = strings.Join(all, "+"), strings.Join(ends, "+")
	if l.flags == "" {
		l.flags = "no flags"
	}
	seq := strconv.FormatInt(v.Seq, 10)
	switch {
	case v.Len > 0:
		length := int64(v.Len)
		l.numbers = seq + ":" + strconv.FormatInt(v.Seq+length, 10) + "(" + strconv.FormatInt(length, 10) + ")"
	case l.ends != "" || l.flags != "ACK":
		l.numbers = "seq " + seq
	}
	if v.HasAck {
		l.ack = "ack " + strconv.FormatInt(v.Ack, 10)
	}
	if l.ackOnly = l.numbers == ""; l.ackOnly {
		l.ack = "ACK " + strconv.FormatInt(v.Ack, 10)
	}
	if !strings.Contains(l.ends, "RST") {
		l.window = "win " + strconv.FormatUint(v.Window, 10)
		if v.Unscaled {
			l.window = "raw " + l.window
		}
		l.shut = v.Window == 0 || v.Kind == analyzer.KindWindowUpdate
	}
	l.what = whatItIs(v, raised)
	return l
}

// whatItIs is the kind of v, and its notes.
func whatItIs(v *analyzer.SegmentView, raised []analyzer.Anomaly) string {
	var parts []string
	if text := kindTexts[v.Kind.String()]; text != "" {
		if v.Kind == analyzer.KindRetransmission {
			if cause := resentTexts[v.Cause.String()]; cause != "" {
				text += " (" + cause + ")"
			}
			if v.Spurious {
				text += ", not needed"
			}
		}
		if v.Kind == analyzer.KindUnacceptable && slices.ContainsFunc(raised, leavesOpen) {
			text = "perhaps " + text
		}
		parts = append(parts, text)
	}
	if v.Text != "" {
		parts = append(parts, `text "`+v.Text+`"`)
	}
notes:
	for _, note := range v.Notes {
		for i := range raised {
			if raised[i].Kind.ID == note {
				continue notes
			}
		}
		text := noteTexts[note]
		if text == "" {
			text = strings.ReplaceAll(note, "-", " ")
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

// leavesOpen reports whether a may have ended the connection for who received what it is raised at, which is not seen.
func leavesOpen(a analyzer.Anomaly) bool {
	side, ok := a.MayBeLost()
	return ok && side == a.Side
}

// fit is as much of l as width holds, what matters least left out first; left is of what it is the part
// for which no room was left.
func (l *label) fit(width int, separator string) (text, left string) {
	flags := l.flags
	if l.ackOnly {
		flags = ""
	}
	window := ""
	if l.shut {
		window = l.window
	}
	ack := ""
	if l.ackOnly {
		ack = l.ack
	}
	for _, parts := range [...][4]string{
		{flags, l.numbers, l.ack, l.window},
		{flags, l.numbers, l.ack, window},
		{flags, l.numbers, ack, window},
		{l.ends, l.numbers, ack, window},
	} {
		text := join(parts[:], " ")
		if l.what != "" {
			text = join([]string{text, l.what}, separator)
		}
		if utf8.RuneCountInString(text) <= width {
			return text, ""
		}
	}
	if l.what == "" {
		return cutText(join([]string{l.ends, l.numbers, ack, window}, " "), width), ""
	}
	bare := *l
	bare.what = ""
	text, _ = bare.fit(width, separator)
	return text, l.what
}

// join is strings.Join of the parts that are not empty.
func join(parts []string, separator string) string {
	var b strings.Builder
	for _, p := range parts {
		if p != "" && b.Len() > 0 {
			b.WriteString(separator)
		}
		b.WriteString(p)
	}
	return b.String()
}

// cutText is s, or as much of it as width holds.
func cutText(s string, width int) string {
	if utf8.RuneCountInString(s) <= width {
		return s
	}
	return string([]rune(s)[:max(width-2, 0)]) + ".."
}

// Label is what a picture says of a segment.
type Label struct {
	Text     string // flags, numbers, ACK and window, as far as they tell anything
	What     string // what it is, if its flags do not say so
	Ordinary bool   // one of those of which a transfer is made
}

// NewLabel is the label of v.
func NewLabel(v *analyzer.SegmentView) Label {
	own := *v
	own.Notes = slices.DeleteFunc(slices.Clone(v.Notes), func(note string) bool { return quietNotes[note] })
	l := newLabel(&own, nil)
	window := ""
	if l.shut || strings.Contains(l.ends, "SYN") {
		window = l.window
	}
	flags, ack := l.flags, ""
	switch {
	case l.ackOnly:
		flags, ack = "", l.ack
	case v.Len > 0:
		flags = l.ends
	}
	return Label{Text: join([]string{flags, l.numbers, ack, window}, " "), What: l.what, Ordinary: ordinary(v)}
}
