package reassembly

// Scoreboard is what one direction's sender can know from the ACKs that come
// back: the cumulative ACK and the selectively acknowledged ranges above it (RFC 2018,
// RFC 6675). Start makes it ready. It holds no pointers; see Ranges for the Pool
// and the bounds.
type Scoreboard struct {
	una    Pos
	sacked Ranges
	known  bool
}

// Acked is what one ACK told. Its zero value is: nothing new.
type Acked struct {
	Advance int64 // bytes that the cumulative ACK moved
	Sacked  int64 // bytes newly covered by SACK blocks
	// Reneged is bytes that had been selectively acknowledged and that the receiver
	// no longer claims to have (RFC 2018 section 8).
	Reneged int64
	DSACK   Range // what the receiver got more than once (RFC 2883); empty if it reports none
	Invalid uint8 // blocks that contradict themselves, the ACK, or what was sent
	Stale   bool  // a lower ACK than one before: overtaken on its way
}

// Start begins at una, the first position that is not acknowledged. It must not be called twice.
func (b *Scoreboard) Start(una Pos) { b.una, b.known = una, true }

// Known reports whether Start was called.
func (b *Scoreboard) Known() bool { return b.known }

// Una is the highest cumulative ACK.
func (b *Scoreboard) Una() Pos { return b.una }

// High is the highest position that the receiver is known to have received, SACK
// blocks included; everything that is missing below it was lost or overtaken.
func (b *Scoreboard) High() Pos { return max(b.una, b.sacked.End()) }

// Ranges is the selectively acknowledged ranges above Una, for reading.
func (b *Scoreboard) Ranges() *Ranges { return &b.sacked }

// Has reports whether the receiver acknowledged all of [lo,hi), in either way.
func (b *Scoreboard) Has(p *Pool, lo, hi Pos) bool {
	return b.sacked.Contains(p, max(lo, b.una), hi)
}

// Release gives back what the scoreboard holds of the Pool and makes it a zero Scoreboard.
func (b *Scoreboard) Release(p *Pool) {
	b.sacked.Release(p)
	*b = Scoreboard{}
}

// Ack takes one segment's ACK number and SACK blocks, as left and right edges in the
// order sent. nxt is the end of what the sender is known to have sent: blocks
// beyond it are invalid, as a host would find them. Where bytes may have been sent
// unseen, pass a position as high as is to be believed.
func (b *Scoreboard) Ack(p *Pool, ack, nxt Pos, sack [][2]uint32) Acked {
	var a Acked
	before := b.una
	if ack > before {
		a.Advance = int64(ack - before)
		b.una = ack
		a.Reneged = b.trim(p)
	}
	a.Stale = ack < before
	for i, edges := range sack {
		block := Range{Unwrap(ack, Seq(edges[0])), Unwrap(ack, Seq(edges[1]))}
		switch {
		case block.Len() <= 0 || block.Hi > nxt:
			a.Invalid++
		case i == 0 && isDSACK(block, ack, sack):
			a.DSACK = block
		case block.Lo <= ack: // what ACK covers, or adjoins it, is not an island
			a.Invalid++
		case block.Lo > b.una: // else a stale ACK's, and since covered
			a.Sacked += b.sacked.Add(p, block.Lo, block.Hi)
		}
	}
	return a
}

// isDSACK tells whether a segment's first block reports a duplicate: it lies below
// the segment's own ACK, or inside the second block (RFC 2883 section 4).
func isDSACK(first Range, ack Pos, sack [][2]uint32) bool {
	if first.Hi <= ack {
		return true
	}
	if len(sack) < 2 {
		return false
	}
	second := Range{Unwrap(ack, Seq(sack[1][0])), Unwrap(ack, Seq(sack[1][1]))}
	return second.Lo <= first.Lo && first.Hi <= second.Hi && second.Lo > ack
}

// trim forgets what the cumulative ACK covers, and the range that it ends in, if there
// is one: those bytes were reneged on, and their number is returned. ACK numbers
// do not fall, so this ACK was sent after the block was reported, and its sender
// would have acknowledged through the block if it still had it. That it no longer
// repeats a block proves nothing: options have room for three or four.
func (b *Scoreboard) trim(p *Pool) int64 {
	if b.sacked.Len() == 0 {
		return 0
	}
	b.sacked.TrimBelow(p, b.una)
	first := b.sacked.First(p)
	if first.Len() == 0 || first.Lo > b.una {
		return 0
	}
	b.sacked.TrimBelow(p, first.Hi)
	if b.sacked.Dropped() > 0 {
		return 0 // the ACK may end in a gap that was closed for want of room
	}
	return int64(first.Hi - b.una)
}
