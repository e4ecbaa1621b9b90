package dimension

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"tcptrace/analyzer"
)

// Prefix lengths of networks unless others are given.
const (
	prefix4 = 24
	prefix6 = 64
)

// networkRows are the dimensions that take the lengths of prefixes.
var networkRows = []struct {
	name, help string
	sides      []analyzer.Side
}{
	{"network", "network of either: /24, or /64 of IPv6; network/16 and network/16/48 for others", []analyzer.Side{analyzer.Client, analyzer.Server}},
	{"client-network", "network of the client", []analyzer.Side{analyzer.Client}},
	{"server-network", "network of the server", []analyzer.Side{analyzer.Server}},
}

// network is the row of that name for prefixes of such lengths; ok is false if there is no such name.
func network(asked string) (d *Dimension, ok bool, err error) {
	name, lengths, given := strings.Cut(asked, "/")
	for _, row := range networkRows {
		if row.name != name {
			continue
		}
		bits4, bits6 := prefix4, prefix6
		if given {
			if bits4, bits6, err = parsePrefixes(lengths); err != nil {
				return nil, true, fmt.Errorf("%s: %w", asked, err)
			}
		}
		return &Dimension{Name: asked, Help: row.help, Several: len(row.sides) > 1, values: networks(row.sides, bits4, bits6), compare: comparePrefixes}, true, nil
	}
	return nil, false, nil
}

// parsePrefixes reads "16", which is for IPv4 and leaves /64 for IPv6; "48", which is for IPv6 since IPv4 has no such; and "16/48".
func parsePrefixes(s string) (bits4, bits6 int, err error) {
	first, second, both := strings.Cut(s, "/")
	n, err := parseBits(first, 128)
	switch {
	case err != nil:
		return 0, 0, err
	case both && n > 32:
		return 0, 0, fmt.Errorf("the first of two prefix lengths is for IPv4, at most 32, not %d", n)
	case both:
		bits6, err = parseBits(second, 128)
		return n, bits6, err
	case n > 32:
		return prefix4, n, nil
	}
	return n, prefix6, nil
}

func parseBits(s string, most int) (int, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 || n > uint64(most) {
		return 0, fmt.Errorf("the length of a prefix is a number from 1 to %d, not %q", most, s)
	}
	return int(n), nil
}

func networks(sides []analyzer.Side, bits4, bits6 int) func(*Values, *analyzer.Conversation, *analyzer.Judgment) {
	return func(v *Values, c *analyzer.Conversation, _ *analyzer.Judgment) {
		var last netip.Prefix
		for _, side := range sides {
			addr, bits := c.Addr[side].Addr(), bits6
			if addr.Is4() {
				bits = bits4
			}
			p, err := addr.Prefix(bits)
			if err != nil || p == last {
				continue
			}
			last = p
			v.text = p.AppendTo(v.text)
			v.end()
		}
	}
}

func comparePrefixes(a, b string) int {
	x, _ := netip.ParsePrefix(a)
	y, _ := netip.ParsePrefix(b)
	return x.Compare(y)
}

// spans are the stretches of time that have a name.
var spans = []struct {
	name string
	d    time.Duration
}{{"second", time.Second}, {"minute", time.Minute}, {"hour", time.Hour}, {"day", 24 * time.Hour}}

// span is the dimension of stretches of time of that length, by name or as Go spells durations; ok is false if asked is neither.
func span(asked string) (d *Dimension, ok bool, err error) {
	length := time.Duration(0)
	for _, s := range spans {
		if s.name == asked {
			length = s.d
		}
	}
	if length == 0 {
		if asked == "" || asked[0] != '-' && asked[0] != '.' && (asked[0] < '0' || asked[0] > '9') {
			return nil, false, nil
		}
		if length, err = time.ParseDuration(asked); err != nil {
			return nil, true, fmt.Errorf("%q is no duration, such as 10s, 5m or 1h30m", asked)
		}
		if length <= 0 {
			return nil, true, fmt.Errorf("a duration must be positive, not %s", asked)
		}
	}
	return &Dimension{Name: asked, Help: "when it began", values: starts(length, time.UTC), compare: strings.Compare, length: length}, true, nil
}

// In is d with the stretches of time of a zone, in which days begin at its midnight. Of others it is d.
func (d *Dimension) In(zone *time.Location) Dimension {
	of := *d
	if d.length > 0 {
		of.values = starts(d.length, zone)
	}
	return of
}

// Moment is the beginning of the stretch of time that a value is; ok is false if it is none.
func (d *Dimension) Moment(value string) (t time.Time, ok bool) {
	if d.length == 0 {
		return t, false
	}
	t, err := time.Parse(time.RFC3339Nano, value)
	return t, err == nil
}

// Decimals is with how many decimals of seconds its moments are written.
func (d *Dimension) Decimals() int {
	if d.length%time.Second != 0 {
		return 6
	}
	return 0
}

// RFC 3339 in UTC. All times of a dimension have the same number of digits, so that they are in order as text.
const (
	secondLayout = "2006-01-02T15:04:05Z"
	nanoLayout   = "2006-01-02T15:04:05.000000000Z"
)

// starts is the beginning of the stretch of time in which a conversation began, counted from the Unix epoch as clocks of the zone show it.
func starts(length time.Duration, zone *time.Location) func(*Values, *analyzer.Conversation, *analyzer.Judgment) {
	layout := secondLayout
	if length%time.Second != 0 {
		layout = nanoLayout
	}
	return func(v *Values, c *analyzer.Conversation, _ *analyzer.Judgment) {
		v.text = begin(c.Start.Time(), length, zone).UTC().AppendFormat(v.text, layout)
		v.end()
	}
}

// begin is the beginning of the stretch of that length that t is in. Those of more than an hour, such as whole days, begin when clocks show that also where they
// are changed in them; an hour that clocks show twice is two.
func begin(t time.Time, length time.Duration, zone *time.Location) time.Time {
	_, east := t.In(zone).Zone()
	shown := t.UnixNano() + int64(east)*int64(time.Second)
	since := shown % int64(length)
	if since < 0 {
		since += int64(length)
	}
	if length > time.Hour {
		clock := time.Unix(0, shown-since).UTC()
		at := time.Date(clock.Year(), clock.Month(), clock.Day(), clock.Hour(), clock.Minute(), clock.Second(), clock.Nanosecond(), zone)
		if !at.After(t) { // else clocks show that twice
			return at
		}
	}
	return t.Add(-time.Duration(since))
}
