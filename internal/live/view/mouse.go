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
	default:
		m.move(by)
	}
}

// click selects a row of the table, opens the selected one, or sorts by the column whose head it is on.
func (m *model) click(msg tea.MouseClickMsg) tea.Cmd {
	if msg.Button != tea.MouseLeft || m.help || m.asking || m.screen != screenTable {
		return nil
	}
	if msg.Y == aboveTable-1 {
		return m.sortAt(msg.X)
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
