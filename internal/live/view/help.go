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
			if list[i].help == "" {
				continue
			}
			lines = append(lines, p.line(ordinary, "  "+fill(strings.Join(list[i].keys, " "), helpKeyWidth)+list[i].help))
		}
	}
	section(keysOf[m.screen].name, *keysOf[m.screen].keys)
	section("Everywhere", everywhere)
	return append(lines,
		p.line(ordinary, "✓ proved, ● said by its kernel, ? assumed, ◷ by time; X an error, ! a warning"),
	)
}
