package report

import (
	"math"
	"strconv"

	"tcptrace/analyzer"
	"tcptrace/report/internal/human"
	"tcptrace/report/internal/output"
)

// column is a column of the table.
type column uint8

const (
	colStream column = iota
	colStart
	colShortStart // to the second
	colClient
	colServer
	colName
	colPacketsOut // sent by the client
	colDataOut
	colPacketsIn // sent by the server
	colDataIn
	colPackets // both ways
	colData
	colDuration
	colClientState
	colServerState
	colOutcome
	colAnomaly
	numColumns // they are shown in this order
)

// columns say how each column is headed and filled. "Data" is TCP payload,
// retransmissions included. All text is ASCII, so its length is its width.
var columns = [numColumns]struct {
	head   string
	number bool // right-aligned
	text   func(v *view, c *row) string
}{
	colStream: {"#", true, func(_ *view, c *row) string { return strconv.FormatUint(c.Stream, 10) }},
	colStart:  {"start", true, func(v *view, c *row) string { return v.start(c, 3) }},
	colShortStart: {"start", true, func(v *view, c *row) string {
		return v.start(c, 0)
	}},
	colClient: {"client", false, func(_ *view, c *row) string {
		return c.Addr[analyzer.Client].String()
	}},
	colServer: {"server", false, func(_ *view, c *row) string {
		return c.Addr[analyzer.Server].String()
	}},
	colName: {"server name", false, func(_ *view, c *row) string {
		return human.CutName(human.Named(c.Conversation, analyzer.Server))
	}},
	colPacketsOut: {"pkts >", true, func(_ *view, c *row) string {
		return human.Count(c.Sent[analyzer.Client].Packets)
	}},
	colDataOut: {"data >", true, func(_ *view, c *row) string {
		return human.Bytes(c.Sent[analyzer.Client].PayloadBytes)
	}},
	colPacketsIn: {"< pkts", true, func(_ *view, c *row) string {
		return human.Count(c.Sent[analyzer.Server].Packets)
	}},
	colDataIn: {"< data", true, func(_ *view, c *row) string {
		return human.Bytes(c.Sent[analyzer.Server].PayloadBytes)
	}},
	colPackets: {"pkts", true, func(_ *view, c *row) string { return human.Count(c.Packets()) }},
	colData:    {"data", true, func(_ *view, c *row) string { return human.Bytes(payloadBytes(c.Conversation)) }},
	colDuration: {"duration", true, func(_ *view, c *row) string {
		return human.Duration(c.Duration())
	}},
	colClientState: {"client is", false, func(_ *view, c *row) string { return c.state[analyzer.Client] }},
	colServerState: {"server is", false, func(_ *view, c *row) string { return c.state[analyzer.Server] }},
	colOutcome: {"outcome", false, func(_ *view, c *row) string {
		if c.Roles == analyzer.RolesInferred {
			return c.Outcome.String() + " *"
		}
		return c.Outcome.String()
	}},
	colAnomaly: {"worst anomaly", false, func(_ *view, c *row) string {
		switch {
		case c.worst == nil:
			return ""
		case c.others == 0:
			return c.worst.ID
		}
		return c.worst.ID + " +" + strconv.Itoa(c.others)
	}},
}

// layout is a choice of columns.
type layout struct {
	shows [numColumns]bool
	gap   int // blanks between columns
}

// option is some columns more, perhaps in the place of others.
type option struct{ add, instead []column }

// judgments are what is worth the middle of a long address, options what is worth a column. Each
// is tried in order, what matters most first, and taken if there is still room for it. The
// last options show more finely what others have shown.
var (
	judgments = []option{
		{add: []column{colAnomaly}},
		{add: []column{colName}},
		{add: []column{colClientState, colServerState}},
	}
	options = []option{
		{add: []column{colData}},
		{add: []column{colDuration}},
		{add: []column{colShortStart}},
		{add: []column{colPackets}},
		{add: []column{colPacketsOut, colDataOut, colPacketsIn, colDataIn}, instead: []column{colPackets, colData}},
		{add: []column{colStart}, instead: []column{colShortStart}},
	}
)

// outcomeColors mark what went wrong.
var outcomeColors = [analyzer.NumOutcomes]string{
	analyzer.Reset: human.Red, analyzer.Refused: human.Red,
	analyzer.Unanswered: human.Yellow, analyzer.HalfOpen: human.Yellow,
}

