package analyzer

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// seqSpaces is the sequence spaces of a conversation's two directions, for a second pass.
type seqSpaces struct {
	clientDir uint8
	self      bool              // one socket is both endpoints
	scales    [2]windowScale    // by direction
	isn       [2]reassembly.Pos // by direction; where it was not captured, what precedes the first byte seen
	reached   [2]reassembly.Pos // by direction: a recent position, to unwrap numbers by
	unplaced  [2]bool           // by direction: isn is not known yet, since nothing but an RST was sent
}

// windowScale is what a direction's SYN said of its window.
type windowScale struct {
	known, offered bool
	shift          uint8
}

func newSeqSpaces(c *Conversation) seqSpaces {
	p := seqSpaces{clientDir: c.ClientDir, self: c.Self()}
	for dir := range c.Sides {
		p.isn[dir] = reassembly.Start(reassembly.Seq(c.Sides[dir].ISN))
		p.reached[dir] = p.isn[dir]
		p.unplaced[dir] = c.Sides[dir].Unplaced
	}
	return p
}

func (p *seqSpaces) side(dir uint8) Side { return Side(dir ^ p.clientDir) }

// position is the place of a number in dir's sequence space.
func (p *seqSpaces) position(dir uint8, number uint32) reassembly.Pos {
	if p.unplaced[dir] {
		p.unplaced[dir] = false
		p.isn[dir] = reassembly.Start(reassembly.Seq(number)) - 1
		p.reached[dir] = p.isn[dir]
	}
	pos := reassembly.Unwrap(p.reached[dir], reassembly.Seq(number))
	if ahead := pos - p.reached[dir]; ahead > 0 && ahead < conn.Farthest {
		p.reached[dir] = pos
	}
	return pos
}

// relative is a number of dir's sequence space as counted from its ISN.
func (p *seqSpaces) relative(dir uint8, number uint32) int64 {
	pos := p.position(dir, number) // may find the ISN
	return int64(pos - p.isn[dir])
}

// window is the window of s in bytes. The one in a SYN is never scaled (RFC 7323 2.2).
func (p *seqSpaces) window(s *wire.Segment) (window uint64, unscaled bool) {
	tx, rx := &p.scales[s.Dir], &p.scales[1-s.Dir]
	if p.self {
		rx = tx
	}
	window = uint64(s.Window)
	switch {
	case s.Flags.Has(wire.SYN):
		if s.Seq == uint32(p.isn[s.Dir]) { // another's ISN is not this connection's
			*tx = windowScale{known: true, offered: s.Bits&wire.HasWScale != 0, shift: min(s.WScale, 14)}
		}
		return window, false
	case window == 0, tx.known && !tx.offered, rx.known && !rx.offered:
		return window, false
	case tx.known && rx.known:
		return window << tx.shift, false
	}
	return window, true
}
