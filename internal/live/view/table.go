package view

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"tcptrace/analyzer"
	"tcptrace/report"
)

// heights are how many lines the parts of the table's screen have.
type heights struct{ rows, news, foot int }

const (
	leastForNews = 12 // lines of a screen that has room for anomalies
	newsPart     = 4  // into which the screen is divided, one for them
	mostNewsSeen = 8
	mostWrong    = 6 // lines that say what is wrong with a condition
)

// tableHeights divides the screen: a title, a head and rows, anomalies under a head, and a foot.
func (m *model) tableHeights() heights {
	h := heights{foot: len(m.foot())}
	if m.height >= leastForNews {
		h.news = min(mostNewsSeen, m.height/newsPart-1)
	}
	h.rows = max(0, m.height-2-h.foot)
	if h.news > 0 {
		h.rows -= h.news + 1
	}
	h.rows = max(0, h.rows)
	return h
}

// View implements tea.Model.
func (m *model) View() tea.View {
	var lines []string
	v := tea.View{AltScreen: true, MouseMode: tea.MouseModeCellMotion}
	if m.noMice {
		v.MouseMode = tea.MouseModeNone
	}
	switch {
	case m.paint.width == 0 || m.height == 0: // nothing is known yet, or nothing can be seen
	case m.help:
		lines = m.helpLines()
	case m.screen == screenLadder:
		lines = m.ladderLines()
	case m.screen == screenPayload:
		lines = m.payloadLines()
	case m.screen == screenNews:
		lines = m.newsScreen()
	default:
		lines = m.tableLines()
		if m.asking && m.height > 0 {
			v.Cursor = tea.NewCursor(min(m.cursorColumn(), m.paint.width-1), min(len(lines), m.height)-1)
		}
	}
	if m.said != "" && !m.help && !m.asking && len(lines) > 0 {
		lines[len(lines)-1] = m.paint.line(warning, m.said)
	}
	if len(lines) > m.height {
		lines = lines[:m.height]
	}
	v.SetContent(strings.Join(lines, "\n"))
	return v
}

// title is the first line of every screen.
func (m *model) title(what string) string {
	state := "live"
	switch {
	case m.status.over:
		state = "over"
	case m.paused:
		state = "paused"
	}
	if now := m.status.now; now > 0 {
		state += "  " + m.opts.Times.Full(now, m.status.sum.Start, 0)
	}
	state = m.bars(m.paint.width-ansi.StringWidth(plain("tcptrace  "+what+" "+state))) + state
	return m.paint.bar(strong, "tcptrace  "+what, state)
}

// fewestBars say something.
const fewestBars = 2

// bars are those of the last minute, or of less where there is less room: of packets, and of those that were sent again, if any were.
func (m *model) bars(room int) string {
	if len(m.rates) < fewestBars {
		return ""
	}
	const packets, resent, gap = "packets ", "resent ", "  "
	if slices.Max(m.losses) > 0 {
		if n := (room - len(packets+gap+resent+gap)) / 2; n >= fewestBars {
			return packets + m.rates.last(n) + gap + resent + m.losses.last(n) + gap
		}
	}
	if n := room - len(packets+gap); n >= fewestBars {
		return packets + m.rates.last(n) + gap
	}
	return ""
}

func (m *model) tableLines() []string {
	h, p := m.tableHeights(), &m.paint
	lines := []string{m.title(m.opts.Title), m.tableHead()}
	for i := range h.rows {
		switch at := m.top + i; {
		case at < len(m.rows):
			lines = append(lines, m.rowLine(m.rows[at], at == m.cursor))
		case i == 0:
			lines = append(lines, p.line(faint, "  "+m.nothing()))
		default:
			lines = append(lines, "")
		}
	}
	if h.news > 0 {
		lines = append(lines, m.newsLines(h.news)...)
	}
	return append(lines, m.foot()...)
}

