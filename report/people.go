package report

import (
	"strconv"
	"time"

	"tcptrace/analyzer"
	"tcptrace/report/internal/human"
)

// What the views that package report knows nothing of share with its renderers, so that all that people read
// looks the same.

// HumanBytes is n in decimal units: "999 B", "1.2 MB".
func HumanBytes(n uint64) string { return human.Bytes(n) }

// HumanCount is n with commas between thousands.
func HumanCount(n uint64) string { return human.Count(n) }

// Counted is a number and a noun in the right number: "1 packet", "2 packets".
func Counted(n uint64, noun string) string { return human.Counted(n, noun) }

// HumanDuration is d in the unit that fits: "87 us", "12.3 ms", "1.203 s", "12m03s".
func HumanDuration(d time.Duration) string { return human.Duration(d) }

// HostText is how people know a side of c: by the name of its host, if that is known, and its port, else by its socket.
func HostText(c *analyzer.Conversation, side analyzer.Side) string {
	if name := human.Named(c, side); name != "" {
		return name + ":" + strconv.Itoa(int(c.Addr[side].Port()))
	}
	return c.Addr[side].String()
}

// ShortHost is HostText with the beginning of its name or the middle of its address cut out, if that is needed to fit width columns.
func ShortHost(c *analyzer.Conversation, side analyzer.Side, width int) string {
	const cut = ".."
	text := HostText(c, side)
	switch {
	case len(text) <= width:
		return text
	case human.Named(c, side) == "":
		return human.ShortAddr(c.Addr[side], width)
	case width < len(cut):
		return cut[:max(width, 0)]
	}
	return cut + text[len(text)-width+len(cut):]
}

// HostDetail is the socket of a side of c, and how its host is called if that is known.
func HostDetail(c *analyzer.Conversation, side analyzer.Side) string { return human.Host(c, side) }

// PlainText is s without what a terminal would not simply show: control characters and those that turn the direction of text.
func PlainText(s string) string { return human.PlainText(s, false) }

// Wrap breaks text into lines of at most width columns, if its words are not longer.
func Wrap(text string, width int) []string { return human.Wrap(text, width) }
