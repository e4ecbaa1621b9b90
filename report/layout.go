package report

import (
	"net/netip"
	"strconv"

	"tcptrace/analyzer"
)

// column is a column of the table.
type column uint8

const (
	colStream column = iota
	colStart
	colShortStart // to the second
	colClient
	colServer
	colPacketsOut // sent by the client
	colDataOut
	colPacketsIn // sent by the server
	colDataIn
	colPackets // both ways
	colData
	colDuration
	colOutcome
	numColumns
)

// columns say how each column is headed and filled. "Data" is TCP payload,
// retransmissions included. All text is ASCII, so its length is its width.
var columns = [numColumns]struct {
	head   string
	number bool // right-aligned
	text   func(v *view, c *analyzer.Conversation) string
}{
	colStream: {"#", true, func(_ *view, c *analyzer.Conversation) string { return strconv.FormatUint(c.Stream, 10) }},
	colStart:  {"start", true, func(v *view, c *analyzer.Conversation) string { return v.start(c, 3) }},
	colShortStart: {"start", true, func(v *view, c *analyzer.Conversation) string {
		return v.start(c, 0)
	}},
	colClient: {"client", false, func(_ *view, c *analyzer.Conversation) string {
		return c.Addr[analyzer.Client].String()
	}},
	colServer: {"server", false, func(_ *view, c *analyzer.Conversation) string {
		return c.Addr[analyzer.Server].String()
	}},
	colPacketsOut: {"pkts >", true, func(_ *view, c *analyzer.Conversation) string {
		return humanCount(c.Sent[analyzer.Client].Packets)
	}},
	colDataOut: {"data >", true, func(_ *view, c *analyzer.Conversation) string {
		return humanBytes(c.Sent[analyzer.Client].PayloadBytes)
	}},
	colPacketsIn: {"< pkts", true, func(_ *view, c *analyzer.Conversation) string {
		return humanCount(c.Sent[analyzer.Server].Packets)
	}},
	colDataIn: {"< data", true, func(_ *view, c *analyzer.Conversation) string {
		return humanBytes(c.Sent[analyzer.Server].PayloadBytes)
	}},
	colPackets: {"pkts", true, func(_ *view, c *analyzer.Conversation) string { return humanCount(c.Packets()) }},
	colData:    {"data", true, func(_ *view, c *analyzer.Conversation) string { return humanBytes(payloadBytes(c)) }},
	colDuration: {"duration", true, func(_ *view, c *analyzer.Conversation) string {
		return humanDuration(c.Duration())
	}},
	colOutcome: {"outcome", false, func(_ *view, c *analyzer.Conversation) string {
		if c.Roles == analyzer.RolesInferred {
			return c.Outcome.String() + " *"
		}
		return c.Outcome.String()
	}},
}

// layout is a choice of columns.
type layout struct {
	gap     int // blanks between columns
	columns []column
}

// layouts are tried in order: each gives up what matters least of what the one
// before shows. Addresses are cut only in the last.
var layouts = []layout{
	{2, []column{colStream, colStart, colClient, colServer, colPacketsOut, colDataOut, colPacketsIn, colDataIn, colDuration, colOutcome}},
	{1, []column{colStream, colStart, colClient, colServer, colPacketsOut, colDataOut, colPacketsIn, colDataIn, colDuration, colOutcome}},
	{1, []column{colStream, colShortStart, colClient, colServer, colPacketsOut, colDataOut, colPacketsIn, colDataIn, colDuration, colOutcome}},
	{1, []column{colStream, colShortStart, colClient, colServer, colPackets, colData, colDuration, colOutcome}},
	{1, []column{colStream, colShortStart, colClient, colServer, colData, colDuration, colOutcome}},
	{1, []column{colStream, colClient, colServer, colData, colDuration, colOutcome}},
	{1, []column{colStream, colClient, colServer, colData, colOutcome}},
	{1, []column{colStream, colClient, colServer, colOutcome}},
}

const spaces = "  " // the widest gap