// nothing says why there are no rows.
func (m *model) nothing() string {
	if m.filter.text != "" && m.table.looked > 0 && !(m.hiding && len(m.table.rows) > 0) {
		return fmt.Sprintf("none of %s meets the condition", report.Counted(uint64(m.table.looked), "conversation"))
	}
	if n := len(m.table.rows); n > 0 && m.hiding {
		return fmt.Sprintf("%s over, and hidden: o shows them", report.Counted(uint64(n), "conversation"))
	}
	if m.status.over {
		return "there was no TCP"
	}
	return "no TCP so far"
}

// tableHead heads the columns; the one that is sorted by is marked.
func (m *model) tableHead() string {
	return m.paint.line(strong, "  "+m.layout.cells(func(i, width int) string {
		col := m.layout.cols[i]
		head := columns[col].head
		if col != m.sort {
			return head
		}
		mark := "▲"
		if columns[col].down != m.reversed {
			mark = "▼"
		}
		return cut(head, width-1) + mark
	}))
}

func (m *model) rowLine(r *row, isChosen bool) string {
	p, l := &m.paint, &m.layout
	cell := func(i, width int) string {
		switch col := l.cols[i]; col {
		case colClient, colServer:
			return report.ShortHost(&r.c, analyzer.Side(col-colClient), width)
		default:
			return columns[col].text(r)
		}
	}
	if isChosen {
		return p.line(chosen, ">"+r.sign()+l.cells(cell))
	}
	var b strings.Builder
	b.WriteString(" " + p.paint(r.severity(), r.sign()))
	for i, col := range l.cols {
		text := fill(plain(cell(i, l.widths[i])), l.widths[i])
		if columns[col].number {
			text = fillLeft(plain(cell(i, l.widths[i])), l.widths[i])
		}
		look := ordinary
		if columns[col].style != nil {
			look = columns[col].style(r)
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(p.paint(look, text))
	}
	return ansi.Truncate(b.String(), p.width, "")
}

// newsLines are what was found, the worst first, in at most half of the lines, and the newest anomalies, the newest last.
func (m *model) newsLines(n int) []string {
	p, all := &m.paint, n
	lines := []string{p.line(strong, m.newsHead())}
	if wrong := m.table.wrong[:min(len(m.table.wrong), n/2)]; len(wrong) > 0 {
		lines[0] = p.line(strong, "Findings · "+m.newsHead())
		for _, text := range wrong {
			lines = append(lines, p.line(ordinary, plain(text)))
		}
		n -= len(wrong)
	}
	news := m.table.news[max(0, len(m.table.news)-n):]
	for i := range news {
		lines = append(lines, m.newsLine(&news[i], false))
	}
	for len(lines) < all+1 {
		lines = append(lines, "")
	}
	return lines
}

// foot is what stands at the bottom: the status, and keys or the condition that is typed, under what is wrong with it.
func (m *model) foot() []string {
	p := &m.paint
	status := p.line(faint, m.statusText())
	if !m.asking {
		return []string{status, m.hint()}
	}
	var lines []string
	for _, part := range strings.Split(m.wrong, "\n") {
		if part = strings.TrimRight(part, " "); part == "" {
			continue
		}
		wrapped := []string{part} // of where in the expression it is
		if !strings.HasPrefix(part, " |") {
			wrapped = report.Wrap(plain(part), max(1, p.width))
		}
		for _, s := range wrapped {
			lines = append(lines, p.line(failure, s))
		}
	}
	lines = append(lines[:min(len(lines), mostWrong)], status)
	return append(lines, p.line(ordinary, promptLead+m.promptText()))
}

const promptLead = "where: "

// promptText is the part of the condition around the cursor that fits.
func (m *model) promptText() string {
	room := max(1, m.paint.width-len(promptLead)-1)
	return string(m.prompt.text[max(0, m.prompt.at-room):])
}

func (m *model) cursorColumn() int {
	shown := m.prompt.text[max(0, m.prompt.at-max(1, m.paint.width-len(promptLead)-1)):m.prompt.at]
	return len(promptLead) + ansi.StringWidth(string(shown))
}

// hint says what is shown, and which keys there are.
func (m *model) hint() string {
	var parts []string
	if m.filter.text != "" {
		parts = append(parts, "where "+m.filter.text)
		if m.table.whereErr != nil {
			parts = append(parts, m.table.whereErr.Error())
		}
	}
	if looked := m.table.looked; !m.status.over && looked >= mostRows && m.status.followed > looked {
		parts = append(parts, fmt.Sprintf("of the first %s by %s", report.HumanCount(uint64(looked)), columns[m.sort].ranking))
	}
	keys := "q quit  ? help  / filter  enter ladder  < > sort  r reverse  p pause"
	if m.layout.pages > 1 {
		keys = "q quit  ? help  / filter  enter ladder  < > sort  tab columns  p pause"
	}
	if m.status.over {
		parts = append(parts, "the capture is over")
		if n := m.status.sum.Conversations; n > mostFinished {
			parts = append(parts, fmt.Sprintf("the last %s of %s", report.HumanCount(mostFinished), report.Counted(n, "conversation")))
		}
	}
	if len(parts) == 0 {
		return m.paint.line(faint, fitting(keys, m.paint.width))
	}
	least := "q quit  ? help"
	if m.filter.text != "" {
		keys, least = "esc all  "+keys, "esc all  "+least
	}
	text := ansi.Truncate(plain(strings.Join(parts, " · ")), max(m.paint.width/2, m.paint.width-len(least)-len("  ")), "…")
	return m.paint.bar(faint, text, fitting(keys, m.paint.width-ansi.StringWidth(text)-len("  ")))
}

// fitting is as many of keys, which two blanks divide, as room has columns for.
func fitting(keys string, room int) string {
	list := strings.Split(keys, "  ")
	n := 0
	for n < len(list) && ansi.StringWidth(strings.Join(list[:n+1], "  ")) <= room {
		n++
	}
	return strings.Join(list[:n], "  ")
}

// statusText is what is known of the capture.
func (m *model) statusText() string {
	s := &m.status
	parts := []string{
		report.HumanCount(uint64(m.rate)) + " packets/s",
		fmt.Sprintf("%s open of %s", report.HumanCount(uint64(s.open)), report.HumanCount(s.sum.Conversations+uint64(s.followed))),
	}
	if s.silent > 0 {
		parts = append(parts, report.HumanCount(uint64(s.silent))+" silent")
	}
	switch {
	case s.counted:
		parts = append(parts, "dropped "+report.HumanCount(s.dropped))
	case s.sum.DropsKnown:
		parts = append(parts, "dropped "+report.HumanCount(s.sum.Drops))
	}
	parts = append(parts, "evicted "+report.HumanCount(s.sum.Evicted), report.HumanBytes(s.memory))
	text := strings.Join(parts, " · ")
	received := ""
	if s.counted {
		received = report.HumanCount(s.received) + " received"
	}
	for _, more := range []string{m.troubled(), report.HumanCount(s.sum.Packets) + " packets, " + report.HumanBytes(s.sum.Bytes), received} {
		if with := text + " · " + more; more != "" && ansi.StringWidth(with) <= m.paint.width {
			text = with
		}
	}
	return text
}

// troubled counts the conversations that are shown and have something wrong.
func (m *model) troubled() string {
	var n [3]int
	for _, r := range m.rows {
		if r.worst != nil {
			n[min(int(r.worst.Severity), len(n)-1)]++
		}
	}
	if n[analyzer.SeverityError]+n[analyzer.SeverityWarning] == 0 {
		return ""
	}
	return fmt.Sprintf("errors in %d, warnings in %d of %d shown", n[analyzer.SeverityError], n[analyzer.SeverityWarning], len(m.rows))
}
