package view

import "strings"

const helpKeyWidth = 16

// helpLines explain the keys and the marks. Any key ends them.
func (m *model) helpLines() []string {
	p := &m.paint
	lines := []string{m.title("help")}
	section := func(head string, list []binding) {
		lines = append(lines, p.line(strong, head))
		for i := range list {
			lines = append(lines, p.line(ordinary, "  "+fill(strings.Join(list[i].keys, " "), helpKeyWidth)+list[i].help))
		}
	}
	if m.screen == screenLadder {
		section("The ladder", ladderKeys)
	} else {
		section("The table", tableKeys)
	}
	section("Everywhere", everywhere)
	return append(lines,
		p.line(strong, "Marks"),
		p.line(ordinary, "  Behind a state: ✓ the endpoint's own segments prove it, ? assumed, ◷ by time."),
		p.line(ordinary, "  Before a conversation: X an error, ! a warning. Rates are of payload."),
	)
}
