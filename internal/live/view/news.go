package view

import (
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"tcptrace/report"
)

// newsList is the screen of the newest anomalies, the newest last.
type newsList struct {
	at    int    // the selected one
	left  bool   // what comes is not followed: somebody went up
	first uint64 // first frame of the selected one's conversation, and the frame
	frame uint64 // of its anomaly: while it is left it stays selected
	list  []told // what the newest snapshot has
}

// openNews turns to the list.
func (m *model) openNews() {
	m.screen = screenNews
	m.news.left = false
	m.news.take(m.table.news)
}

// take goes on with a newer list. What was selected stays so, unless the newest is followed.
func (n *newsList) take(list []told) {
	n.list = list
	if !n.left {
		n.at = len(list) - 1
	} else if i := slices.IndexFunc(list, func(t told) bool { return t.first == n.first && t.anomaly.Frame == n.frame }); i >= 0 {
		n.at = i
	}
	n.move(0)
}

// move selects another one. The last one is followed by those that come.
func (n *newsList) move(by int) {
	n.at = max(0, min(n.at+by, len(n.list)-1))
	if n.left = n.at < len(n.list)-1; n.left {
		n.first, n.frame = n.list[n.at].first, n.list[n.at].anomaly.Frame
	}
}

// openTold shows the ladder of the selected one's conversation.
func (m *model) openTold() tea.Cmd {
	if len(m.news.list) == 0 {
		return nil
	}
	m.screen, m.paused = screenLadder, false
	m.ladder.open(m.news.list[m.news.at].first)
	return m.sample()
}

// newsHeight is how many of them are visible: all lines but the title, the head and the foot.
func (m *model) newsHeight() int { return max(1, m.height-3) }

// newsTop is the first that is visible.
func (m *model) newsTop() int {
	return max(0, min(m.news.at-m.newsHeight()/2, len(m.news.list)-m.newsHeight()))
}

func (m *model) newsScreen() []string {
	n, p, height := &m.news, &m.paint, m.newsHeight()
	head := "  " + m.newsHead()
	if len(n.list) > 0 {
		head += fmt.Sprintf(": the last %s", report.HumanCount(uint64(len(n.list))))
	}
	lines := []string{m.title(m.opts.Title), p.line(strong, head)}
	top := m.newsTop()
	for i := range height {
		switch at := top + i; {
		case at < len(n.list):
			lines = append(lines, m.newsLine(&n.list[at], at == n.at))
		case at == 0:
			lines = append(lines, p.line(faint, "  none so far"))
		default:
			lines = append(lines, "")
		}
	}
	follows := "following"
	switch {
	case m.status.over:
		follows = "the capture is over"
	case n.left:
		follows = "end follows what comes"
	}
	return append(lines, p.bar(faint, "esc back  ? help  enter ladder  p pause", follows))
}

// newsHead heads anomalies. They are those of all conversations, also while the table shows only some.
func (m *model) newsHead() string {
	if m.filter.text != "" {
		return "Newest anomalies of all conversations"
	}
	return "Newest anomalies"
}

// newsLine is one anomaly.
func (m *model) newsLine(t *told, isChosen bool) string {
	a, p := &t.anomaly, &m.paint
	stamp := fmt.Sprintf("%s #%d ", m.opts.Times.Moment(a.Time, m.table.sum.Start, 3, false), t.stream)
	what := fill(a.Kind.Severity.String(), len("warning")) + " " + a.Kind.ID
	rest := ": " + report.DetailAcross(t.dropped, a)
	if isChosen {
		return p.line(chosen, ansi.Truncate(plain(stamp+what+rest), p.width, "…"))
	}
	room := max(0, p.width-ansi.StringWidth(stamp)-ansi.StringWidth(what))
	return ansi.Truncate(stamp+p.paint(severityStyles[a.Kind.Severity], what)+p.paint(ordinary, ansi.Truncate(plain(rest), room, "…")), p.width, "")
}
