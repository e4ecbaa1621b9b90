package intake

import (
	"encoding/binary"
	"slices"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// Intake turns frames into segments and counts what becomes of them. It belongs to one goroutine.
type Intake struct {
	Summary   Summary
	decoder   wire.Decoder
	fragments wire.Reassembler
	begun     unfinished
	waits     bool // the latest frame holds a fragment of a packet that is not whole yet

	apart, leans bool // see Part
}

// Frame counts a frame and decodes it. It reports whether s now holds a TCP segment: one that
// the frame holds, or one of which it holds the last fragment that was missing.
// time is in ns since the Unix epoch.
func (in *Intake) Frame(link wire.LinkType, data []byte, wireLen uint32, time int64, s *wire.Segment) bool {
	time = conn.Admit(time)
	count(&in.Summary, wireLen, time)
	v := in.decoder.Decode(link, data, wireLen, s)
	if v != wire.TCP || s.Bits&wire.FirstFragment != 0 {
		if p := in.decoder.Piece(); p != nil && in.apart {
			in.leans = true
			return false
		} else if p != nil {
			v = in.fragment(p, v, time, wireLen, s)
		} else if v == wire.UnsupportedLink {
			in.Summary.unsupportedLink(link)
		}
	}
	in.waits = v == wire.Fragment
	in.Summary.verdicts[v]++
	if v != wire.TCP {
		return false
	}
	in.Summary.TCP++
	if len(in.begun) > 0 {
		in.begun.pass(s)
	}
	if s.Flags&wire.RST != 0 && s.PayloadCap > 0 {
		carryText(s, in.Payload(s, data))
	}
	if s.Len == alertSize && s.PayloadCap == alertSize {
		carryAlert(s, in.Payload(s, data))
	}
	s.Time, s.Clock, s.Frame = time, int64(in.Summary.End), in.Number()
	if s.Bits&(wire.FirstFragment|wire.Reassembled|wire.CutOptions|wire.BadOptions|wire.Tunneled) != 0 {
		in.Summary.note(s.Bits)
	}
	return true
}

// fragment takes a fragment and says what becomes of its frame. Those that waited are counted again when it is known
// what they are.
func (in *Intake) fragment(p *wire.Piece, v wire.Verdict, time int64, wireLen uint32, s *wire.Segment) wire.Verdict {
	switch in.fragments.Add(p, v, in.Number(), time, wireLen) {
	case wire.JoinAlone:
		return v
	case wire.JoinWhole:
		v = in.fragments.Decode(&in.decoder, s)
		inner := in.decoder.Piece()
		switch {
		case inner != nil: // a tunnel's packet was in fragments, and holds one
			in.recount(wire.Part)
			return in.fragment(inner, v, time, wireLen, s)
		case v == wire.TCP:
			in.recount(wire.Part)
		default:
			in.recount(v)
		}
		return v
	case wire.JoinCopy:
		return wire.Part
	case wire.JoinOverlaps:
		in.recount(wire.Overlap)
		return wire.Overlap
	case wire.JoinRefused:
		return wire.Overlap
	case wire.JoinOther:
		in.recount(wire.NotTCP)
		return wire.NotTCP
	}
	if v == wire.TCP {
		in.begun.begin(s)
	}
	return wire.Fragment
}

// recount counts the fragments as v that came before that at hand.
func (in *Intake) recount(v wire.Verdict) {
	n := uint64(len(in.fragments.Frames()) - 1)
	in.Summary.verdicts[wire.Fragment] -= n
	in.Summary.verdicts[v] += n
}

// Payload is what was captured of the payload of s, which is the latest segment; data is its frame.
func (in *Intake) Payload(s *wire.Segment, data []byte) []byte {
	if s.Bits&wire.Reassembled != 0 {
		data = in.fragments.Whole()
	}
	return data[s.PayloadOff:][:s.PayloadCap]
}

// Fragments are the frames that made s, which is the latest segment, its own being the last of them; nil if it is
// a frame's.
func (in *Intake) Fragments(s *wire.Segment) []uint64 {
	if s.Bits&wire.Reassembled == 0 {
		return nil
	}
	return in.fragments.Frames()
}

// Datagram is what the latest frame, which Frame found no segment in, holds instead; nil if it is neither UDP nor ICMP.
func (in *Intake) Datagram() *wire.Datagram { return in.decoder.Datagram() }

// Waits reports whether the latest frame holds a fragment that a later frame may make a segment.
func (in *Intake) Waits() bool { return in.waits }

// Filtered counts a frame that a capture filter left out. It has a number all the same.
func (in *Intake) Filtered(wireLen uint32, time int64) {
	count(&in.Summary, wireLen, conn.Admit(time))
	in.Summary.Filtered++
}

// Number is that of the latest frame, from 1.
func (in *Intake) Number() uint64 { return in.Summary.Packets + in.Summary.OtherFrames }

func count(sum *Summary, wireLen uint32, time int64) {
	if sum.Packets == 0 {
		sum.Start, sum.End = conn.Time(time), conn.Time(time)
	}
	sum.Packets++
	sum.Bytes += uint64(wireLen)
	sum.Start, sum.End = min(sum.Start, conn.Time(time)), max(sum.End, conn.Time(time))
}

func (s *Summary) unsupportedLink(link wire.LinkType) {
	if s.nLinks < maxLinks && !slices.Contains(s.links[:s.nLinks], link) {
		s.links[s.nLinks] = link
		s.nLinks++
	}
}

func (s *Summary) note(b wire.Bits) {
	for _, n := range [...]struct {
		bit   wire.Bits
		count *uint64
	}{
		{wire.FirstFragment, &s.FirstFragments},
		{wire.Reassembled, &s.Reassembled},
		{wire.CutOptions, &s.CutOptions},
		{wire.BadOptions, &s.BadOptions},
		{wire.Tunneled, &s.Tunneled},
	} {
		if b&n.bit != 0 {
			*n.count++
		}
	}
}

// alertSize is how many bytes an alert of TLS in clear takes.
const alertSize = 7

// carryAlert marks s if its payload is a fatal alert of TLS, and nothing else: a record (RFC 8446 5.1) of type 21, of a version 3.x, with two bytes. One that is
// encrypted is longer.
func carryAlert(s *wire.Segment, payload []byte) {
	const alert, fatal = 21, 2
	if payload[0] == alert && payload[1] == 3 && payload[2] <= 4 && payload[3] == 0 && payload[4] == 2 && payload[5] == fatal {
		s.Bits = s.Bits.WithAlert(payload[6])
	}
}

// carryText puts the beginning of the payload of s, an RST, in the place of its SACK blocks.
func carryText(s *wire.Segment, payload []byte) {
	if len(payload) == 0 || s.NSack != 0 {
		return
	}
	var b [conn.ShortText]byte
	copy(b[:], payload)
	for i := range s.Sack {
		s.Sack[i] = [2]uint32{binary.BigEndian.Uint32(b[8*i:]), binary.BigEndian.Uint32(b[8*i+4:])}
	}
	s.Bits |= wire.HasText
}
