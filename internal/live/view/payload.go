package view

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"tcptrace/analyzer"
	"tcptrace/report"
)

// mostHeard bounds the bytes that are kept of what both sides of a conversation send, with heardCost for each piece.
const (
	mostHeard = 256 << 10
	heardCost = 128
)

// listener hears what the sides of one conversation send from now on. It belongs to the loop's goroutine.
type listener struct {
	first, stream uint64
	follower      *analyzer.Follower
	pieces        []analyzer.Piece // with bytes of their own, which nobody changes
	size          int              // of pieces, as mostHeard counts
	begun         bool             // some went, for want of room
	gone          uint64           // bytes that went
}

// listen begins to hear the conversation that began with a frame, unless it does. It stops hearing another.
func (s *sampler) listen(first uint64) {
	if s.ear != nil && s.ear.first == first {
		return
	}
	s.gone, s.ear = s.forgotten(), nil
	s.loop.Monitor().Find(first, func(seen *analyzer.Seen) {
		l := &listener{first: first, stream: seen.Conversation.Stream}
		l.follower = analyzer.NewFollower(seen.Conversation, l.hear)
		l.follower.Join()
		s.ear = l
	})
}

// forgotten is how many bytes listeners heard and did not keep.
func (s *sampler) forgotten() uint64 {
	if s.ear == nil {
		return s.gone
	}
	return s.gone + s.ear.gone
}

// packet has the listener hear a packet.
func (s *sampler) packet(p *analyzer.Numbered) {
	if s.ear != nil && p.TCP && p.Stream == s.ear.stream {
		_ = s.ear.follower.Segment(p.Segment, p.Payload()) // hear never fails
	}
}

// hear keeps a piece, and lets the oldest go where there is no room.
func (l *listener) hear(p *analyzer.Piece) error {
	if p.Kind == analyzer.PieceConflict {
		return nil
	}
	kept := *p
	kept.Bytes = bytes.Clone(p.Bytes)
	l.pieces = append(l.pieces, kept)
	l.size += len(kept.Bytes) + heardCost
	n := 0
	for ; l.size > mostHeard; n++ {
		l.size -= len(l.pieces[n].Bytes) + heardCost
		l.gone += uint64(len(l.pieces[n].Bytes))
		l.begun = true
	}
	l.pieces = slices.Delete(l.pieces, 0, n)
	return nil
}

// copyPayload copies what was heard of a conversation.
func (s *sampler) copyPayload(first uint64, shot *snapshot, running bool) {
	if running {
		s.listen(first)
	}
	shot.heard, shot.cutOff = shot.heard[:0], false
	if s.ear != nil && s.ear.first == first {
		shot.heard, shot.cutOff = append(shot.heard, s.ear.pieces...), s.ear.begun
	}
}

// payload is the screen of what the sides of one conversation send.
type payload struct {
	pager
	first uint64 // frame, which names the conversation
	stale bool
	hex   bool
	back  screen // where it was opened
}

// openPayload follows what the sides of the conversation at hand send from now on.
func (m *model) openPayload() tea.Cmd {
	first := m.ladder.first
	if m.screen == screenTable {
		if len(m.rows) == 0 {
			return nil
		}
		m.move(0)
		first = m.rows[m.cursor].c.FirstFrame
	}
	m.payload = payload{first: first, hex: m.payload.hex, back: m.screen}
	m.screen, m.paused = screenPayload, false
	return m.sample()
}

// closePayload goes back to where it was opened.
func (m *model) closePayload() tea.Cmd {
	m.screen, m.paused = m.payload.back, false
	return m.sample()
}

func (l *payload) nextForm() { l.hex, l.stale = !l.hex, true }

// draw writes what was heard.
func (l *payload) draw(shot *snapshot, width int) {
	l.stale = false
	var text bytes.Buffer
	form := "text"
	if l.hex {
		form = "hex"
	}
	as, _ := report.Transcripts.Find(form)
	c := &shot.ladder.c
	out := as(&text, report.TranscriptOptions{Headings: true, Addr: c.Addr, Start: c.Start})
	for i := range shot.heard {
		_ = out.Piece(&shot.heard[i]) // a buffer takes everything
	}
	_ = out.Finish()
	l.lines = l.lines[:0]
	if text.Len() > 0 {
		l.lines = strings.Split(ansi.Hardwrap(strings.TrimRight(text.String(), "\n"), max(1, width), true), "\n")
	}
}

func (m *model) payloadLines() []string {
	l, p, shot := &m.payload, &m.paint, m.conversation
	if l.stale {
		l.draw(shot, p.width)
	}
	lines := []string{m.title(m.opts.Title), m.payloadStatus()}
	for _, line := range l.window(m.ladderHeight()) {
		style := ordinary
		if strings.HasPrefix(line, "client ") || strings.HasPrefix(line, "server ") {
			style = strong
		}
		lines = append(lines, p.line(style, line))
	}
	return append(lines, p.bar(faint, "esc back  ? help  x text or hex  p pause", m.follows(&l.pager)))
}

// payloadStatus says whose bytes they are, and what is missing.
func (m *model) payloadStatus() string {
	l, p, shot := &m.payload, &m.paint, m.conversation
	if !shot.found || shot.ladder.c.FirstFrame != l.first {
		return p.line(faint, "...")
	}
	c := &shot.ladder.c
	text := fmt.Sprintf("#%d %s > %s", c.Stream, report.HostDetail(c, analyzer.Client), report.HostDetail(c, analyzer.Server))
	switch {
	case len(shot.heard) == 0 && shot.ladder.over != analyzer.NotOver:
		return p.line(warning, text+": it is over, nothing more is sent")
	case len(shot.heard) == 0:
		return p.line(strong, text+": what is sent from now on")
	case shot.cutOff:
		return p.line(warning, text+": the latest")
	}
	return p.line(strong, text)
}
