package states

import (
	"fmt"
	"io"
	"math"
	"net/netip"
	"strconv"
	"strings"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/internal/console"
	"tcptrace/report/internal/human"
	"tcptrace/report/internal/output"
)

// stateColumn is a column of the table of connections. On a narrow terminal columns go, those with the
// lowest worth first; then the addresses are cut.
type stateColumn struct {
	head   string
	number bool // right-aligned
	worth  int  // 0: it stays
	text   func(s *StatesAt, c *Connection) string
}

var stateColumns = []stateColumn{
	{"#", true, 0, func(_ *StatesAt, c *Connection) string { return strconv.FormatUint(c.Stream, 10) }},
	{"client", false, 0, func(_ *StatesAt, c *Connection) string { return c.Addr[analyzer.Client].String() }},
	{"server", false, 0, func(_ *StatesAt, c *Connection) string { return c.Addr[analyzer.Server].String() }},
	{"client is", false, 0, func(_ *StatesAt, c *Connection) string { return c.state(analyzer.Client) }},
	{"since", false, 4, func(s *StatesAt, c *Connection) string { return s.clock(c.Moment[analyzer.Client].Since) }},
	{"server is", false, 0, func(_ *StatesAt, c *Connection) string { return c.state(analyzer.Server) }},
	{"since", false, 4, func(s *StatesAt, c *Connection) string { return s.clock(c.Moment[analyzer.Server].Since) }},
	{"flight >", true, 3, func(_ *StatesAt, c *Connection) string { return c.flight(analyzer.Client) }},
	{"< flight", true, 3, func(_ *StatesAt, c *Connection) string { return c.flight(analyzer.Server) }},
	{"timers", false, 2, func(s *StatesAt, c *Connection) string { return s.timers(c) }},
	{"community ID", false, 1, func(_ *StatesAt, c *Connection) string {
		return output.CommunityID(c.Addr[analyzer.Client], c.Addr[analyzer.Server])
	}},
}

// The columns that can be cut.
const stateClient, stateServer = 1, 2

// state is a side's state with what is to be known of it.
func (c *Connection) state(side analyzer.Side) string {
	m := &c.Moment[side]
	text := m.State.String()
	if m.Since != 0 && m.Evidence == analyzer.EvidenceAssumed {
		text += "?"
	}
	if m.Unsettled {
		text += "~"
	}
	return text
}

func (c *Connection) flight(side analyzer.Side) string {
	n, known := c.bytes(side)
	if !known {
		return "-"
	}
	return human.Count(n)
}

// clock is a time of the day of the moment, or with its date.
func (s *StatesAt) clock(t analyzer.Time) string {
	if t == 0 {
		return "-"
	}
	base := s.Begin
	if s.Times == human.Delta {
		base = s.Time
	}
	y, m, d := s.Times.In(s.Time).Date()
	y2, m2, d2 := s.Times.In(t).Date()
	return s.Times.Moment(t, base, 3, y != y2 || m != m2 || d != d2)
}

// timers are those that run on both sides.
func (s *StatesAt) timers(c *Connection) string {
	var list []string
	for side := range analyzer.Server + 1 {
		t, text := c.timer(side), side.String()+": "
		switch t.Kind {
		case analyzer.TimerNone:
			continue
		case analyzer.TimerTimeWait:
			text += "TIME_WAIT until " + s.clock(t.Until)
		case analyzer.TimerFinWait2:
			text += "FIN_WAIT_2 for " + human.Duration(s.Time.Sub(t.Since))
		default:
			text += t.Kind.String()
			if t.Since != 0 { // else it was running when the capture began
				text += " for " + human.Duration(s.Time.Sub(t.Since))
			}
			if t.Repeats > 0 {
				text += ", " + map[bool]string{false: "sent again ", true: "probed "}[t.Kind == analyzer.TimerPersist] + times(t.Repeats)
			}
		}
		list = append(list, text)
	}
	return strings.Join(list, "; ")
}

