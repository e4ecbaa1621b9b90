package report

import (
	"net/netip"
	"time"

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

// ShortAddr is a with the middle of its address cut out, if that is needed to fit width columns.
func ShortAddr(a netip.AddrPort, width int) string {
	if s := a.String(); len(s) <= width {
		return s
	}
	return human.ShortAddr(a, width)
}

// PlainText is s without what a terminal would not simply show: control characters and those that turn the direction of text.
func PlainText(s string) string { return human.PlainText(s, false) }

// Wrap breaks text into lines of at most width columns, if its words are not longer.
func Wrap(text string, width int) []string { return human.Wrap(text, width) }
