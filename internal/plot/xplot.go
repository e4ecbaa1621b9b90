package plot

import (
	"fmt"
	"strconv"
	"strings"

	"tcptrace/analyzer"
)

// xplot writes the time-sequence graph of what one side sent as commands for xplot, as Ostermann's tcptrace does: the same marks at the same
// places in the same colours, absolute times and sequence numbers, in the order of the packets. What a segment is says the analyzer.
type xplot struct {
	*Stream
	side  analyzer.Side
	color string

	acked, edge uint32 // the last ACK of the peer, and the end of its window
	since       int64  // when that came; valid with heard
	heard       bool
	sentACK     uint32 // the last ACK of the side itself, where an RST without one is marked
}

// Colours of Ostermann's tcptrace.
const (
	xplotData, xplotAgain, xplotLate, xplotEnds = "white", "red", "pink", "orange"
	xplotACK, xplotWindow, xplotSACK, xplotText = "green", "yellow", "purple", "magenta"
	xplotProbe, xplotUrgent, xplotECN, xplotTwo = "orange", "red", "yellow", "blue"
)

func newXplot(s *Stream, side analyzer.Side) *xplot {
	x := &xplot{Stream: s, side: side}
	fmt.Fprintf(s.out, "timeval double\ntitle\n%s_==>_%s (time sequence graph)\nxlabel\ntime\nylabel\nsequence number\n", s.c.Addr[side], s.c.Addr[side.Peer()])
	x.use(xplotData)
	return x
}

func (x *xplot) finish() { fmt.Fprintln(x.out, "go") }

// use is the colour of what follows.
func (x *xplot) use(color string) {
	if x.color != color {
		x.color = color
		fmt.Fprintln(x.out, color)
	}
}

func stamp(at int64) string {
	return strconv.FormatInt(at/1e9, 10) + fmt.Sprintf(".%06d", at%1e9/1000)
}

// shape draws one at a time and a number; color is empty, or its own.
func (x *xplot) shape(name string, at int64, y uint32, color string) {
	fmt.Fprintln(x.out, strings.TrimSuffix(fmt.Sprintf("%s %s %d %s", name, stamp(at), y, color), " "))
}

func (x *xplot) line(at int64, y uint32, to int64, high uint32) {
	fmt.Fprintf(x.out, "line %s %d %s %d\n", stamp(at), y, stamp(to), high)
}

// text writes above ("a"), below ("b") or to the right ("r") of a place.
func (x *xplot) text(where string, at int64, y uint32, color, text string) {
	x.shape(where+"text", at, y, color)
	fmt.Fprintln(x.out, text)
}

func (x *xplot) segment(v *analyzer.SegmentView, r *analyzer.Reading) {
	if !x.shows(timeOf(v)) {
		return
	}
	if v.From == x.side {
		x.sent(v, r.Segment)
	}
	if v.From != x.side || x.c.Self() {
		x.received(v, r)
	}
}

// sent is a segment of the side.
func (x *xplot) sent(v *analyzer.SegmentView, s *analyzer.Segment) {
	at, start, end := timeOf(v), s.Seq, s.Seq+s.Len
	syn, fin := strings.Contains(v.Flags, "S"), strings.Contains(v.Flags, "F")
	prefix, color := "", ""
	switch v.Kind {
	case analyzer.KindCaptureDuplicate:
		prefix, color = "HD", xplotTwo
	case analyzer.KindRetransmission:
		prefix, color = "R", xplotAgain
	case analyzer.KindOutOfOrder:
		x.use(xplotLate)
		x.text("a", at, end, "", "O")
	case analyzer.KindZeroWindowProbe:
		x.use(xplotProbe)
		x.text("b", at, end, "", "P")
	}
	if prefix != "" && !syn && !fin && s.Len > 0 {
		x.use(xplotAgain)
		x.text("a", at, end, "", prefix)
	}
	x.use(xplotData)
	switch {
	case syn:
		if !x.heard {
			x.acked = start
		}
		x.syn(at, start, strings.Contains(v.Flags, "A"), prefix, color)
	case fin:
		x.fin(at, start, end, prefix, color)
	case s.Len > 0:
		x.data(at, start, end, strings.Contains(v.Flags, "P"), color)
	default: // two arrow heads, which look like an x
		x.shape("darrow", at, start, "")
		x.shape("uarrow", at, start, "")
	}
	x.rest(v, s, at, start, end)
}

