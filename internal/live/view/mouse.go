package view

import tea "charm.land/bubbletea/v2"

const (
	wheelStep  = 3 // lines
	aboveTable = 2 // lines: the title and the head
)

// wheel scrolls what is shown.
func (m *model) wheel(msg tea.MouseWheelMsg) {
	by := wheelStep
	switch msg.Button {
	case tea.MouseWheelUp:
		by = -by
	case tea.MouseWheelDown:
	default:
		return
	}
	switch {
	case m.help || m.asking:
	case m.screen == screenLadder:
		m.ladder.scroll(by, m.ladderHeight())
	case m.screen == screenPayload:
		m.payload.scroll(by, m.ladderHeight())
	case m.screen == screenNews:
		m.news.move(by)
	case m.isNews(msg.Y):
		m.openNews()
		m.news.move(by)
	default:
		m.move(by)
	}
}

// isNews reports whether a line of the table's screen is of the newest anomalies, or their head.
func (m *model) isNews(y int) bool {
	h := m.tableHeights()
	return h.news > 0 && y >= aboveTable+h.rows && y <= aboveTable+h.rows+h.news
}

// click selects a row of the table, opens the selected one, or sorts by the column whose head it is on. The newest anomalies are opened to scroll, and
// selected and opened there as rows are.
func (m *model) click(msg tea.MouseClickMsg) tea.Cmd {
	switch {
	case msg.Button != tea.MouseLeft || m.help || m.asking:
		return nil
	case m.screen == screenNews:
		return m.clickNews(m.newsTop() + msg.Y - aboveTable)
	case m.screen != screenTable:
		return nil
	case msg.Y == aboveTable-1:
		return m.sortAt(msg.X)
	case m.isNews(msg.Y):
		m.openNews()
		return nil
	}
	row := msg.Y - aboveTable
	if row < 0 || row >= m.tableHeights().rows || m.top+row >= len(m.rows) {
		return nil
	}
	if m.top+row == m.cursor {
		return m.open()
	}
	m.move(m.top + row - m.cursor)
	return nil
}

// clickNews selects an anomaly of the list, or opens the selected one.
func (m *model) clickNews(at int) tea.Cmd {
	switch {
	case at < m.newsTop() || at >= min(m.newsTop()+m.newsHeight(), len(m.news.list)):
		return nil
	case at == m.news.at:
		return m.openTold()
	}
	m.news.move(at - m.news.at)
	return nil
}

// sortAt sorts by the column at x, or the other way if it is sorted by that.
func (m *model) sortAt(x int) tea.Cmd {
	from := marginWidth
	for i, width := range m.layout.widths {
		if to := from + width; x >= from && x < to {
			if col := m.layout.cols[i]; col != m.sort {
				return m.sortBy(col - m.sort)
			}
			m.reversed = !m.reversed
			m.arrange()
			return nil
		}
		from += width + 1
	}
	return nil
}
