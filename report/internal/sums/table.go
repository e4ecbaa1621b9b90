package sums

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tcptrace/analyzer"
	"tcptrace/internal/console"
	"tcptrace/internal/dimension"
	"tcptrace/report/internal/human"
	"tcptrace/report/internal/output"
	"tcptrace/report/internal/record"
)

// tableColumn is a column of the table. On a narrow terminal columns go, those with the highest rank first; those of which no row
// says anything are not there at all.
type tableColumn struct {
	head   string
	number bool   // right-aligned
	rank   int    // 0: it stays
	zero   string // what a row says of which the number is 0; "": it is not shown as 0
	text   func(r *record.SumRecord) string
	color  func(r *record.SumRecord) string // nil: none
}

var tableColumns = []tableColumn{
	{head: "conversations", number: true, text: func(r *record.SumRecord) string { return human.Count(r.Conversations) }},
	{head: "failed", number: true, rank: 1, zero: "0", text: func(r *record.SumRecord) string { return human.Count(r.Failures) },
		color: func(*record.SumRecord) string { return human.Red }},
	{head: "data >", number: true, rank: 4, text: func(r *record.SumRecord) string { return human.Bytes(r.ClientPayloadBytes) }},
	{head: "< data", number: true, rank: 4, text: func(r *record.SumRecord) string { return human.Bytes(r.ServerPayloadBytes) }},
	{head: "loss", number: true, rank: 3, zero: "0 %", text: lossText},
	{head: "handshake 50/90/99 %", number: true, rank: 5, text: func(r *record.SumRecord) string {
		return times(r.HandshakeP50S, r.HandshakeP90S, r.HandshakeP99S)
	}},
	{head: "to server and back", number: true, rank: 8, text: func(r *record.SumRecord) string {
		return times(r.ClientRTTP50S, r.ClientRTTP90S, r.ClientRTTP99S)
	}},
	{head: "to client and back", number: true, rank: 9, text: func(r *record.SumRecord) string {
		return times(r.ServerRTTP50S, r.ServerRTTP90S, r.ServerRTTP99S)
	}},
	{head: "server thinks 50/99 %", number: true, rank: 6, text: func(r *record.SumRecord) string { return times(r.ServerThinkP50S, r.ServerThinkP99S) }},
	{head: "window closed", number: true, rank: 10, zero: "0 s", text: func(r *record.SumRecord) string { return span(r.ZeroWindowS) }},
	{head: "worst anomaly", rank: 2, text: worstText, color: func(r *record.SumRecord) string { return severityColors[r.WorstAnomalySeverity] }},
	{head: "sent again", rank: 7, text: resentText},
	{head: "resets", rank: 6, text: resetsText},
}

var severityColors = func() map[string]string {
	m := map[string]string{}
	for severity, color := range human.SeverityColors {
		m[analyzer.Severity(severity).String()] = color
	}
	return m
}()

const nothing = "-"

// all is the label of all conversations together.
const all = "all"

func lossText(r *record.SumRecord) string {
	switch {
	case !r.LossKnown():
		return nothing
	case r.LossRatio == 0:
		return "0 %"
	}
	return fmt.Sprintf("%.2f %%", 100*r.LossRatio)
}

func span(seconds float64) string {
	if seconds == 0 {
		return "0 s"
	}
	if seconds < 1e-6 {
		return "< 1 us"
	}
	return human.Duration(time.Duration(math.Round(seconds * 1e9)))
}

// times are quantiles; nothing if there are none.
func times(seconds ...float64) string {
	parts := make([]string, len(seconds))
	for i, s := range seconds {
		if s == 0 {
			return nothing
		}
		parts[i] = span(s)
	}
	return strings.Join(parts, " / ")
}

func worstText(r *record.SumRecord) string {
	if r.WorstAnomaly == "" {
		return nothing
	}
	return fmt.Sprintf("%s (%s)", r.WorstAnomaly, human.Count(r.WorstAnomalyConversations))
}

// resentText is how many segments were sent again, and why.
func resentText(r *record.SumRecord) string {
	return parts([]part{
		{r.RetransmittedTimeoutPackets, "timeout"}, {r.RetransmittedFastPackets, "fast"}, {r.RetransmittedSACKPackets, "sack"},
		{r.RetransmittedTailProbePackets, "tail-probe"}, {r.RetransmittedUnknownPackets, "unknown"},
	})
}

func resetsText(r *record.SumRecord) string {
	var list []part
	for name, n := range r.ResetCauses {
		list = append(list, part{n, name})
	}
	return parts(list)
}

// part is a number of what there is a name for.
type part struct {
	n    uint64
	name string
}

// parts are those of which there is something, the most first.
func parts(list []part) string {
	list = slices.DeleteFunc(list, func(p part) bool { return p.n == 0 })
	if len(list) == 0 {
		return nothing
	}
	slices.SortFunc(list, func(a, b part) int {
		return cmp.Or(cmp.Compare(b.n, a.n), strings.Compare(a.name, b.name))
	})
	texts := make([]string, len(list))
	for i, p := range list {
		texts[i] = human.Count(p.n) + " " + p.name
	}
	return strings.Join(texts, ", ")
}

