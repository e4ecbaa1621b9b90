package reuse

import (
	"testing"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/reading"
	"tcptrace/internal/wire"
)

// TestHeldCopy: a SYN that waits and comes again at once was captured twice.
func TestHeldCopy(t *testing.T) {
	for apart, want := range map[conn.Time]bool{conn.CaptureSkew: true, conn.CaptureSkew + 1: false} {
		h := Held{Copies: []wire.Segment{{Flags: wire.SYN, Seq: 7}, {Flags: wire.SYN, Seq: 7, Time: int64(apart)}}}
		if got := h.Copied(1); got != want {
			t.Errorf("%d ns apart: %v", apart, got)
		}
	}
}

// TestHeldCopies: what differs between two frames that are not one, captured twice.
func TestHeldCopies(t *testing.T) {
	syn := wire.Segment{Flags: wire.SYN, Seq: 7, IPID: 3, Frame: 1}
	for why, change := range map[string]func(h *Held, s *wire.Segment){
		"the number":    func(_ *Held, s *wire.Segment) { s.Seq++ },
		"the direction": func(_ *Held, s *wire.Segment) { s.Dir = 1 },
		"the IP ID":     func(_ *Held, s *wire.Segment) { s.IPID++ },
		"a flag":        func(_ *Held, s *wire.Segment) { s.Flags |= wire.ACK },
		"an answer":     func(h *Held, _ *wire.Segment) { h.Answered, h.Answer.Frame = true, 2 },
	} {
		h := Held{Copies: []wire.Segment{syn, syn}}
		h.Copies[1].Frame = 3
		if !h.Copied(1) || h.Copied(0) {
			t.Fatal("the second is the copy")
		}
		if change(&h, &h.Copies[1]); h.Copied(1) {
			t.Errorf("%s: it is a copy", why)
		}
	}
	for _, frame := range []uint64{1, 3} { // the answer came before both, or behind them
		h := Held{Copies: []wire.Segment{syn, syn}, Answered: true}
		h.Copies[1].Frame, h.Answer.Frame = 3, frame
		if !h.Copied(1) {
			t.Errorf("answered by frame %d: it is no copy", frame)
		}
	}
	h := Held{Copies: []wire.Segment{{Flags: wire.ACK}, {Flags: wire.ACK}}}
	if h.Copied(1) {
		t.Error("what is no SYN may be sent again at once")
	}
}

// TestHeldLike: what comes sooner than a SYN can be sent again is a copy of it, whoever made that.
func TestHeldLike(t *testing.T) {
	h := Held{Copies: []wire.Segment{{Flags: wire.SYN, Seq: 7}}}
	for _, test := range []struct {
		s    wire.Segment
		want bool
	}{
		{wire.Segment{Flags: wire.SYN, Seq: 7, Time: int64(soonest) - 1}, true},
		{wire.Segment{Flags: wire.SYN, Seq: 7, Time: int64(soonest)}, false},
		{wire.Segment{Flags: wire.SYN, Seq: 8}, false},
		{wire.Segment{Flags: wire.SYN, Seq: 7, Dir: 1}, false},
		{wire.Segment{Flags: wire.SYN | wire.ACK, Seq: 7}, false},
	} {
		if got := h.Like(&test.s); got != test.want {
			t.Errorf("%+v: %v", test.s, got)
		}
	}
	h.Copies[0].Flags = wire.ACK
	if h.Like(&h.Copies[0]) {
		t.Error("only SYNs are like others")
	}
}

// TestHeldReason: numbers say more than an answer, and an answer more than none.
func TestHeldReason(t *testing.T) {
	for _, test := range []struct {
		h    Held
		want reading.Notes
	}{
		{Held{Kind: FarOff, Answered: true}, reading.NoteFarOff},
		{Held{Kind: AnotherSYN, Answered: true}, reading.NoteChallenged},
		{Held{Kind: Dying, Answered: true}, reading.NoteChallenged},
		{Held{Kind: AnotherSYN}, reading.NoteNotTaken},
	} {
		if got := test.h.Reason(); got != test.want {
			t.Errorf("%+v: %v", test.h, got)
		}
	}
}
