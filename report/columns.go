package report

import (
	"math"
	"slices"
	"strconv"

	"tcptrace/analyzer"
	"tcptrace/report/internal/human"
)

// column is a column of a table: one of these, or, from numColumns on, a field that was asked for.
type column int

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
	colLoss
	colRoundTrip
	colClientState
	colServerState
	colOutcome
	colEnded
	colCause
	colAnomaly
	numColumns // they are shown in this order; those that were asked for beside them come before colOutcome
)

// tableColumn says how a column is headed and filled. "Data" is TCP payload, retransmissions included. All text is ASCII, so its length is
// its width.
type tableColumn struct {
	names  []string // of the field, as --columns takes them; with the first of them it is added, with any it is dropped
	head   string
	number bool // right-aligned
	text   func(v *view, c *row) string
}

var columns = [numColumns]tableColumn{
	colStream: {[]string{"stream"}, "#", true, func(_ *view, c *row) string { return strconv.FormatUint(c.Stream, 10) }},
	colStart: {[]string{"start"}, "start", true, func(v *view, c *row) string {
		return v.start(c, 3)
	}},
	colShortStart: {[]string{"", "start"}, "start", true, func(v *view, c *row) string {
		return v.start(c, 0)
	}},
	colClient: {[]string{"client"}, "client", false, func(_ *view, c *row) string {
		return c.Addr[analyzer.Client].String()
	}},
	colServer: {[]string{"server"}, "server", false, func(_ *view, c *row) string {
		return c.Addr[analyzer.Server].String()
	}},
	colName: {[]string{"server.name"}, "server name", false, func(_ *view, c *row) string {
		return human.CutName(human.Named(c.Conversation, analyzer.Server))
	}},
	colPacketsOut: {[]string{"endpoints.client.sent.packets", "packets"}, "pkts >", true, func(_ *view, c *row) string {
		return human.Count(c.Sent[analyzer.Client].Packets)
	}},
	colDataOut: {[]string{"endpoints.client.sent.payload_bytes", "payload_bytes"}, "data >", true, func(_ *view, c *row) string {
		return human.Bytes(c.Sent[analyzer.Client].PayloadBytes)
	}},
	colPacketsIn: {[]string{"endpoints.server.sent.packets", "packets"}, "< pkts", true, func(_ *view, c *row) string {
		return human.Count(c.Sent[analyzer.Server].Packets)
	}},
	colDataIn: {[]string{"endpoints.server.sent.payload_bytes", "payload_bytes"}, "< data", true, func(_ *view, c *row) string {
		return human.Bytes(c.Sent[analyzer.Server].PayloadBytes)
	}},
	colPackets:     {[]string{"packets"}, "pkts", true, func(_ *view, c *row) string { return human.Count(c.Packets()) }},
	colData:        {[]string{"payload_bytes"}, "data", true, func(_ *view, c *row) string { return human.Bytes(payloadBytes(c.Conversation)) }},
	colDuration:    {[]string{"duration_s"}, "duration", true, func(_ *view, c *row) string { return human.Duration(c.Duration()) }},
	colLoss:        {[]string{"loss_ratio"}, "loss", true, func(_ *view, c *row) string { return lossText(c.Conversation) }},
	colRoundTrip:   {[]string{"rtt_s"}, "rtt", true, func(_ *view, c *row) string { return roundTripText(c.Conversation) }},
	colClientState: {[]string{"endpoints.client.state"}, "client is", false, func(_ *view, c *row) string { return c.state[analyzer.Client] }},
	colServerState: {[]string{"endpoints.server.state"}, "server is", false, func(_ *view, c *row) string { return c.state[analyzer.Server] }},
	colOutcome: {[]string{"outcome"}, "outcome", false, func(_ *view, c *row) string {
		if c.Roles == analyzer.RolesInferred {
			return c.Outcome.String() + " *"
		}
		return c.Outcome.String()
	}},
	colEnded: {[]string{"ended_by"}, "ended by", false, func(_ *view, c *row) string { return c.ended }},
	colCause: {[]string{"close.cause"}, "cause", false, func(_ *view, c *row) string { return c.cause }},
	colAnomaly: {[]string{"worst_anomaly"}, "worst anomaly", false, func(_ *view, c *row) string {
		if c.worst == nil {
			return ""
		}
		return c.worst.ID + c.more()
	}},
}