// cell is a text of the table with its colour, which is "" mostly.
type cell struct{ text, color string }

// grid is the texts of a table by columns.
type grid struct {
	heads  []tableColumn
	cells  [][]cell // by column
	widths []int
}

func (g *grid) add(c tableColumn, cells []cell) {
	width := utf8.RuneCountInString(c.head)
	for _, cell := range cells {
		width = max(width, utf8.RuneCountInString(cell.text))
	}
	g.heads, g.cells, g.widths = append(g.heads, c), append(g.cells, cells), append(g.widths, width)
}

// fit takes columns away until a line is no longer than width, or only those are left that stay.
func (g *grid) fit(width int) {
	for width > 0 && g.width() > width {
		last := 0
		for i := range g.heads {
			if g.heads[i].rank > g.heads[last].rank {
				last = i
			}
		}
		if g.heads[last].rank == 0 {
			return
		}
		g.heads, g.cells, g.widths = slices.Delete(g.heads, last, last+1), slices.Delete(g.cells, last, last+1), slices.Delete(g.widths, last, last+1)
	}
}

func (g *grid) width() int {
	n := -len(human.Gap)
	for _, w := range g.widths {
		n += w + len(human.Gap)
	}
	return n
}

// line writes row i, or the heads if it is -1.
func (g *grid) line(out *output.Buffer, i int) {
	var b strings.Builder
	for k := range g.heads {
		c := cell{g.heads[k].head, ""}
		if i >= 0 {
			c = g.cells[k][i]
		}
		pad := human.PadRight
		if g.heads[k].number {
			pad = human.PadLeft
		}
		text := pad(c.text, g.widths[k])
		if c.color != "" {
			text = c.color + text + human.Reset
		}
		if k > 0 {
			b.WriteString(human.Gap)
		}
		b.WriteString(text)
	}
	fmt.Fprintln(out, strings.TrimRight(b.String(), " "))
}

// WriteTable shows the sums to people: a row a group, then how many there are.
func WriteTable(w io.Writer, s *Sums, o Options) error {
	out := output.NewBuffer(console.Styled(w))
	if s.total.conversations == 0 {
		fmt.Fprintln(&out, "No conversation.")
		return out.Flush()
	}
	rows, hidden := s.rows(o.Sort, o.Limit)
	if len(rows) > 1 || hidden > 0 {
		rows = append(rows, row{label: all, values: make([]string, len(s.By)), group: &s.total})
	}
	g := s.grid(rows, o)
	g.fit(o.Width)
	for i := -1; i < len(rows); i++ {
		g.line(&out, i)
		if err := out.Spill(); err != nil {
			return err
		}
	}
	if hidden > 0 {
		fmt.Fprintf(&out, "%s: --limit 0 shows all, for scripts --format ndjson\n", human.Counted(uint64(hidden), "more group"))
	}
	return out.Flush()
}

// grid is the cells of rows, of which the last is that of all conversations unless there is only one.
func (s *Sums) grid(rows []row, o Options) *grid {
	var g grid
	for i := range s.By {
		cells := make([]cell, len(rows))
		before := o.base()
		for k := range rows {
			cells[k].text = rows[k].key(i, &s.By[i], &o, &before)
		}
		g.add(tableColumn{head: s.By[i].Name}, cells)
	}
	records := make([]record.SumRecord, len(rows))
	for k := range rows {
		records[k] = rows[k].group.record()
	}
	for _, c := range tableColumns {
		cells, says := make([]cell, len(rows)), c.rank == 0
		for k := range rows {
			cells[k].text = c.text(&records[k])
			something := cells[k].text != nothing && cells[k].text != c.zero
			says = says || something
			if o.Color && c.color != nil && something {
				cells[k].color = c.color(&records[k])
			}
		}
		if says {
			g.add(c, cells)
		}
	}
	return &g
}

// base is the time of the first packet.
func (o *Options) base() analyzer.Time {
	if o.Summary.Start == nil {
		return 0
	}
	return analyzer.Time(*o.Summary.Start)
}

// key is the value of dimension i for people. before is the moment of the row before, or of the first packet.
func (r *row) key(i int, d *dimension.Dimension, o *Options, before *analyzer.Time) string {
	switch {
	case i == 0 && r.label != "":
		return r.label
	case r.values[i] == "" && r.label == "":
		return nothing
	}
	if t, ok := d.Moment(r.values[i]); ok && o.Times != human.UTC {
		return o.moment(t, d.Decimals(), before)
	}
	text := human.PlainText(r.values[i], false)
	if service := d.Service(r.values[i], o.Services); service != "" {
		text += " (" + human.PlainText(service, true) + ")"
	}
	return text
}

// moment is when a stretch of time begins, for people.
func (o *Options) moment(t time.Time, decimals int, before *analyzer.Time) string {
	at, base := analyzer.Time(t.UnixNano()), o.base()
	switch o.Times {
	case human.Local:
		return t.In(o.Times.Zone()).Format(time.RFC3339Nano)
	case human.Delta:
		base, *before = *before, at
	}
	if at.Sub(base)%time.Second != 0 && o.Times != human.Epoch {
		decimals = max(decimals, 3)
	}
	return o.Times.Moment(at, base, decimals, false)
}
