package wire

// tcp decodes from the TCP header to the end of the packet. ports holds the
// source port in its upper half and the destination port in its lower one.
func tcp(frame []byte, off, end int, bits Bits, s *Segment) (ports uint32, v Verdict) {
	if len(frame)-off < 20 {
		return 0, inFragment(short(off, end, 20, BadTCP), bits)
	}
	h := (*[20]byte)(frame[off:])
	size := int(h[12]>>4) * 4
	if size < 20 || size > end-off {
		return 0, inFragment(BadTCP, bits)
	}
	s.Seq = be32(h[4:])
	s.Ack = be32(h[8:])
	s.Flags = Flags(be16(h[12:]) & 0x1ff)
	s.Window = be16(h[14:])
	s.Sum = be16(h[16:])
	s.Urgent = be16(h[18:])
	s.MSS = 0
	s.WScale = 0
	s.NSack = 0
	payload := off + size
	opts, left := frame[off+20:min(payload, len(frame))], size-20
	if len(opts) >= 12 && be32(opts) == nopNopTimestamps {
		s.TSval = be32(opts[4:])
		s.TSecr = be32(opts[8:])
		bits |= HasTimestamps
		opts, left = opts[12:], left-12
	} else {
		s.TSval = 0
		s.TSecr = 0
	}
	if left > 0 {
		bits |= options(opts, left, s)
	} else {
		bits |= FewOptions
	}
	s.Bits = bits
	s.Len = uint32(end - payload)
	s.PayloadOff = uint32(min(payload, len(frame)))
	s.PayloadCap = uint32(max(len(frame)-payload, 0))
	return be32(h[:]), TCP
}

// The TCP option kinds, as IANA numbers them.
const (
	optEnd        = 0
	optNOP        = 1
	optMSS        = 2
	optWScale     = 3
	optSACKPerm   = 4
	optSACK       = 5
	optTimestamps = 8
	optMD5        = 19
	optAO         = 29
	optMPTCP      = 30
	optTFO        = 34
	optExp1       = 253
	optExp2       = 254

	exidTFO = 0xf989 // RFC 7413 4.1.1: Fast Open before it had a kind of its own

	// The layout that RFC 7323 appendix A recommends and every stack sends.
	nopNopTimestamps = optNOP<<24 | optNOP<<16 | optTimestamps<<8 | 10
)

// options reads the captured options of a header that has size bytes of them.
// An option of a wrong length is marked and not believed, but what follows it
// is read, as endpoints do; only a length that leads out of the header ends it.
func options(opts []byte, size int, s *Segment) (bits Bits) {
	cut := len(opts) < size
	for left := size; len(opts) > 0; {
		kind := opts[0]
		if kind == optEnd {
			return bits
		}
		if kind == optNOP {
			opts = opts[1:]
			left--
			continue
		}
		if left < 2 {
			return bits | BadOptions
		}
		if len(opts) < 2 {
			return bits | CutOptions
		}
		n := int(opts[1])
		if n < 2 || n > left {
			return bits | BadOptions
		}
		if n > len(opts) {
			return bits | CutOptions
		}
		has := option(opts[:n], s)
		if bits&HasWScale != 0 && has&HasSACKPerm != 0 {
			bits |= ScaleFirst
		}
		bits |= has
		opts = opts[n:]
		left -= n
	}
	if cut {
		bits |= CutOptions
	}
	return bits
}

// option reads one option of at least two bytes, kind and length included.
func option(o []byte, s *Segment) Bits {
	ok, has := true, Bits(0)
	switch o[0] {
	case optMSS:
		if ok = len(o) == 4; ok {
			s.MSS = be16(o[2:])
			has = HasMSS
		}
	case optWScale:
		if ok = len(o) == 3; ok {
			s.WScale = o[2]
			has = HasWScale
		}
	case optTimestamps:
		if ok = len(o) == 10; ok {
			s.TSval = be32(o[2:])
			s.TSecr = be32(o[6:])
			has = HasTimestamps
		}
	case optSACK:
		if ok = len(o) >= 10 && len(o)%8 == 2; ok {
			for o = o[2:]; len(o) >= 8 && int(s.NSack) < len(s.Sack); o = o[8:] {
				s.Sack[s.NSack] = [2]uint32{be32(o), be32(o[4:])}
				s.NSack++
			}
		}
	case optSACKPerm:
		ok, has = len(o) == 2, HasSACKPerm
	case optMD5:
		ok, has = len(o) == 18, HasMD5
	case optAO:
		ok, has = len(o) >= 4, HasAO
	case optMPTCP:
		ok, has = len(o) >= 3, HasMPTCP
	case optTFO:
		has = HasTFO
	case optExp1, optExp2:
		if len(o) >= 4 && be16(o[2:]) == exidTFO {
			has = HasTFO
		}
	}
	if !ok {
		return BadOptions
	}
	return has
}