// ANSI sequences (ECMA-48 8.3.117).
const (
	bold   = "\x1b[1m"
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
	plain  = "\x1b[0m"
)

// outcomeColors mark what went wrong.
var outcomeColors = [analyzer.NumOutcomes]string{
	analyzer.Reset: red, analyzer.Refused: red,
	analyzer.Unanswered: yellow, analyzer.HalfOpen: yellow,
}

// view turns conversations into cells.
type view struct {
	base     analyzer.Time // relative times count from here
	relative bool
	dated    bool // the conversations are not all of one day
	color    bool
}

func newView(rows []*analyzer.Conversation, base analyzer.Time, o TableOptions) *view {
	v := &view{base: base, relative: o.Relative, color: o.Color}
	y, m, d := rows[0].Start.Time().Date()
	for _, c := range rows {
		y2, m2, d2 := c.Start.Time().Date()
		v.dated = v.dated || y != y2 || m != m2 || d != d2
	}
	return v
}

// start is when c began, with a number of decimals of seconds: 0 or 3.
func (v *view) start(c *analyzer.Conversation, decimals int) string {
	if v.relative {
		b := appendSeconds6(nil, int64(c.Start.Sub(v.base)))
		if decimals == 0 {
			return string(b[:len(b)-len(".000000")])
		}
		return string(b[:len(b)-6+decimals])
	}
	format := "15:04:05.000"
	if v.dated {
		format = "01-02 15:04:05.000"
	}
	if decimals == 0 {
		format = format[:len(format)-len(".000")]
	}
	return c.Start.Time().Format(format)
}

// cell is the text of a column, at most width wide but for colour.
func (v *view) cell(col column, c *analyzer.Conversation, width int) string {
	s := columns[col].text(v, c)
	if len(s) > width {
		s = shortAddr(c.Addr[col-colClient], width)
	}
	if col == colOutcome && v.color && c.Outcome < analyzer.NumOutcomes && outcomeColors[c.Outcome] != "" {
		return outcomeColors[c.Outcome] + s + plain
	}
	return s
}

// shortAddr cuts the middle out of an address, as its ends (network and host) tell
// more, and never the port.
func shortAddr(a netip.AddrPort, width int) string {
	ip, port := a.Addr().String(), ":"+strconv.Itoa(int(a.Port()))
	if a.Addr().Is6() {
		ip, port = "["+ip, "]"+port
	}
	room := max(width-len(port)-len(".."), 2)
	tail := room / 2
	return ip[:room-tail] + ".." + ip[len(ip)-tail:] + port
}

// fitted is a layout with the width of each of its columns.
type fitted struct {
	layout
	widths []int
}

// fit is the first layout that fits width (0: any width), or the last with its
// addresses cut.
func (v *view) fit(rows []*analyzer.Conversation, width int) *fitted {
	var widths [numColumns]int
	for col := range widths {
		widths[col] = len(columns[col].head)
		for _, c := range rows {
			widths[col] = max(widths[col], len(columns[col].text(v, c)))
		}
	}
	var f fitted
	for _, f.layout = range layouts {
		over := f.measure(&widths) - width
		if width == 0 || over <= 0 {
			return &f
		}
	}
	cutAddrs(&widths, f.measure(&widths)-width)
	f.measure(&widths)
	return &f
}

// measure takes the widths of the layout's columns and returns that of a line.
func (f *fitted) measure(widths *[numColumns]int) int {
	f.widths = f.widths[:0]
	line := f.gap * (len(f.columns) - 1)
	for _, col := range f.columns {
		f.widths = append(f.widths, widths[col])
		line += widths[col]
	}
	return line
}

// minAddrWidth leaves room for something of an address on either side of the cut.
const minAddrWidth = len("[f..f]:65535")

// cutAddrs takes over columns from the two addresses, from the wider one first.
func cutAddrs(widths *[numColumns]int, over int) {
	for ; over > 0; over-- {
		wider := colClient
		if widths[colServer] > widths[colClient] {
			wider = colServer
		}
		if widths[wider] <= minAddrWidth {
			return
		}
		widths[wider]--
	}
}
