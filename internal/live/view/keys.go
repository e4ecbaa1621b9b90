package view

import (
	"slices"

	tea "charm.land/bubbletea/v2"
)

// binding is what keys do.
type binding struct {
	keys []string // as bubbletea names them
	help string   // "": an alternative that is told elsewhere
	act  func(m *model) tea.Cmd
}

// still wraps what asks for nothing.
func still(f func(m *model)) func(m *model) tea.Cmd {
	return func(m *model) tea.Cmd { f(m); return nil }
}

// everywhere are the keys of all screens, tableKeys and ladderKeys those of one.
var (
	everywhere = []binding{
		{[]string{"q"}, "quit; ctrl+c quits with exit status 130", func(*model) tea.Cmd { return tea.Quit }},
		{[]string{"?", "h", "f1"}, "this help", still(func(m *model) { m.help = true })},
		{[]string{"p", "space"}, "pause what is shown, and resume it; the capture goes on", (*model).pause},
		{[]string{"m"}, "leave the mouse to the terminal, to select text, or take it", still(func(m *model) { m.noMice = !m.noMice })},
		{[]string{"ctrl+l"}, "paint the screen anew", func(*model) tea.Cmd { return tea.ClearScreen }},
		{[]string{"ctrl+z"}, "suspend the program; fg resumes it", func(*model) tea.Cmd { return tea.Suspend }},
	}
	tableKeys = []binding{
		{[]string{"down", "j"}, "the next conversation", still(func(m *model) { m.move(1) })},
		{[]string{"up", "k"}, "the one before", still(func(m *model) { m.move(-1) })},
		{[]string{"pgdown", "ctrl+f"}, "a page down", still(func(m *model) { m.move(m.tableHeights().rows) })},
		{[]string{"pgup", "ctrl+b"}, "a page up", still(func(m *model) { m.move(-m.tableHeights().rows) })},
		{[]string{"home", "g"}, "the first; end or G: the last", still(func(m *model) { m.move(-len(m.rows)) })},
		{[]string{"end", "G"}, "", still(func(m *model) { m.move(len(m.rows)) })},
		{[]string{"enter"}, "the ladder of the selected conversation", (*model).open},
		{[]string{">", "right", "s"}, "sort by the next column; < left S: by the one before", func(m *model) tea.Cmd { return m.sortBy(1) }},
		{[]string{"<", "left", "S"}, "", func(m *model) tea.Cmd { return m.sortBy(-1) }},
		{[]string{"r"}, "reverse the order", still(func(m *model) { m.reversed = !m.reversed; m.arrange() })},
		{[]string{"tab", "c"}, "other columns, if there are more than fit", still(func(m *model) { m.page++; m.arrange() })},
		{[]string{"o"}, "hide conversations that are over, or show them", still(func(m *model) { m.hiding = !m.hiding; m.arrange() })},
		{[]string{"a"}, "the newest anomalies, to scroll", still((*model).openNews)},
		{[]string{"f", "d"}, "follow what both sides of the selected conversation send", (*model).openPayload},
		{[]string{"w"}, "save the packets of the selected conversation", (*model).save},
		{[]string{"/"}, "show only what meets a condition (packets > 9); esc: all", still((*model).ask)},
		{[]string{"esc"}, "", (*model).showAll},
	}
	ladderKeys = slices.Concat([]binding{{[]string{"esc", "backspace"}, "back to the table", (*model).close}}, pagerKeys(func(m *model) *pager { return &m.ladder.pager }), []binding{
		{[]string{"t"}, "times: relative, of day (UTC, local), delta, epoch", still(func(m *model) { m.ladder.nextTime() })},
		{[]string{"f", "d"}, "follow what both sides send", (*model).openPayload},
		{[]string{"w"}, "save the packets of the conversation", (*model).save},
		{[]string{"z"}, "fold runs of ordinary packets, or not", still(func(m *model) { m.ladder.fold() })},
	})
)

// newsKeys are those of the list of anomalies.
var newsKeys = []binding{
	{[]string{"esc", "backspace", "a"}, "back to the table", (*model).close},
	{[]string{"down", "j"}, "the next anomaly", still(func(m *model) { m.news.move(1) })},
	{[]string{"up", "k"}, "the one before", still(func(m *model) { m.news.move(-1) })},
	{[]string{"pgdown", "ctrl+f"}, "a page down", still(func(m *model) { m.news.move(m.newsHeight()) })},
	{[]string{"pgup", "ctrl+b"}, "a page up", still(func(m *model) { m.news.move(-m.newsHeight()) })},
	{[]string{"home", "g"}, "the oldest that is kept", still(func(m *model) { m.news.move(-mostNews) })},
	{[]string{"end", "G"}, "the newest, and those that come", still(func(m *model) { m.news.move(mostNews) })},
	{[]string{"enter"}, "the ladder of its conversation", (*model).openTold},
}

// payloadKeys are those of what both sides send.
var payloadKeys = slices.Concat([]binding{{[]string{"esc", "backspace"}, "back", (*model).closePayload}}, pagerKeys(func(m *model) *pager { return &m.payload.pager }), []binding{
	{[]string{"x"}, "text, or a hex dump", still(func(m *model) { m.payload.nextForm() })},
})

// pagerKeys are those that go through the lines of a pager.
func pagerKeys(of func(m *model) *pager) []binding {
	scroll := func(by func(m *model) int) func(m *model) tea.Cmd {
		return still(func(m *model) { of(m).scroll(by(m), m.ladderHeight()) })
	}
	return []binding{
		{[]string{"down", "j", "enter"}, "a line down", scroll(func(*model) int { return 1 })},
		{[]string{"up", "k"}, "a line up", scroll(func(*model) int { return -1 })},
		{[]string{"pgdown", "ctrl+f"}, "a page down", scroll((*model).ladderHeight)},
		{[]string{"pgup", "ctrl+b"}, "a page up", scroll(func(m *model) int { return -m.ladderHeight() })},
		{[]string{"home", "g"}, "the beginning", scroll(func(m *model) int { return -len(of(m).lines) })},
		{[]string{"end", "G"}, "the end, and follow what comes", scroll(func(m *model) int { return len(of(m).lines) })},
	}
}

// keysOf are the keys of each screen, under its name.
var keysOf = [...]struct {
	name string
	keys *[]binding
}{screenTable: {"The table", &tableKeys}, screenLadder: {"The ladder", &ladderKeys}, screenNews: {"The newest anomalies", &newsKeys}, screenPayload: {"Payload", &payloadKeys}}

// key does what a key is for.
func (m *model) key(msg tea.KeyPressMsg) tea.Cmd {
	name := msg.String()
	switch {
	case name == "ctrl+c":
		m.interrupted = true
		return tea.Quit
	case m.help: // any key ends it
		m.help = false
		return nil
	case m.asking:
		return m.typed(name, msg.Text)
	}
	for _, list := range [][]binding{*keysOf[m.screen].keys, everywhere} {
		for i := range list {
			for _, k := range list[i].keys {
				if k == name {
					return list[i].act(m)
				}
			}
		}
	}
	return nil
}

// typed takes a key while a condition is typed.
func (m *model) typed(name, text string) tea.Cmd {
	switch name {
	case "enter":
		return m.answer()
	case "esc":
		m.asking, m.wrong = false, ""
		return nil
	}
	if edit := promptKeys[name]; edit != nil {
		edit(&m.prompt)
	} else {
		m.prompt.insert(text)
	}
	m.wrong = ""
	return nil
}
