package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"tcptrace/analyzer"
	"tcptrace/internal/console"
	"tcptrace/report/internal/human"
	"tcptrace/report/internal/output"
)

// TableOptions say how a table looks. The zero value shows every conversation at
// full width without colour, in order of start.
type TableOptions struct {
	Width   int  // columns of the terminal; 0: unlimited. Below 40 it counts as 40
	Color   bool // ANSI colours
	Times   Times
	Limit   int // rows; 0: all
	Height  int // lines of the terminal, on which all is to be seen at once, with a few rows at least; 0: no matter
	Sort    Key
	Columns *Columns // nil: those that matter most, as many as fit
}

// Table shows conversations to people: a row each, then a summary.
type Table struct {
	out       output.Buffer
	opts      TableOptions
	collector *Collector
	selection Selection
	laid      int // rows that the library lays out; tests compare
	above     int // lines on the terminal in front of the table
}

// laidRows is how many rows the library lays out. It measures every cell, for 70 us a row: what is more than anybody reads is written without
// it, in the same form.
const laidRows = 1000

// NewTable returns a report that writes to w. It holds the conversations it shows
// until Finish.
func NewTable(w io.Writer, o TableOptions) *Table {
	if o.Width > 0 {
		o.Width = max(o.Width, human.MinWidth)
	}
	return &Table{out: output.NewBuffer(console.Styled(w)), opts: o, collector: NewCollector(o.Sort, o.Limit), laid: laidRows}
}

// Above tells that so many lines stand on the terminal in front of the table.
func (r *Table) Above(lines int) { r.above = lines }

func (r *Table) selected(s Selection) { r.selection = s }

// Conversation keeps c if it may be shown.
func (r *Table) Conversation(c *analyzer.Conversation) error { return r.collector.Conversation(c) }

// Skips is for [analyzer.Sink].
func (r *Table) Skips(start analyzer.Time) bool { return r.collector.Skips(start) }

// First is for [analyzer.Sink].
func (r *Table) First() int { return r.collector.First() }

// Finish writes the table and the summary.
func (r *Table) Finish(s *analyzer.Summary) error {
	all := r.collector.Sorted()
	if r.opts.Height > 0 {
		below := strings.Count(summaryText(s, s.NotAnalyzed(), r.selection, r.opts.Times), "\n")
		room := max(leastRows, r.opts.Height-r.above-tableFrame-below)
		if len(all) > room {
			if all = all[:room]; room > leastRows && slices.ContainsFunc(all, starred) {
				all = all[:room-1] // a line says what the star means
			}
		}
	}
	return r.show(judgedRows(all, r.opts.Columns.extra()), s)
}

const (
	leastRows  = 3 // on a terminal, however low it is
	tableFrame = 4 // lines beside rows: the head, how many more there are, an empty one, and the shell's
)

// row is a conversation and what a line can hold of a judgment.
type row struct {
	*analyzer.Conversation
	state  [2]string             // by Side
	worst  *analyzer.AnomalyKind // the first of the gravest; nil: there is no anomaly
	others int                   // anomalies beside it
	ended  string                // by whom
	cause  string                // of the RST that ended it
	before analyzer.Time         // start of the row above; of the first its own
	extra  []fieldValue          // of the fields that were asked for
}

// judgedRows judges the conversations that are shown, and only those. extra are the fields that were asked for.
func judgedRows(cs []*analyzer.Conversation, extra []*Field) []row {
	rows := make([]row, len(cs))
	var x judged
	for i, c := range cs {
		x.begin(c)
		r := row{Conversation: c, ended: endedBy(&x.j.Close), cause: causeOf(&x.j.Close)}
		for side, state := range x.j.State {
			r.state[side] = state.String()
		}
		r.worst, r.others = x.j.Worst()
		for _, f := range extra {
			r.extra = append(r.extra, f.of(&x))
		}
		rows[i] = r
	}
	return rows
}

func (r *Table) show(rows []row, s *analyzer.Summary) error {
	if len(rows) > 0 {
		if err := r.grid(rows, s.Start); err != nil {
			return err
		}
		r.footer(rows, s)
	}
	if err := WriteSummary(&r.out, s, r.selection, r.opts.Times); err != nil {
		return err
	}
	return r.out.Flush()
}