// view turns conversations into cells.
type view struct {
	base     analyzer.Time // relative times count from here
	relative bool
	dated    bool // the conversations are not all of one day
	color    bool
	empty    [numColumns]bool // columns in which no row would have anything
}

func newView(rows []row, base analyzer.Time, o TableOptions) *view {
	v := &view{base: base, relative: o.Relative, color: o.Color}
	v.empty[colAnomaly], v.empty[colName] = true, true
	y, m, d := rows[0].Start.Time().Date()
	for i := range rows {
		y2, m2, d2 := rows[i].Start.Time().Date()
		v.dated = v.dated || y != y2 || m != m2 || d != d2
		v.empty[colAnomaly] = v.empty[colAnomaly] && rows[i].worst == nil
		v.empty[colName] = v.empty[colName] && rows[i].Names[analyzer.Server].Text == ""
	}
	return v
}

// start is when c began, with a number of decimals of seconds: 0 or 3.
func (v *view) start(c *row, decimals int) string {
	if v.relative {
		b := output.AppendSeconds6(nil, int64(c.Start.Sub(v.base)))
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
func (v *view) cell(col column, c *row, width int) string {
	s := columns[col].text(v, c)
	if len(s) > width {
		s = human.ShortAddr(c.Addr[col-colClient], width)
	}
	if color := c.color(col); v.color && color != "" {
		return color + s + human.Reset
	}
	return s
}

// color is the colour of a cell, "" for none.
func (c *row) color(col column) string {
	switch {
	case col == colOutcome && c.Outcome < analyzer.NumOutcomes:
		return outcomeColors[c.Outcome]
	case col == colAnomaly && c.worst != nil:
		return human.SeverityColors[c.worst.Severity]
	}
	return ""
}

// fitted is a layout with the width of each of its columns.
type fitted struct {
	gap     int
	columns []column
	widths  []int
}

// fit is the best layout for width (0: any width).
func (v *view) fit(rows []row, width int) *fitted {
	if width == 0 {
		width = math.MaxInt
	}
	var widths columnWidths
	for col := range widths {
		widths[col] = len(columns[col].head)
		for i := range rows {
			widths[col] = max(widths[col], len(columns[col].text(v, &rows[i])))
		}
	}
	l := layout{gap: 1}.with(option{add: []column{colStream, colClient, colServer, colOutcome}})
	widths.cutAddrs(l.width(&widths)-width, human.MinAddrWidth)
	for _, o := range judgments {
		with, cut := l.with(o), widths
		cut.cutAddrs(with.width(&cut)-width, human.ComfortableAddr)
		if with.width(&cut) <= width && !v.empty[o.add[0]] {
			l, widths = with, cut
		}
	}
	for _, o := range options {
		if with := l.with(o); with.width(&widths) <= width {
			l = with
		}
	}
	wide := l
	wide.gap = len(human.Gap)
	if wide.width(&widths) <= width {
		l = wide
	}
	return l.fitted(&widths)
}

// with is the layout with an option taken.
func (l layout) with(o option) layout {
	for _, col := range o.instead {
		l.shows[col] = false
	}
	for _, col := range o.add {
		l.shows[col] = true
	}
	return l
}

// width is the length of a line.
func (l *layout) width(widths *columnWidths) int {
	line := -l.gap
	for col, shown := range l.shows {
		if shown {
			line += widths[col] + l.gap
		}
	}
	return line
}

func (l *layout) fitted(widths *columnWidths) *fitted {
	f := &fitted{gap: l.gap}
	for col, shown := range l.shows {
		if shown {
			f.columns = append(f.columns, column(col))
			f.widths = append(f.widths, widths[col])
		}
	}
	return f
}

// columnWidths are the widths of all columns.
type columnWidths [numColumns]int

// cutAddrs takes over columns from the two addresses, from the wider one first, but
// leaves each at least least.
func (widths *columnWidths) cutAddrs(over, least int) {
	for ; over > 0; over-- {
		wider := colClient
		if widths[colServer] > widths[colClient] {
			wider = colServer
		}
		if widths[wider] <= least {
			return
		}
		widths[wider]--
	}
}
