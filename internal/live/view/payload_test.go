package view

import (
	"bytes"
	"strings"
	"testing"

	"tcptrace/analyzer"
)

// TestPayload follows what both sides send, from a key on, as text and as a hex dump; what was sent before is not missed, and no byte is obeyed by
// the terminal.
func TestPayload(t *testing.T) {
	s := newStage(t, "hostile-payload", Options{})
	s.packets(3)
	s.keys("f")
	if got := s.text(); !strings.Contains(got, "what is sent from now on") {
		t.Errorf("before anything is sent: %s", got)
	}
	s.packets(12)
	s.golden("payload-80x24")
	s.keys("x")
	s.golden("payload-hex-80x24")
	s.size(200, 10)
	s.fits()
	s.keys("home", "?")
	if got := s.text(); !strings.Contains(got, "hex dump") {
		t.Errorf("its help: %s", got)
	}
	s.keys("x", "esc")
	if s.m.screen != screenTable || s.m.sampler.ear != nil {
		t.Errorf("back on screen %d, with %v listening", s.m.screen, s.m.sampler.ear)
	}
	s.keys("enter", "d")
	if got := s.text(); s.m.screen != screenPayload || !strings.Contains(got, "from now on") {
		t.Errorf("from the ladder: %s", got)
	}
	s.end()
	if got := s.text(); !strings.Contains(got, "it is over") {
		t.Errorf("when it is over: %s", got)
	}
	s.keys("esc")
	if s.m.screen != screenLadder {
		t.Errorf("back on screen %d, not on the ladder", s.m.screen)
	}
}

// TestHeardIsBounded: the oldest that was heard goes when there is too much, not before.
func TestHeardIsBounded(t *testing.T) {
	const n = mostHeard / (1000 + heardCost)
	for _, c := range []struct {
		pieces int
		begun  bool
	}{{n, false}, {n + 1, true}} {
		var l listener
		for range c.pieces {
			_ = l.hear(&analyzer.Piece{Kind: analyzer.PieceData, Bytes: bytes.Repeat([]byte("x"), 1000)})
		}
		if len(l.pieces) != n || l.begun != c.begun || l.size > mostHeard {
			t.Errorf("of %d pieces %d are kept, in %d bytes", c.pieces, len(l.pieces), l.size)
		}
		gone := uint64(1000 * (c.pieces - n))
		if before := (&sampler{gone: 7, ear: &l}).forgotten(); before != 7+gone || (&sampler{gone: 7}).forgotten() != 7 {
			t.Errorf("of %d pieces %d bytes are counted as forgotten", c.pieces, before)
		}
	}
}