// footer explains what the rows cannot.
func (r *Table) footer(rows []row, s *analyzer.Summary) {
	if slices.ContainsFunc(rows, func(r row) bool { return starred(r.Conversation) }) {
		fmt.Fprintln(&r.out, "* who is the client is inferred: the capture does not show the handshake")
	}
	total := s.Conversations
	if r.selection.Active {
		total = r.selection.Matched
	}
	if hidden := max(total, uint64(len(rows))) - uint64(len(rows)); hidden > 0 {
		fmt.Fprintf(&r.out, "%s, for scripts --format ndjson\n", moreRows(hidden, total))
	}
	fmt.Fprintln(&r.out)
}

// starred reports whether the row of a conversation has a star, which the footer explains.
func starred(c *analyzer.Conversation) bool { return c.Roles == analyzer.RolesInferred }

// MostRows is how many conversations are kept to be shown together unless --limit says more: 2 kB each.
const MostRows = 1 << 18

// moreRows says that so many of all conversations are not shown, and how they are.
func moreRows(hidden, all uint64) string {
	limit := uint64(0) // which shows all, up to MostRows
	if all > MostRows {
		limit = all
	}
	return fmt.Sprintf("%s: --limit %d shows all", human.Counted(hidden, "more conversation"), limit)
}

// grid writes the rows. The columns and their widths are settled before the first
// line, so that lines can be written one by one and none is ever wrapped.
func (r *Table) grid(rows []row, base analyzer.Time) error {
	v := newView(rows, base, r.opts)
	l := v.fit(rows, r.opts.Width)
	cells := make([]string, len(l.columns))
	for i, col := range l.columns {
		cells[i] = v.columns[col].head
		if col == colAnomaly && l.widths[i] < len(cells[i]) {
			cells[i] = shortAnomaly
		}
		if r.opts.Color {
			cells[i] = human.Bold + cells[i] + human.Reset
		}
	}
	t := newGrid(&lineWriter{&r.out}, v, l)
	if err := t.Start(); err != nil {
		return err
	}
	t.Header(cells)
	laid := rows[:min(r.laid, len(rows))]
	for k := range laid {
		for i, col := range l.columns {
			cells[i] = v.cell(col, &laid[k], l.widths[i])
		}
		if err := t.Append(cells); err != nil {
			return err
		}
		if r.out.Err != nil {
			return r.out.Err
		}
	}
	if err := t.Close(); err != nil {
		return err
	}
	for k := len(laid); k < len(rows) && r.out.Err == nil; k++ {
		r.out.B = v.appendLine(r.out.B, l, &rows[k])
		if err := r.out.Spill(); err != nil {
			return err
		}
	}
	return r.out.Err
}

// newGrid is a streaming table without lines and borders, whose columns have the
// layout's widths.
func newGrid(w io.Writer, v *view, l *fitted) *tablewriter.Table {
	widths := tw.NewMapper[int, int]()
	aligns := make([]tw.Align, len(l.columns))
	for i, col := range l.columns {
		widths.Set(i, l.widths[i]+l.gap)
		aligns[i] = tw.AlignLeft
		if v.columns[col].number {
			aligns[i] = tw.AlignRight
		}
	}
	cell := tw.CellConfig{
		Padding:   tw.CellPadding{Global: tw.Padding{Right: human.Gap[:l.gap], Overwrite: true}},
		Alignment: tw.CellAlignment{PerColumn: aligns},
	}
	return tablewriter.NewTable(w,
		tablewriter.WithRenderer(renderer.NewBlueprint()),
		tablewriter.WithConfig(tablewriter.Config{Header: cell, Row: cell, Widths: tw.CellWidth{PerColumn: widths}}),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithRendition(tw.Rendition{
			Borders: tw.BorderNone,
			Settings: tw.Settings{
				Lines:      tw.LinesNone,
				Separators: tw.SeparatorsNone,
			},
			Streaming: true,
		}),
		tablewriter.WithStreaming(tw.StreamConfig{Enable: true, StrictColumns: true}),
		tablewriter.WithTrimSpace(tw.Off))
}

// lineWriter passes whole lines on without the blanks that pad their last column, and without the resets with which the
// library ends some cells: they are no style of ours.
type lineWriter struct{ out *output.Buffer }

func (w *lineWriter) Write(p []byte) (int, error) {
	line := bytes.TrimRight(bytes.ReplaceAll(p, []byte("\x1b[0m"), nil), " \n")
	w.out.B = append(append(w.out.B, line...), '\n')
	return len(p), w.out.Spill()
}