func times(n uint16) string {
	if n == 1 {
		return "once"
	}
	return human.Count(uint64(n)) + " times"
}

// WriteTable shows the connections to people: a row each, then how many are in which state.
func WriteTable(w io.Writer, s *StatesAt) error {
	out := output.NewBuffer(console.Styled(w))
	if s.Empty {
		fmt.Fprintln(&out, "The capture holds no packets.")
		return out.Flush()
	}
	at := s.Times
	if at == human.Relative || at == human.Delta {
		at = human.UTC
	}
	fmt.Fprintf(&out, "%s, %s after the first packet\n\n", at.Full(s.Time, s.Begin, 6), human.Duration(s.Time.Sub(s.Begin)))
	t := &s.total
	if t.connections == 0 {
		fmt.Fprintln(&out, "No such connection was there.")
		return out.Flush()
	}
	if err := s.grid(&out); err != nil {
		return err
	}
	s.legend(&out)
	if hidden := uint64(t.connections) - uint64(len(s.Rows)); hidden > 0 {
		fmt.Fprintf(&out, "%s: --limit 0 shows all, for scripts --format ndjson\n", human.Counted(hidden, "more connection"))
	}
	fmt.Fprintf(&out, "\n%s\n", human.Counted(uint64(t.connections), "connection"))
	for side := range t.endpoints {
		var parts []string
		for state, n := range t.endpoints[side] {
			if n > 0 {
				parts = append(parts, human.Count(uint64(n))+" "+fsm.State(state).String())
			}
		}
		if len(parts) > 0 {
			fmt.Fprintf(&out, "%s: %s\n", analyzer.Side(side), strings.Join(parts, ", "))
		}
	}
	return out.Flush()
}

// grid writes the rows. The widths are settled before the first line.
func (s *StatesAt) grid(out *output.Buffer) error {
	widths := make([]int, len(stateColumns))
	for i := range stateColumns {
		col := &stateColumns[i]
		widths[i] = len(col.head)
		filled := false
		for _, c := range s.Rows {
			n := len(col.text(s, c))
			widths[i], filled = max(widths[i], n), filled || n > 0
		}
		if !filled {
			widths[i] = 0 // no timer runs
		}
	}
	fitStates(widths, s.Width)
	cells := make([]string, len(widths))
	for i := range stateColumns {
		cells[i] = stateColumns[i].head
	}
	line(out, cells, widths)
	for _, c := range s.Rows {
		for i := range stateColumns {
			if cells[i] = stateColumns[i].text(s, c); len(cells[i]) > widths[i] && widths[i] > 0 {
				cells[i] = human.ShortAddr([...]netip.AddrPort{stateClient: c.Addr[analyzer.Client], stateServer: c.Addr[analyzer.Server]}[i], widths[i])
			}
		}
		line(out, cells, widths)
		if err := out.Spill(); err != nil {
			return err
		}
	}
	return nil
}

// line writes cells with two blanks between them. Columns of width 0 are left out.
func line(o *output.Buffer, cells []string, widths []int) {
	blanks := 0
	for i, cell := range cells {
		if widths[i] == 0 {
			continue
		}
		pad := widths[i] - len(cell)
		if stateColumns[i].number {
			blanks, pad = blanks+pad, 0
		}
		if cell != "" {
			o.B = append(append(o.B, strings.Repeat(" ", blanks)...), cell...)
			blanks = 0
		}
		blanks += pad + len(human.Gap)
	}
	o.B = append(o.B, '\n')
}

// fitStates makes a line fit: it takes columns out, by setting their width to 0, and cuts addresses.
func fitStates(widths []int, room int) {
	if room == 0 {
		room = math.MaxInt
	}
	room = max(room, human.MinWidth)
	over := func() int {
		total := -len(human.Gap)
		for _, w := range widths {
			if w > 0 {
				total += w + len(human.Gap)
			}
		}
		return total - room
	}
	cut := func(least int) {
		for over() > 0 {
			i := stateClient
			if widths[stateServer] > widths[stateClient] {
				i = stateServer
			}
			if widths[i] <= least {
				return
			}
			widths[i]--
		}
	}
	drop := func(worth int) {
		if over() <= 0 {
			return
		}
		for i := range stateColumns {
			if stateColumns[i].worth == worth {
				widths[i] = 0
			}
		}
	}
	drop(1)
	cut(human.ComfortableAddr)
	for worth := 2; worth <= 4; worth++ {
		drop(worth)
	}
	cut(human.MinAddrWidth)
}

