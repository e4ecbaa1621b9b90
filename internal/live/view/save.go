package view

import (
	tea "charm.land/bubbletea/v2"
)

// saved says what became of the wish to save a conversation.
type saved string

const (
	noSaving  = "nothing is saved: live -w FILE --keep-on selected writes what is selected by w"
	saveEnded = "the capture is over"
)

// save asks for the packets of the selected conversation to be written, from those that are kept on.
func (m *model) save() tea.Cmd {
	first := m.ladder.first
	if m.screen == screenTable {
		if len(m.rows) == 0 {
			return nil
		}
		first = m.rows[m.cursor].c.FirstFrame
	}
	if isSilent(first) {
		m.said = noPackets
		return nil
	}
	if m.opts.Save == nil {
		m.said = noSaving
		return nil
	}
	loop, wanted := m.opts.Loop, m.opts.Save
	return func() tea.Msg {
		text := saveEnded
		loop.Do(func() { text = wanted(first) })
		return saved(text)
	}
}
