package analyzer

import (
	"iter"

	"tcptrace/internal/wire"
)

// fact is a segment that says something about a state: a SYN, FIN or RST, or what
// first answers one. Of a connection that lives and dies in good order there are
// seven to nine; data adds none. Trajectories are inferred from facts alone.
type fact struct {
	time         Time
	ahead        uint32 // frames since the connection's first
	seq, ack     uint32
	tsval, tsecr uint32
	len          uint16
	flags        uint8 // the low byte of wire.Flags
	bits         factBits
}

type factBits uint8

const (
	factFromB      factBits = 1 << iota // sent in direction 1
	factTimestamps                      // tsval and tsecr are valid
	factAccepted                        // an RST that its receiver would take (acceptsRST)
	factAdvance                         // the latest advance of an ACK whose peer is not captured; len is its size
	factStandIn                         // not captured: inferred from what the other side acknowledged
	factForeign                         // a SYN with an ISN, or a FIN with a number, that is not this connection's; an RST that its sender did not send
	factDSACK                           // begins with a D-SACK (RFC 2883)
	factBusy                            // a FIN behind data that had been in flight without a break since the peer's FIN passed

	factCopy      = factAccepted // a FIN that the network doubled: its sender did not send it again
	factOutside   = factAdvance  // an RST whose number its receiver does not expect
	factOwnNumber = factBusy     // an RST whose number is of what its sender was seen to send, and that has ACK or may be an answer
	factTooSoon   = factDSACK    // an RST sooner than its sender can have answered (half.tooSoon)
	factSkips     = factBusy     // a segment with neither SYN, FIN nor RST in front of which octets were not captured
)

func (b factBits) has(m factBits) bool { return b&m != 0 }

func (f *fact) dir() uint8 { return uint8(f.bits & factFromB) }

func (f *fact) any(m wire.Flags) bool { return wire.Flags(f.flags)&m != 0 }
func (f *fact) has(m wire.Flags) bool { return wire.Flags(f.flags)&m == m }

// covers reports whether the fact acknowledges the octet (SYN, FIN) at seq.
func (f *fact) covers(seq uint32) bool {
	return f.has(wire.ACK) && int32(f.ack-seq) > 0
}

const (
	blockFacts = 4
	maxFacts   = 48 // of one connection; those beyond are counted
)

// factBlock is a link in a connection's list of facts.
type factBlock struct {
	facts [blockFacts]fact
	next  uint32 // block+1; 0: none
}

// factPool holds the facts of a tracker's connections, and their marks, without pointers.
type factPool struct {
	chunks  [][]factBlock
	used    uint32 // blocks that were ever used
	free    uint32 // block+1, of those given back
	news    uint64 // how often a fact was added or replaced
	dropped uint64 // facts beyond a connection's bounds
	marks   markPool
}

func (p *factPool) at(block uint32) *factBlock {
	return &p.chunks[(block-1)>>chunkBits][(block-1)&(chunkSize-1)]
}

func (p *factPool) alloc() uint32 {
	if p.free == 0 {
		if int(p.used>>chunkBits) == len(p.chunks) {
			p.chunks = append(p.chunks, make([]factBlock, chunkSize))
		}
		p.used++
		return p.used
	}
	block := p.free
	p.free = p.at(block).next
	p.at(block).next = 0
	return block
}

// factList is a connection's facts in the order of the capture.
type factList struct {
	first, last uint32 // block+1; 0: none
	n           uint8
}

// add appends a fact and returns where it is, nil when the list is full.
func (l *factList) add(p *factPool) *fact {
	if l.n >= maxFacts {
		p.dropped++
		return nil
	}
	i := l.n % blockFacts
	if i == 0 {
		block := p.alloc()
		if l.last == 0 {
			l.first = block
		} else {
			p.at(l.last).next = block
		}
		l.last = block
	}
	l.n++
	return &p.at(l.last).facts[i]
}

// newest is the fact that add returned last.
func (l *factList) newest(p *factPool) *fact {
	if l.n == 0 {
		return nil
	}
	return &p.at(l.last).facts[(l.n-1)%blockFacts]
}

// all are the facts in order.
func (l *factList) all(p *factPool) iter.Seq[*fact] {
	return func(yield func(*fact) bool) {
		left := int(l.n)
		for block := l.first; block != 0 && left > 0; block = p.at(block).next {
			for i := range min(left, blockFacts) {
				if !yield(&p.at(block).facts[i]) {
					return
				}
			}
			left -= blockFacts
		}
	}
}

// find is the first fact for which ok holds, nil if there is none.
func (l *factList) find(p *factPool, ok func(*fact) bool) *fact {
	for f := range l.all(p) {
		if ok(f) {
			return f
		}
	}
	return nil
}

// appendTo appends the facts to buf.
func (l *factList) appendTo(p *factPool, buf []fact) []fact {
	left := int(l.n)
	for block := l.first; block != 0 && left > 0; block = p.at(block).next {
		k := min(left, blockFacts)
		buf = append(buf, p.at(block).facts[:k]...)
		left -= k
	}
	return buf
}

func (l *factList) release(p *factPool) {
	for block := l.first; block != 0; {
		next := p.at(block).next
		p.at(block).next = p.free
		p.free = block
		block = next
	}
	*l = factList{}
}

const chunkBits = 8 // a chunk of the slab holds 256 conversations

const chunkSize = 1 << chunkBits

func isSYN(f *fact) bool {
	return wire.Flags(f.flags)&(wire.SYN|wire.ACK|wire.RST) == wire.SYN && !f.bits.has(factForeign)
}

func isSYNACK(f *fact) bool {
	return wire.Flags(f.flags)&(wire.SYN|wire.ACK|wire.RST) == wire.SYN|wire.ACK && !f.bits.has(factForeign)
}

func isFIN(f *fact) bool {
	return wire.Flags(f.flags)&(wire.SYN|wire.FIN|wire.RST) == wire.FIN && !f.bits.has(factForeign)
}

func isRST(f *fact) bool { return f.any(wire.RST) }

func ordinary(f *fact) bool { return !f.any(wire.SYN|wire.RST) && f.has(wire.ACK) }

func isPlainRST(f *fact) bool { return f.any(wire.RST) && !f.has(wire.ACK) }