// legend explains the marks that the rows have.
func (s *StatesAt) legend(out *output.Buffer) {
	var assumed, unsettled, unknown bool
	for _, c := range s.Rows {
		for side := range analyzer.Server + 1 {
			m := &c.Moment[side]
			_, known := c.bytes(side)
			assumed = assumed || m.Since != 0 && m.Evidence == analyzer.EvidenceAssumed
			unsettled = unsettled || m.Unsettled
			unknown = unknown || !known || m.Since == 0
		}
	}
	for _, l := range []struct {
		used bool
		text string
	}{
		{assumed, "? assumed: what moved it there passed the tap, and nothing shows that it arrived"},
		{unsettled, "~ the endpoint itself may have come there a little later, or have gone on already"},
		{unknown, "- not known: the capture does not show it"},
	} {
		if l.used {
			fmt.Fprintln(out, l.text)
		}
	}
}

// stamp is the time of a line.
func (s *StateSeries) stamp(at analyzer.Time) string {
	switch s.Times {
	case human.UTC, human.Local:
		return s.Times.In(at).Format("2006-01-02 15:04:05.000")
	case human.Delta:
		return human.Seconds(int64(min(at.Sub(s.Begin), s.Every)), 3)
	}
	return s.Times.Moment(at, s.Begin, 3, false)
}

// WriteSeriesTable shows a series to people. Only states that occur have a column; a cell is the client's count
// and the server's.
func WriteSeriesTable(w io.Writer, s *StateSeries) error {
	out := output.NewBuffer(console.Styled(w))
	if s.Empty {
		fmt.Fprintln(&out, "The capture holds no packets.")
		return out.Flush()
	}
	var occur [fsm.NumStates]bool
	most := tally{}
	if err := s.each(func(_ analyzer.Time, t *tally) error {
		most.connections = max(most.connections, t.connections)
		for side := range t.endpoints {
			for state, n := range t.endpoints[side] {
				occur[state] = occur[state] || n > 0
				most.endpoints[side][state] = max(most.endpoints[side][state], n)
			}
		}
		return nil
	}); err != nil {
		return err
	}
	cell := func(t *tally, state fsm.State) string {
		var parts []string
		for side := range t.endpoints {
			if s.Filter.looksAt(analyzer.Side(side)) {
				parts = append(parts, strconv.Itoa(int(t.endpoints[side][state])))
			}
		}
		return strings.Join(parts, "/")
	}
	fmt.Fprintf(&out, "%-23s  %12s  %11s", "time ("+s.Times.Unit(s.Begin)+")", "s", "connections")
	for state := range fsm.NumStates {
		if occur[state] {
			fmt.Fprintf(&out, "  %*s", max(len(state.String()), len(cell(&most, state))), state)
		}
	}
	out.B = append(out.B, '\n')
	if err := s.each(func(at analyzer.Time, t *tally) error {
		fmt.Fprintf(&out, "%-23s  %12s  %11d", s.stamp(at), output.AppendSeconds(nil, int64(at.Sub(s.Begin))), t.connections)
		for state := range fsm.NumStates {
			if occur[state] {
				fmt.Fprintf(&out, "  %*s", max(len(state.String()), len(cell(&most, state))), cell(t, state))
			}
		}
		out.B = append(out.B, '\n')
		return out.Spill()
	}); err != nil {
		return err
	}
	if !s.Filter.one {
		fmt.Fprintln(&out, "of the states: client/server")
	}
	return out.Flush()
}