// more says how many anomalies there are beside the worst.
func (c *row) more() string {
	if c.others == 0 {
		return ""
	}
	return " +" + strconv.Itoa(c.others)
}

// cutWorst is the worst anomaly in width columns, or a little more.
func (c *row) cutWorst(width int) string {
	const least = 4 // letters
	id, more := c.worst.ID, c.more()
	if n := max(width-len("..")-len(more), least); n < len(id) {
		id = id[:n] + ".."
	}
	return id + more
}

// layout is a choice of columns.
type layout struct {
	shows []bool // by column
	order []column
	gap   int // blanks between columns
}

// option is some columns more, perhaps in the place of others.
type option struct{ add, instead []column }

// essentials are in every table. For judgments the middle of long addresses is cut out; options are there if a column is free. Both are tried in
// order, what matters most first, and taken while there is room; a name gets shorter for what comes after it. The last options show in more detail
// what earlier ones show.
var (
	essentials = []column{colStream, colClient, colServer, colOutcome, colAnomaly}
	judgments  = []option{
		{add: []column{colLoss}},
		{add: []column{colClientState, colServerState}},
		{add: []column{colName}},
		{add: []column{colEnded}},
		{add: []column{colRoundTrip}},
	}
	options = []option{
		{add: []column{colData}},
		{add: []column{colDuration}},
		{add: []column{colShortStart}},
		{add: []column{colPackets}},
		{add: []column{colPacketsOut, colDataOut, colPacketsIn, colDataIn}, instead: []column{colPackets, colData}},
		{add: []column{colCause}},
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
	base    analyzer.Time // relative times count from here
	times   Times
	dated   bool // the conversations are not all of one day
	color   bool
	asked   *Columns
	columns []tableColumn // with those of fields that were asked for
	empty   []bool        // columns in which no row has anything
}

func newView(rows []row, base analyzer.Time, o TableOptions) *view {
	v := &view{base: base, times: o.Times, color: o.Color, asked: o.Columns, columns: columns[:]}
	for i, f := range o.Columns.extra() {
		v.columns = append(v.columns, tableColumn{[]string{f.path}, f.head(), f.unit != unitText, func(v *view, c *row) string { return f.text(v, &c.extra[i]) }})
	}
	v.empty = make([]bool, len(v.columns))
	y, m, d := v.times.In(rows[0].Start).Date()
	for i := range rows {
		y2, m2, d2 := v.times.In(rows[i].Start).Date()
		v.dated = v.dated || y != y2 || m != m2 || d != d2
		rows[i].before = rows[max(i-1, 0)].Start
	}
	return v
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
	widths := make(columnWidths, len(v.columns))
	for col := range widths {
		longest := 0
		for i := range rows {
			longest = max(longest, len(v.columns[col].text(v, &rows[i])))
		}
		v.empty[col] = longest == 0
		widths[col] = max(longest, len(v.columns[col].head))
	}
	l := v.least()
	if only := v.asked != nil && v.asked.only; only {
		widths.cutAddrs(l.width(widths)-width, human.MinAddrWidth)
	} else {
		l, widths = v.fill(l, widths, width)
	}
	wide := l
	wide.gap = len(human.Gap)
	if wide.width(widths) <= width {
		l = wide
	}
	return l.fitted(widths)
}

// least is the layout with what every table has, or exactly what was asked for.
func (v *view) least() layout {
	l := layout{gap: 1, shows: make([]bool, len(v.columns))}
	if v.asked != nil && v.asked.only {
		for _, f := range v.asked.list {
			col := v.column(f)
			l.shows[col], l.order = true, append(l.order, col)
		}
		return l
	}
	for col := range colOutcome {
		l.order = append(l.order, col)
	}
	for col := numColumns; int(col) < len(v.columns); col++ {
		l.order, l.shows[col] = append(l.order, col), true
	}
	for col := colOutcome; col < numColumns; col++ {
		l.order = append(l.order, col)
	}
	for _, col := range essentials {
		l.shows[col] = !v.dropped(col) && (col != colAnomaly || !v.empty[col])
	}
	if v.asked != nil {
		for _, f := range v.asked.list {
			l.shows[v.column(f)] = true
		}
	}
	return l
}

// shortAnomaly is the head of that column where it is cut.
const shortAnomaly = "anomaly"

// leastAnomaly is the width of that column which is worth more than the outcome.
const leastAnomaly = len("retransmission..")

// leastName is the width of a name that says something.
const leastName = len("..example.com")

// fill is l with what fits into width.
func (v *view) fill(l layout, widths columnWidths, width int) (layout, columnWidths) {
	widths.cutAddrs(l.width(widths)-width, human.MinAddrWidth)
	if l.shows[colAnomaly] {
		if l.width(widths)-width > max(widths[colAnomaly]-leastAnomaly, 0) && !v.asks(colOutcome) {
			l.shows[colOutcome] = false
		}
		if over := l.width(widths) - width; over > 0 {
			widths[colAnomaly] = max(widths[colAnomaly]-over, len(shortAnomaly))
		}
	}
	name := widths[colName]
	if !l.shows[colName] { // else it was asked for
		widths[colName] = min(name, leastName)
	}
	for _, o := range judgments {
		with, cut := l.with(o, v), slices.Clone(widths)
		cut.cutAddrs(with.width(cut)-width, human.ComfortableAddr)
		if with.width(cut) <= width && !v.empty[o.add[0]] {
			l, widths = with, cut
		}
	}
	if l.shows[colName] {
		widths[colName] = min(name, widths[colName]+max(width-l.width(widths), 0))
	}
	for _, o := range options {
		if with := l.with(o, v); with.width(widths) <= width && !v.empty[o.add[0]] {
			l = with
		}
	}
	return l, widths
}

// with is the layout with an option taken, but for what was asked not to be there.
func (l layout) with(o option, v *view) layout {
	l.shows = slices.Clone(l.shows)
	for _, col := range o.instead {
		l.shows[col] = v.asks(col)
	}
	for _, col := range o.add {
		l.shows[col] = l.shows[col] || !v.dropped(col)
	}
	return l
}

// column is the column of a field.
func (v *view) column(f *Field) column {
	return column(slices.IndexFunc(v.columns, func(c tableColumn) bool { return c.names[0] == f.path }))
}

// asks reports whether a column was asked for by name.
func (v *view) asks(col column) bool {
	return v.asked != nil && slices.ContainsFunc(v.asked.list, func(f *Field) bool { return v.columns[col].names[0] == f.path })
}

// dropped reports whether a column was asked not to be there.
func (v *view) dropped(col column) bool {
	return v.asked != nil && slices.ContainsFunc(v.asked.drop, func(f *Field) bool { return slices.Contains(v.columns[col].names, f.path) })
}

// width is the length of a line.
func (l *layout) width(widths columnWidths) int {
	line := -l.gap
	for col, shown := range l.shows {
		if shown {
			line += widths[col] + l.gap
		}
	}
	return line
}

func (l *layout) fitted(widths columnWidths) *fitted {
	f := &fitted{gap: l.gap}
	for _, col := range l.order {
		if l.shows[col] {
			f.columns = append(f.columns, col)
			f.widths = append(f.widths, widths[col])
		}
	}
	return f
}

// columnWidths are the widths of all columns.
type columnWidths []int

// cutAddrs takes over columns from the two addresses, from the wider one first, but
// leaves each at least least.
func (widths columnWidths) cutAddrs(over, least int) {
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
