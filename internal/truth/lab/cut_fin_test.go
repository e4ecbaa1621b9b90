package lab_test

import (
	"slices"

	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// What the cut tests allow of FINs that are not their supposed sender's. Nothing tells them from that one's, where what does is cut away.

// believed is the FIN, a frame, that an endpoint is said to have sent and in the whole capture is said not to have; 0: there is none.
func (c *comparison) believed(side int) uint64 {
	for _, w := range c.whole.steps[side] {
		if w.Cause == fsm.SendFIN {
			return 0
		}
	}
	for _, r := range c.rest.steps[side] {
		if r.Cause == fsm.SendFIN && r.Frame != 0 {
			return r.Frame
		}
	}
	return 0
}

// mayBelieve reports whether an endpoint is said to have sent a FIN that it did not send, and what shows that is missing.
func (c *comparison) mayBelieve(side int) bool {
	frame := c.believed(side)
	return frame != 0 && !c.capture.disowns(c.cut, frame)
}

// disowns reports whether what is left shows that the FIN in a frame, from 1, is not its supposed sender's: data that has its number, more
// than an octet of it, before that was acknowledged; or everything from the frame before it up to the third segment with data that its
// sender sent behind it; or, of one with a wrong header checksum, a right one of its sender before.
func (c *capture) disowns(k *cut, frame uint64) bool {
	at := int(frame) - 1
	fin := &c.sent[at]
	number := fin.Seq + fin.Len
	for i := range c.sent[:at] {
		if fin.Bits&wire.BadHeader != 0 && k.has(uint64(i)+1) && c.side[i] == c.side[at] && c.sent[i].Bits&wire.GoodHeader != 0 {
			return true
		}
	}
	turns, whole := 0, k.has(frame-1)
	for i := at + 1; i < len(c.sent); i++ {
		s, left := &c.sent[i], k.has(uint64(i)+1)
		switch {
		case c.side[i] < 0 || s.Key != fin.Key:
			continue
		case c.side[i] != c.side[at]:
			if left && s.Flags.Has(wire.ACK) && int32(s.Ack-number) > 0 {
				return false
			}
		case s.Len > 0:
			if left && s.Len > 1 && int32(number-s.Seq) >= 0 && int32(s.Seq+s.Len-number) > 0 {
				return true
			}
			turns++
		}
		if whole = whole && left; whole && turns == 3 {
			return true
		}
	}
	return false
}

// unsummed reports whether an error is of a segment with a wrong header checksum, and no right one of its sender before it is left.
func (c *comparison) unsummed(a anomaly) bool {
	if a.frame == 0 || c.capture.sent[a.frame-1].Bits&wire.BadHeader == 0 || !c.whole.has("bad-checksum") {
		return false
	}
	return !slices.ContainsFunc(c.cut.left, func(i int) bool {
		return i < int(a.frame)-1 && c.capture.side[i] == c.capture.side[a.frame-1] && c.capture.sent[i].Bits&wire.GoodHeader != 0
	})
}
