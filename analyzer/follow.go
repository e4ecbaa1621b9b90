package analyzer

import (
	"errors"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// Piece is a run of bytes that one side sent.
type Piece struct {
	Kind   PieceKind
	From   Side
	Offset int64  // of its first byte, from 0
	Len    int64  // bytes
	Bytes  []byte // of PieceData, or the differing copy of PieceConflict; valid only during the call
	Frame  uint64 // the packet with which it became readable; 0: the end of the conversation
	Time   Time   // of Frame
}

// PieceKind is what is known of a piece.
type PieceKind uint8

// The kinds. Pieces of the first three cover what a side sent once and in order.
const (
	PieceData     PieceKind = iota
	PieceMissing            // not captured
	PieceCut                // on the wire, but cut by the snap length
	PieceConflict           // two copies were sent that differ in the first and last byte; those in between may be the same
)

// FollowStats counts what one side sent. All but Segments are bytes.
type FollowStats struct {
	Data, Missing, Cut int64
	Forced             int64 // of Missing and Cut: given up because too much was waiting behind them
	Late               int64 // left out: they came after their place had been given up, or lie before the first byte
	Unchecked          int64 // repeated so late that the first copy is no longer there to compare
	Conflicts          int64 // pieces of PieceConflict
	Segments           int64 // left out: out of the window, or with a wrong checksum
}

// Follower reads what the sides of a conversation sent each other. It is made from the result of a first pass,
// and gets the conversation's segments from a second one. It hands out the bytes of both sides in the
// order in which they became readable: when all bytes before them had been captured or given up.
//
// Bytes that were not captured are given up when they are acknowledged, or when 16 MiB after them have
// arrived; it holds no more than that for each side. A segment with a wrong TCP or IPv4 checksum is
// left out if its sender computes checksums. Data within a window's length of the rest is accepted, whoever sent it.
type Follower struct {
	seqSpaces
	sides [2]follow // by direction
	hear  func(p *Piece) error
	now   Time
	frame uint64
}

// follow is one direction of a Follower.
type follow struct {
	f        *Follower
	dir      uint8
	stream   *reassembly.Stream
	pool     *reassembly.Pool
	cut      reassembly.Ranges // bytes ahead of the stream that only the snap length keeps from us
	end      reassembly.Pos    // behind the highest byte that was on the wire
	fin      reassembly.Pos    // of the FIN, 0: none yet
	acked    reassembly.Pos    // by the peer
	waits    reassembly.Pos    // an ACK that may have been captured before what it acknowledges
	since    Time              // when that was captured
	loses    bool              // bytes of it were acknowledged and not captured
	swaps    bool              // some were captured behind their ACK
	sumsGood bool
	headGood bool
	stats    FollowStats
	joins    bool // it begins where the next segment says (Join)
}

// NewFollower follows c. hear gets the pieces in order; an error from it ends the following.
func NewFollower(c *Conversation, hear func(p *Piece) error) *Follower {
	f := &Follower{seqSpaces: newSeqSpaces(c), hear: hear}
	for dir := range f.sides {
		d := &f.sides[dir]
		*d = follow{f: f, dir: uint8(dir), pool: reassembly.NewPool(reassembly.MaxRanges), end: f.isn[dir] + 1, sumsGood: c.Sides[dir].GoodSum, headGood: c.Sides[dir].GoodHeader}
		d.stream = reassembly.NewStream(d.end, reassembly.StreamConfig{}, d)
	}
	for i := range c.Incidents {
		switch m := &c.Incidents[i]; m.Kind {
		case conn.IncidentUnseen:
			f.sides[m.Dir].loses = true
		case conn.IncidentReordered:
			f.sides[m.Dir].swaps = true
		}
	}
	return f
}

// Join, called before the first segment, has the Follower begin in mid-connection: bytes sent before the next segments do not count as missing.
// Offsets start there.
func (f *Follower) Join() {
	for dir := range f.sides {
		f.sides[dir].joins = true
	}
}

// begin has a side that joins begin with the byte that has that sequence number.
func (d *follow) begin(number uint32) {
	d.joins, d.loses, d.swaps = false, true, true
	d.end = reassembly.Start(reassembly.Seq(number))
	d.f.isn[d.dir], d.f.reached[d.dir], d.f.unplaced[d.dir] = d.end-1, d.end-1, false
	d.stream = reassembly.NewStream(d.end, reassembly.StreamConfig{}, d)
}

// Segment takes the conversation's next segment; data is the captured part of its payload.
func (f *Follower) Segment(s *wire.Segment, data []byte) error {
	f.now, f.frame = Time(s.Time), s.Frame
	tx, rx := &f.sides[s.Dir], &f.sides[1-s.Dir]
	if tx.joins && !s.Flags.Has(wire.RST) {
		first := s.Seq
		if s.Flags.Has(wire.SYN) {
			first++
		}
		tx.begin(first)
	}
	if rx.joins && s.Flags.Has(wire.ACK) && !f.self {
		rx.begin(s.Ack)
	}
	if err := errors.Join(tx.believe(), rx.believe()); err != nil {
		return err
	}
	pos, ok := tx.admits(s, data)
	if !ok {
		return nil
	}
	if f.self {
		rx = tx // it acknowledges its own
	}
	if s.Bits&wire.ACKsFragment != 0 {
		rx.loses = true
	}
	if s.Flags.Has(wire.ACK) { // what it says it had read before
		if err := rx.acknowledged(f.position(rx.dir, s.Ack)); err != nil {
			return err
		}
	}
	if s.Flags.Has(wire.FIN) {
		tx.fin = pos + reassembly.Pos(s.Len)
	}
	if s.Bits&wire.FirstFragment != 0 {
		tx.loses = true // what is in the other fragments is not read
	}
	if s.Len == 0 {
		return nil
	}
	return tx.add(pos, s.Len, data)
}

// admits returns where data, the payload of s, belongs, if the receiver may have read it.
func (d *follow) admits(s *wire.Segment, data []byte) (pos reassembly.Pos, ok bool) {
	if s.Flags.Has(wire.RST) { // its payload is for people (RFC 9293 3.10.7.4)
		return 0, false
	}
	pos = d.f.position(d.dir, s.Seq)
	far := pos - d.stream.Next()
	switch {
	case s.Flags.Has(wire.SYN) && s.Seq != uint32(d.f.isn[d.dir]), far > conn.Farthest || far < -conn.Farthest, d.sumsGood && damaged(s, data), d.headGood && s.Bits&wire.BadHeader != 0:
		d.stats.Segments++
		return 0, false
	case s.Flags.Has(wire.SYN):
		pos++
	case s.Len == 1 && pos == d.end-1 && pos < d.stream.Next():
		return 0, false // a keep-alive, whose octet may be any (RFC 9293 3.8.4)
	}
	return pos, true
}

// damaged reports whether the checksum of s is wrong, whose payload data is, if all of that was captured.
func damaged(s *wire.Segment, data []byte) bool {
	sum, ok := s.PayloadSum()
	return s.Bits&wire.BadSum != 0 || ok && len(data) == int(s.Len) && wire.SumOf(data) != sum
}

// add takes n bytes at pos, of which data was captured.
func (d *follow) add(pos reassembly.Pos, n uint32, data []byte) error {
	end := pos + reassembly.Pos(n)
	d.end = max(d.end, end)
	if from := max(pos+reassembly.Pos(len(data)), d.stream.Next()); from < end {
		d.cut.Add(d.pool, from, end)
	}
	if err := d.stream.Add(pos, data); err != nil {
		return err
	}
	return d.skipCut()
}

// skipCut gives up the bytes that the snap length cut, once the stream has reached them.
func (d *follow) skipCut() error {
	for {
		r := d.cut.First(d.pool)
		if r.Len() == 0 || r.Lo > d.stream.Next() {
			return nil
		}
		if r.Hi > d.stream.Next() {
			if err := d.stream.Acked(r.Hi); err != nil {
				return err
			}
		}
		d.cut.TrimBelow(d.pool, max(r.Hi, d.stream.Next()))
	}
}

// acknowledged says that the peer has everything before pos. What is missing there was not captured,
// unless the capture has it after its ACK; the first pass knows whether that occurs.
func (d *follow) acknowledged(pos reassembly.Pos) error {
	if d.fin != 0 {
		pos = min(pos, d.fin)
	}
	if pos <= d.acked || pos-d.stream.Next() > conn.Farthest {
		return nil
	}
	d.acked = pos
	if !d.loses || pos == d.end+1 { // that may be its FIN
		return nil
	}
	if d.swaps {
		if d.waits == 0 {
			d.waits, d.since = pos, d.f.now
		}
		return nil
	}
	return d.giveUp(pos)
}

// giveUp hands out everything before pos: what is missing will not come.
func (d *follow) giveUp(pos reassembly.Pos) error {
	if err := d.stream.Acked(pos); err != nil {
		return err
	}
	return d.skipCut()
}

// believe applies an ACK once the bytes it acknowledges have had time to be captured.
func (d *follow) believe() error {
	if d.waits == 0 || d.f.now-d.since <= conn.CaptureSkew {
		return nil
	}
	pos := d.waits
	d.waits = 0
	if d.acked > pos {
		d.waits, d.since = d.acked, d.f.now
	}
	return d.giveUp(pos)
}

// Close hands out what still waits.
func (f *Follower) Close() error {
	f.frame, f.now = 0, 0
	for side := range uint8(2) {
		d := &f.sides[side^f.clientDir]
		if err := d.stream.Flush(); err != nil {
			return err
		}
		if end := d.cut.End(); end > d.stream.Next() {
			if err := d.stream.Acked(end); err != nil {
				return err
			}
		}
		// An ACK of one more than was captured acknowledges the FIN.
		if d.loses && d.acked > d.stream.Next()+1 {
			if err := d.stream.Acked(d.acked); err != nil {
				return err
			}
		}
	}
	return nil
}

// Stats is the counts of one side so far.
func (f *Follower) Stats(side Side) FollowStats {
	d := &f.sides[uint8(side)^f.clientDir]
	s, of := d.stats, d.stream.Stats()
	s.Forced, s.Late, s.Unchecked, s.Conflicts = of.Forced, of.Late, of.Unchecked, of.Conflicts
	return s
}

// Data implements reassembly.Consumer.
func (d *follow) Data(pos reassembly.Pos, b []byte) error {
	d.stats.Data += int64(len(b))
	return d.hand(PieceData, pos, pos+reassembly.Pos(len(b)), b)
}

// Gap implements reassembly.Consumer.
func (d *follow) Gap(from, to reassembly.Pos) error {
	for from < to {
		kind, next := PieceMissing, to
		for r := range d.cut.All(d.pool) {
			if r.Hi <= from {
				continue
			}
			if r.Lo <= from {
				kind, next = PieceCut, min(to, r.Hi)
			} else {
				next = min(to, r.Lo)
			}
			break
		}
		if kind == PieceCut {
			d.stats.Cut += int64(next - from)
		} else {
			d.stats.Missing += int64(next - from)
		}
		if err := d.hand(kind, from, next, nil); err != nil {
			return err
		}
		from = next
	}
	return nil
}

// Conflict implements reassembly.Consumer.
func (d *follow) Conflict(pos reassembly.Pos, b []byte) error {
	return d.hand(PieceConflict, pos, pos+reassembly.Pos(len(b)), b)
}

func (d *follow) hand(kind PieceKind, from, to reassembly.Pos, b []byte) error {
	return d.f.hear(&Piece{
		Kind: kind, From: d.f.side(d.dir), Offset: int64(from - d.f.isn[d.dir] - 1), Len: int64(to - from), Bytes: b,
		Frame: d.f.frame, Time: d.f.now,
	})
}
