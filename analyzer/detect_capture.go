package analyzer

import "tcptrace/internal/wire"

func (s *scene) both(k markKind) (first *mark, n int64) {
	for dir := range uint8(2) {
		if m := s.marked(k, dir); m != nil {
			n += int64(m.count)
			if first == nil || m.ahead < first.ahead {
				first = m
			}
		}
	}
	return first, n
}

func detectDuplicates(s *scene) {
	m, n := s.both(markDuplicate)
	s.raiseMark(m, args{n, int64(s.c.Packets())})
}

func detailDuplicates(a *Anomaly) string {
	return number(a.args[0]) + " of " + count(a.args[1], "frame") + " are second copies; they are not analyzed"
}

func detectReordered(s *scene) {
	if m, n := s.both(markReordered); m != nil {
		s.raiseMark(m, args{n})
		return
	}
	for dir := range uint8(2) {
		syn := s.find(dir, 0, isSYN)
		if syn == nil {
			continue
		}
		answer := s.find(1-dir, 0, func(f *fact) bool { return isSYNACK(f) && f.covers(syn.seq) && f.ahead < syn.ahead })
		if answer != nil && syn.time-answer.time <= captureSkew {
			s.raiseFact(syn, args{0, int64(syn.time - answer.time)})
			return
		}
	}
}

func detailReordered(a *Anomaly) string {
	if a.args[0] > 0 {
		return "data captured behind its ACK " + times(a.args[0])
	}
	return "the SYN-ACK was captured " + duration(a.args[1]) + " before the SYN that it answers"
}

func detectLoss(s *scene) {
	for dir := range uint8(2) {
		if m := s.marked(markUnseen, dir); m != nil && m.amount > 0 && !s.sides[dir].unseen {
			s.raiseMark(m, args{m.amount, int64(m.count)}).onSide(s.side(dir))
		}
	}
}

func detailLoss(a *Anomaly) string {
	return bytesOrFIN(a.args[0]) + " of the " + a.Side.String() + " acknowledged but not captured"
}

func detectClock(s *scene) {
	m := s.marked(markClock, 0)
	s.raiseMark(m, args{m.amount, int64(m.count)})
}

func detailClock(a *Anomaly) string {
	return "the clock went back " + times(a.args[1]) + ", by " + duration(a.args[0]) + " at most"
}

// detectOneSided wants proof that the other direction was there: an ACK that advances, or one of a SYN.
func detectOneSided(s *scene) {
	for dir := range uint8(2) {
		if !s.sides[dir].unseen || s.c.Sent[s.side(1-dir)].Packets < 2 {
			continue
		}
		heard := s.find(1-dir, 0, func(f *fact) bool {
			return f.bits.has(factAdvance) && !isRST(f) || f.any(wire.SYN) && f.has(wire.ACK) || ordinary(f) && s.sides[1-dir].knowsISN
		})
		if heard != nil {
			s.raise(s.side(1-dir), heard, args{int64(s.c.Packets())})
		}
	}
}

func detailOneSided(a *Anomaly) string {
	return "all " + count(a.args[0], "segment") + " are from the " + a.Side.String() + "; the " + a.Side.Peer().String() + "'s are not captured"
}

func detectCutOptions(s *scene) {
	m := s.marked(markCutOptions, 0)
	s.raiseMark(m, args{int64(m.count), int64(s.c.Packets())})
}

func detailCutOptions(a *Anomaly) string {
	return "the options of " + number(a.args[0]) + " of " + count(a.args[1], "segment") + " were cut"
}

func detectBadSum(s *scene) {
	for dir := range uint8(2) {
		m := s.marked(markBadSum, dir)
		switch {
		case m == nil:
		case s.sides[dir].goodSum:
			s.raiseMark(m, args{int64(m.count)}).onSide(s.side(dir))
		case s.taken(m):
		case s.damaged(m):
			s.raiseMark(m, args{0}).onSide(s.side(dir))
		case s.c.Outcome == Unanswered && (m.count > 1 || s.lasts(m.time) >= int64(patience)):
			s.raiseMark(m, args{-1}).onSide(s.side(dir))
		}
	}
}

// taken reports whether anybody acknowledged anything of a sender that never had a right checksum.
func (s *scene) taken(m *mark) bool {
	return s.find(1-m.dir, 0, func(f *fact) bool {
		return f.has(wire.ACK) && f.time >= m.time && (!s.sides[m.dir].knowsISN || f.covers(s.sides[m.dir].isn))
	}) != nil
}

// damaged reports whether wrong checksums of a sender that never had a right one are not left to its network card: routers forwarded the
// first, so that it was on the wire as it is, or its peer goes on as if none had come.
func (s *scene) damaged(m *mark) bool {
	again := s.find(1-m.dir, 0, func(f *fact) bool { return f.any(wire.SYN) && f.time > m.time })
	return !initialTTL(m.ttl) || again != nil
}

// dropped reports whether the receiver of a SYN or SYN-ACK dropped it for its checksum: the first that was wrong.
func (s *scene) dropped(f *fact) bool {
	m := s.marked(markBadSum, f.dir())
	return m != nil && m.ahead == f.ahead && (s.sides[m.dir].goodSum || !s.taken(m))
}

// initialTTL reports whether it is one that hosts send with: no router has forwarded the packet.
func initialTTL(ttl uint8) bool { return ttl == 32 || ttl == 64 || ttl == 128 || ttl == 255 }

func detailBadSum(a *Anomaly) string {
	switch a.args[0] {
	case -1:
		return "no segment of the " + a.Side.String() + " has a right checksum: they are damaged, or it leaves that to its network card; the " +
			a.Side.Peer().String() + " answers none"
	case 0:
		return "the " + a.Side.String() + "'s segments have wrong checksums, and the " + a.Side.Peer().String() + " does not take them"
	}
	return count(a.args[0], "segment") + " of the " + a.Side.String() + " with a wrong checksum; other checksums of its are right"
}
