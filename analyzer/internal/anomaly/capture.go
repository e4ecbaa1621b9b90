package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

func (s *pass) both(k conn.IncidentKind) (first *conn.Incident, n int64) {
	for dir := range uint8(2) {
		if m := s.Incident(k, dir); m != nil {
			n += int64(m.Count)
			if first == nil || m.Ahead < first.Ahead {
				first = m
			}
		}
	}
	return first, n
}

func detectDuplicates(s *pass) {
	m, n := s.both(conn.IncidentDuplicate)
	s.raiseIncident(m, args{n, int64(s.C.Packets())})
}

func detailDuplicates(a *Anomaly) string {
	return number(a.args[0]) + " of " + count(a.args[1], "frame") + " are second copies; they are not analyzed"
}

func detectReordered(s *pass) {
	if m, n := s.both(conn.IncidentReordered); m != nil {
		s.raiseIncident(m, args{n})
		return
	}
	for dir := range uint8(2) {
		syn := s.Find(dir, 0, conn.IsSYN)
		if syn == nil {
			continue
		}
		answer := s.Find(1-dir, 0, func(f *conn.Fact) bool { return conn.IsSYNACK(f) && f.Covers(syn.Seq) && f.Ahead < syn.Ahead })
		if answer != nil && syn.Time-answer.Time <= conn.CaptureSkew {
			s.raiseFact(syn, args{0, int64(syn.Time - answer.Time)})
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

func detectLoss(s *pass) {
	for dir := range uint8(2) {
		if m := s.Incident(conn.IncidentUnseen, dir); m != nil && m.Amount > 0 && !s.Sides[dir].Unseen {
			s.raiseIncident(m, args{m.Amount, int64(m.Count)}).onSide(s.Side(dir))
		}
	}
}

func detailLoss(a *Anomaly) string {
	return bytesOrFIN(a.args[0]) + " of the " + a.Side.String() + " acknowledged but not captured"
}

func detectClock(s *pass) {
	m := s.Incident(conn.IncidentClock, 0)
	s.raiseIncident(m, args{m.Amount, int64(m.Count)})
}

func detailClock(a *Anomaly) string {
	return "the clock went back " + times(a.args[1]) + ", by " + duration(a.args[0]) + " at most"
}

// detectOneSided wants proof that the other direction was there: an ACK that advances, or one of a SYN.
func detectOneSided(s *pass) {
	for dir := range uint8(2) {
		if !s.Sides[dir].Unseen || s.C.Sent[s.Side(1-dir)].Packets < 2 {
			continue
		}
		heard := s.Find(1-dir, 0, func(f *conn.Fact) bool {
			return f.Bits.Has(conn.FactAdvance) && !conn.IsRST(f) || f.Any(wire.SYN) && f.Has(wire.ACK) || conn.IsOrdinary(f) && s.Sides[1-dir].KnowsISN
		})
		if heard != nil {
			s.raise(s.Side(1-dir), heard, args{int64(s.C.Packets())})
		}
	}
}

func detailOneSided(a *Anomaly) string {
	return "all " + count(a.args[0], "segment") + " are from the " + a.Side.String() + "; the " + a.Side.Peer().String() + "'s are not captured"
}

func detectCutOptions(s *pass) {
	m := s.Incident(conn.IncidentCutOptions, 0)
	s.raiseIncident(m, args{int64(m.Count), int64(s.C.Packets())})
}

func detailCutOptions(a *Anomaly) string {
	return "the options of " + number(a.args[0]) + " of " + count(a.args[1], "segment") + " were cut"
}

func detectBadSum(s *pass) {
	for dir := range uint8(2) {
		m := s.Incident(conn.IncidentBadSum, dir)
		switch {
		case m == nil:
		case s.Sides[dir].GoodSum:
			s.raiseIncident(m, args{int64(m.Count)}).onSide(s.Side(dir))
		case s.taken(m):
		case s.damaged(m):
			s.raiseIncident(m, args{0}).onSide(s.Side(dir))
		case s.C.Outcome == conn.Unanswered && (m.Count > 1 || s.Lasts(m.Time) >= int64(patience)):
			s.raiseIncident(m, args{-1}).onSide(s.Side(dir))
		}
	}
}

// taken reports whether anybody acknowledged anything of a sender that never had a right checksum.
func (s *pass) taken(m *conn.Incident) bool {
	return s.Find(1-m.Dir, 0, func(f *conn.Fact) bool {
		return f.Has(wire.ACK) && f.Time >= m.Time && (!s.Sides[m.Dir].KnowsISN || f.Covers(s.Sides[m.Dir].ISN))
	}) != nil
}

// damaged reports whether wrong checksums of a sender that never had a right one are not left to its network card: routers forwarded the
// first, so that it was on the wire as it is, or its peer goes on as if none had come.
func (s *pass) damaged(m *conn.Incident) bool {
	again := s.Find(1-m.Dir, 0, func(f *conn.Fact) bool { return f.Any(wire.SYN) && f.Time > m.Time })
	return !initialTTL(m.TTL) || again != nil
}

// dropped reports whether the receiver of a SYN or SYN-ACK dropped it for its checksum: the first that was wrong.
func (s *pass) dropped(f *conn.Fact) bool {
	m := s.Incident(conn.IncidentBadSum, f.Dir())
	return m != nil && m.Ahead == f.Ahead && (s.Sides[m.Dir].GoodSum || !s.taken(m))
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
