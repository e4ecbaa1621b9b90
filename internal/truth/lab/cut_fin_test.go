package lab_test

import (
	"slices"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// What the cut tests allow of FINs that are not their supposed sender's. Nothing tells them from that one's, where what does is cut away.

// mayBelieve reports whether an endpoint is said to have sent a FIN, or its peer to have received one, although the whole capture has none of
// it, and of some FIN in its name that is left nothing that is left shows that it is another's.
func (c *comparison) mayBelieve(side int) bool {
	sent := func(s analyzer.Step) bool { return s.Cause == fsm.SendFIN }
	received := func(s analyzer.Step) bool { return s.Cause == fsm.RecvFIN }
	if slices.ContainsFunc(c.whole.steps[side], sent) || !slices.ContainsFunc(c.rest.steps[side], sent) && !slices.ContainsFunc(c.rest.steps[1-side], received) {
		return false
	}
	return slices.ContainsFunc(c.cut.left, func(i int) bool {
		return c.capture.side[i] == side && c.capture.flags[i].Has(wire.FIN|wire.ACK) && c.all.of[uint64(i)+1] == c.whole.first && !c.capture.disowns(c.cut, uint64(i)+1)
	})
}

// disowns reports whether what is left shows that the FIN in a frame, from 1, is not its supposed sender's: data that has its number, more
// than an octet of it, before that was acknowledged; or everything from its sender's segment before it up to the third segment with data that its
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
	for i := at - 1; i >= 0; i-- {
		if c.side[i] == c.side[at] && c.sent[i].Key == fin.Key {
			whole = whole && k.has(uint64(i)+1)
			break
		}
	}
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
	return a.frame != 0 && c.whole.has("bad-checksum") && c.capture.unsummed(c.cut, int(a.frame)-1)
}

// unsummed reports whether the header checksum of a frame, from 0, is wrong, and no right one of its sender before it is left.
func (c *capture) unsummed(k *cut, frame int) bool {
	return c.sent[frame].Bits&wire.BadHeader != 0 && !slices.ContainsFunc(k.left, func(i int) bool {
		return i < frame && c.side[i] == c.side[frame] && c.sent[i].Bits&wire.GoodHeader != 0
	})
}

// mayBelieveRST reports whether an RST with a wrong header checksum is left in front of a FIN of its receiver, and nothing by which the whole knows
// that it is wrong: then that had ended the connection.
func (c *capture) mayBelieveRST(k *cut, w *told, fin uint64) bool {
	return w.has("bad-checksum") && slices.ContainsFunc(k.left, func(i int) bool {
		return i < int(fin)-1 && c.side[i] == 1-c.side[fin-1] && c.flags[i].Has(wire.RST) && c.unsummed(k, i)
	})
}