// rest is what may come with any segment.
func (x *xplot) rest(v *analyzer.SegmentView, s *analyzer.Segment, at int64, start, end uint32) {
	switch cwr, ce := strings.Contains(v.Flags, "C"), has(v, "ecn-ce"); {
	case cwr || ce:
		x.use(xplotECN)
		x.shape("diamond", at, start, "")
		x.text("a", at, start, "", strings.TrimSpace(map[bool]string{true: "CWR"}[cwr]+" "+map[bool]string{true: "CE"}[ce]))
	}
	if has(v, "urgent") && s.Len > 0 {
		x.use(xplotUrgent)
		x.text("a", at, end, "", "U")
	}
	if strings.Contains(v.Flags, "R") {
		x.text("a", at, start, xplotText, "RST_OUT")
	} else if v.HasAck {
		x.sentACK = s.Ack
	}
}

func (x *xplot) syn(at int64, start uint32, answers bool, prefix, color string) {
	if answers {
		x.shape("dot", int64(x.c.Start), start, xplotACK)
	}
	x.use(or(color, xplotEnds))
	x.shape("diamond", at, start, "")
	x.text("a", at, start+1, "", strings.TrimSpace(prefix+" SYN"))
	x.shape("uarrow", at, start+1, "")
	x.line(at, start, at, start+1)
}

func (x *xplot) fin(at int64, start, end uint32, prefix, color string) {
	if end != start {
		x.shape("darrow", at, start, "")
		x.line(at, start, at, end)
		x.use(or(color, xplotEnds))
	} else {
		x.use(or(color, xplotEnds))
		x.shape("darrow", at, end, "")
	}
	x.line(at, end, at, end+1)
	x.shape("box", at, end+1, "")
	x.text("a", at, end+1, "", strings.TrimSpace(prefix+" FIN"))
}

func (x *xplot) data(at int64, start, end uint32, pushed bool, color string) {
	x.use(or(color, x.color))
	x.shape("darrow", at, start, "")
	if pushed {
		x.shape("diamond", at, end, xplotData)
		x.shape("dot", at, end, xplotData)
	} else {
		x.shape("uarrow", at, end, "")
	}
	x.line(at, start, at, end)
}

func or(color, other string) string {
	if color == "" {
		return other
	}
	return color
}

// received is a segment of the peer: its ACK, its window and its SACK blocks.
func (x *xplot) received(v *analyzer.SegmentView, r *analyzer.Reading) {
	at, s := timeOf(v), r.Segment
	if strings.Contains(v.Flags, "R") {
		y := x.acked
		if v.HasAck {
			y = s.Ack
		}
		x.text("a", at, y, xplotText, "RST_IN")
		return
	}
	if !v.HasAck {
		return
	}
	edge := s.Ack + uint32(v.Window)
	if v.Window == 0 {
		x.text("a", at, edge, xplotText, "Z")
	}
	if x.heard {
		x.use(xplotACK)
		x.line(x.since, x.acked, at, x.acked)
		if x.acked != s.Ack {
			x.line(at, x.acked, at, s.Ack)
		} else {
			x.shape("dtick", at, s.Ack, "")
			if r.Third {
				x.text("a", at, s.Ack, "", "3")
			}
		}
		if strings.Contains(v.Flags, "E") && !strings.Contains(v.Flags, "S") {
			x.use(xplotECN)
			x.shape("diamond", at, s.Ack, "")
		}
		x.use(xplotWindow)
		x.line(x.since, x.edge, at, x.edge)
		if x.edge != edge {
			x.line(at, x.edge, at, edge)
		} else {
			x.shape("utick", at, edge, "")
		}
	}
	x.sacks(at, s)
	x.since, x.acked, x.edge, x.heard = at, s.Ack, edge, true
}

func (x *xplot) sacks(at int64, s *analyzer.Segment) {
	n := min(int(s.NSack), len(s.Sack))
	if n == 0 {
		return
	}
	x.use(xplotSACK)
	top := s.Sack[0][1]
	for i, b := range s.Sack[:n] {
		x.line(at, b[0], at, b[1])
		x.shape("htick", at, b[0], "")
		x.shape("htick", at, b[1], "")
		if n > 1 {
			x.text("r", at, b[1], "", strconv.Itoa(i+1))
		}
		if int32(b[1]-top) > 0 {
			top = b[1]
		}
	}
	x.text("a", at, top, "", "S")
}
