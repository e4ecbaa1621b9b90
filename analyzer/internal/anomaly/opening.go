package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// patience is for how long a capture must go on after a SYN or SYN-ACK before its
// silence means something: the first retry comes after a second (RFC 6298 2.1).
const patience conn.Time = 1e9

func detectResetInHandshake(s *pass) {
	c := &s.J.Close
	if c.Kind != state.CloseReset || !c.InHandshake || s.C.Outcome == conn.Unanswered {
		return
	}
	// Who resets a SYN-ACK without having sent its SYN, as far as the capture shows, has lost nothing: the SYN was an old one, or not its own.
	if s.Find(s.Dir(c.By), 0, conn.IsSYN) != nil || s.Find(s.Dir(c.By.Peer()), 0, conn.IsSYN) != nil || !conn.IsPlainRST(&c.Rst) {
		s.raise(c.By.Peer(), &c.Rst, args{int64(c.Cause), int64(c.Time - s.C.Start)})
	}
}

func detectUnasked(s *pass) {
	c := &s.J.Close
	synack := s.Find(s.Dir(c.By.Peer()), 0, conn.IsSYNACK)
	if c.Cause == state.ResetUnasked && synack != nil {
		s.raise(c.By, &c.Rst, args{int64(c.Time - synack.Time)})
	}
}

func detailUnasked(a *Anomaly) string {
	return "the " + a.Side.String() + " answered a SYN-ACK by a plain RST " + duration(a.args[0]) + " later, as a host does that did not ask for it, or a half-open scan; the SYN was not captured"
}

func detailResetInHandshake(a *Anomaly) string {
	after := duration(a.args[1]) + " after the first segment"
	switch state.ResetCause(a.args[0]) {
	case state.ResetRefused:
		return "refused: the " + a.Side.Peer().String() + " answered the SYN by an RST " + after
	case state.ResetScan:
		return "half-open scan, or a connect() that was given up: the " + a.Side.Peer().String() + " answered the SYN-ACK by an RST " + after
	case state.ResetAbandoned:
		return "aborted: the " + a.Side.Peer().String() + " reset while it connected, " + after
	case state.ResetDropped:
		return "the " + a.Side.Peer().String() + " reset after its own SYN-ACK, " + after
	}
	return "RST from the " + a.Side.Peer().String() + " " + after + ": " + state.ResetCause(a.args[0]).Text()
}

// detectRefused tells of an endpoint that an RST took from SYN_SENT to CLOSED, and counts the SYNs that were so answered: a
// connection may be tried again.
func detectRefused(s *pass) {
	for dir := range uint8(2) {
		if !s.refusedIn(s.J.Trajectory[s.Side(dir)]) {
			continue
		}
		syns := s.copies(dir, conn.IsSYN)
		rsts := s.copies(1-dir, func(f *conn.Fact) bool {
			return conn.IsRST(f) && f.Bits.Has(conn.FactAccepted) && f.Covers(s.Sides[dir].ISN) && !s.GivesUp(f)
		})
		if syns.n > 0 && rsts.n > 0 {
			s.raise(s.Side(dir), rsts.first, args{int64(rsts.n), int64(rsts.first.Time - syns.first.Time), rsts.gaps[0], rsts.gaps[1]})
		}
	}
}

func (s *pass) refusedIn(steps []state.Step) bool {
	for i := range steps {
		if i > 0 && steps[i].Cause == fsm.RecvRST && steps[i-1].State == fsm.SynSent {
			return true
		}
	}
	return false
}

func detailRefused(a *Anomaly) string {
	text := "the " + a.Side.Peer().String() + " answered the SYN by an RST after " + duration(a.args[1])
	if n := a.args[0]; n > 1 {
		text += "; refused " + times(n) + ", " + gaps(a.args[2:]).text(n-1)
	}
	return text
}

// detectNoAnswer tells of a SYN to which nothing came back that its sender takes. What TIME_WAIT answers is
// time-wait-refused.
func detectNoAnswer(s *pass) {
	for dir := range uint8(2) {
		syns := s.copies(dir, conn.IsSYN)
		if syns.n == 0 || s.C.Outcome != conn.Unanswered || s.Incident(conn.IncidentOldAnswer, 1-dir) != nil || s.refusedLately(dir) {
			continue
		}
		end := nothingCame
		if !s.Sides[1-dir].Unseen {
			end = notTaken
		}
		rst := s.Find(dir, 0, func(f *conn.Fact) bool { return conn.IsRST(f) && !s.OfAnother(f) })
		if rst != nil && rst.Ahead > syns.last.Ahead {
			end |= resetAtEnd
		}
		if waited := s.Lasts(syns.first.Time); syns.n > 1 || waited >= int64(patience) || rst != nil {
			s.raise(s.Side(dir), syns.first, args{int64(syns.n) | end, waited, syns.gaps[0], syns.gaps[1]})
		}
	}
}

// refusedLately reports whether an RST answered a SYN of a direction, or its sender reset an older connection that it met, and not more
// than one SYN followed: the RST may have been lost.
func (s *pass) refusedLately(dir uint8) bool {
	var last *conn.Fact
	for i := range s.Facts {
		if f := &s.Facts[i]; f.Dir() != dir && conn.IsRST(f) && f.Bits.Has(conn.FactAccepted) || f.Dir() == dir && s.OfAnother(f) {
			last = f
		}
	}
	if last == nil {
		return false
	}
	after := s.copies(dir, func(f *conn.Fact) bool { return conn.IsSYN(f) && f.Ahead > last.Ahead })
	return after.n < 2
}

// How a SYN without an answer ended: args[0] holds it above the count.
const (
	nothingCame int64 = 0
	notTaken    int64 = 1 << 32 // what came back is not acceptable
	resetAtEnd  int64 = 2 << 32
)

func detailNoAnswer(a *Anomaly) string {
	text := sentTimes(a, "SYN", a.args[1])
	if a.args[0]&notTaken != 0 {
		text += "; nothing came back that it takes"
	} else {
		text += "; nothing came back"
	}
	if a.args[0]&resetAtEnd != 0 {
		text += "; then it gave up by an RST"
	}
	return text
}

// sentTimes is "client waited 3.0 s: SYN sent 3 times, 1.0 s and 2.0 s apart".
func sentTimes(a *Anomaly, what string, waited int64) string {
	n := a.args[0] & (1<<32 - 1)
	text := a.Side.String() + " waited " + duration(waited) + ": " + what + " sent " + times(n)
	if n > 1 {
		text += ", " + gaps(a.args[2:]).text(n-1)
	}
	return text
}

// What a repeated SYN or SYN-ACK says about the one before: args[0] holds it above the count.
const (
	lostUnknown   int64 = iota << 32
	answerLost          // an answer had passed the tap
	refusedBefore       // that was an RST
	answersAgain        // the SYN came again, too
	tooSoon             // it was not a timer
	wrongSum            // its checksum was wrong
	oldAnswer           // an ACK of the connection before had passed
)

func detectSYNAgain(s *pass) {
	for dir := range uint8(2) {
		syns := s.copies(dir, conn.IsSYN)
		if syns.n == 1 {
			s.triedAgainUnseen(dir, syns.first)
		}
		if syns.n < 2 {
			continue
		}
		why := lostUnknown
		if s.dropped(syns.first) {
			why = wrongSum
		} else if f := s.answer(syns.first, syns.second); f != nil {
			why = answerLost
			if conn.IsRST(f) {
				why = refusedBefore
			}
		} else if m := s.Incident(conn.IncidentOldAnswer, 1-dir); m != nil && m.Time < syns.second.Time {
			why = oldAnswer
		}
		s.raise(s.Side(dir), syns.second, args{int64(syns.n) | why, syns.span(), syns.gaps[0], syns.gaps[1]})
	}
}

// triedAgainUnseen tells of a SYN that was refused, and opened a connection all the same: it came again.
func (s *pass) triedAgainUnseen(dir uint8, syn *conn.Fact) {
	rst := s.Find(1-dir, 0, func(f *conn.Fact) bool { return refuses(f, syn) && f.Ahead > syn.Ahead })
	opened := s.Step(s.Side(dir), fsm.Established)
	if rst != nil && opened != nil && opened.Frame > s.Frame(rst) {
		s.raise(s.Side(dir), rst, args{1 | refusedBefore, int64(opened.Time - syn.Time)})
	}
}

func detailSYNAgain(a *Anomaly) string {
	if a.args[0]&(1<<32-1) == 1 {
		return "the " + a.Side.String() + "'s SYN was refused, and sent again, at most " + duration(a.args[1]) + " later; that was not captured"
	}
	text := sentTimes(a, "SYN", a.args[1])
	switch a.args[0] >> 32 << 32 {
	case answerLost:
		text += "; an answer had passed before the second"
	case oldAnswer:
		text += "; an ACK of the connection before had answered the first"
	case refusedBefore:
		text += "; the first was refused"
	case wrongSum:
		text += "; the checksum of the first is wrong"
	}
	return text
}

func detectSYNACKAgain(s *pass) {
	for dir := range uint8(2) {
		synacks := s.copies(dir, conn.IsSYNACK)
		if synacks.n < 2 {
			continue
		}
		why := lostUnknown
		if s.dropped(synacks.first) {
			why = wrongSum
		} else if s.Find(1-dir, 0, func(f *conn.Fact) bool { return f.Ahead < synacks.second.Ahead && covering(s.Sides[dir].ISN)(f) }) != nil {
			why = answerLost
		} else if s.Find(1-dir, 0, func(f *conn.Fact) bool {
			return conn.IsSYN(f) && f.Ahead > synacks.first.Ahead && f.Ahead < synacks.second.Ahead
		}) != nil {
			why = answersAgain
		}
		if why != answersAgain && why != wrongSum && synacks.second.Time-synacks.first.Time < conn.LeastTimer {
			why = tooSoon
		}
		s.raise(s.Side(dir), synacks.second, args{int64(synacks.n) | why, synacks.span(), synacks.gaps[0], synacks.gaps[1]})
	}
}

func detailSYNACKAgain(a *Anomaly) string {
	peer := a.Side.Peer().String()
	text := sentTimes(a, "SYN-ACK", a.args[1])
	switch a.args[0] >> 32 << 32 {
	case answerLost:
		return text + "; the " + peer + " had acknowledged: that ACK was lost, or not taken"
	case answersAgain:
		return text + "; the SYN came again, so the SYN-ACK was lost or late"
	case wrongSum:
		return text + "; the checksum of the first is wrong"
	case tooSoon:
		return text + "; too soon for a timer: the SYN arrived twice"
	}
	return text + "; no ACK of the " + peer + " had come"
}

func detectIncomplete(s *pass) {
	for dir := range uint8(2) {
		side := s.Side(dir)
		synacks := s.copies(dir, conn.IsSYNACK)
		if synacks.n == 0 || s.C.Outcome != conn.HalfOpen || s.J.State[side] != fsm.SynRcvd || s.Find(1-dir, 0, func(f *conn.Fact) bool { return conn.IsRST(f) || covering(s.Sides[dir].ISN)(f) }) != nil ||
			s.Find(dir, 0, func(f *conn.Fact) bool { return f.Bits.Has(conn.FactForeign) }) != nil {
			continue
		}
		if waited := s.Lasts(synacks.first.Time); synacks.n > 1 || waited >= int64(patience) {
			s.raise(side, synacks.last, args{int64(synacks.n), waited, synacks.gaps[0], synacks.gaps[1]})
		}
	}
}

func detailIncomplete(a *Anomaly) string {
	return sentTimes(a, "SYN-ACK", a.args[1]) + "; left in SYN_RCVD"
}

func detectSimultaneousOpen(s *pass) {
	a, b := s.Find(0, 0, conn.IsSYN), s.Find(1, 0, conn.IsSYN)
	if a == nil || b == nil || s.splitBy(a, b) >= 0 {
		return
	}
	if s.J.Close.Kind == state.CloseReset && (s.Step(conn.Client, fsm.Established) == nil || s.Step(conn.Server, fsm.Established) == nil) {
		return // they did not meet
	}
	if a.Ahead > b.Ahead {
		a, b = b, a
	}
	s.raiseFact(b, args{int64(b.Time - a.Time)})
}

func detailSimultaneousOpen(a *Anomaly) string {
	return "the second SYN passed the tap " + duration(a.args[0]) + " after the first"
}

// splitBy is the direction that split the handshake, -1 if none did: it acknowledged the SYN before it sent
// its own, or sent that when it must have had the other, and never a SYN-ACK.
func (s *pass) splitBy(a, b *conn.Fact) int {
	if a.Ahead > b.Ahead {
		a, b = b, a
	}
	d := b.Dir()
	acked := s.Find(d, 0, func(f *conn.Fact) bool { return f.Ahead < b.Ahead && covering(s.Sides[1-d].ISN)(f) })
	r := s.Sides[d].Distance
	late := r > 0 && b.Time-a.Time >= r*9/10
	if acked != nil || late && s.Find(d, 0, conn.IsSYNACK) == nil && s.Find(1-d, 0, conn.IsSYNACK) != nil {
		return int(d)
	}
	return -1
}

func detectSplit(s *pass) {
	a, b := s.Find(0, 0, conn.IsSYN), s.Find(1, 0, conn.IsSYN)
	if a == nil || b == nil {
		return
	}
	if dir := s.splitBy(a, b); dir >= 0 {
		d := uint8(dir)
		syn := s.Find(d, 0, conn.IsSYN)
		alone := int64(1)
		if s.Find(d, 0, func(f *conn.Fact) bool { return f.Ahead < syn.Ahead && covering(s.Sides[1-d].ISN)(f) }) != nil {
			alone = 0
		}
		s.raise(s.Side(d), syn, args{alone})
	}
}

func detailSplit(a *Anomaly) string {
	if a.args[0] == 1 {
		return "the " + a.Side.String() + " answered the SYN by a SYN without ACK"
	}
	return "the " + a.Side.String() + " answered the SYN by an ACK, and sent its SYN apart"
}

// detectSYNChanged looks for a SYN-ACK with another ISN, and for a SYN with
// another than the one of the conversation before, which had no answer.
func detectSYNChanged(s *pass) {
	for dir := range uint8(2) {
		if m := s.Incident(conn.IncidentSucceeds, dir); m != nil && conn.Predecessor(m.Count)&(conn.PriorUnanswered|conn.WasProbe) == conn.PriorUnanswered && s.opens() {
			s.raiseIncident(m, args{0, m.Amount}).onSide(s.Side(dir))
		}
		if f := s.Find(dir, 0, func(f *conn.Fact) bool { return f.Bits.Has(conn.FactForeign) && f.Has(wire.SYN|wire.ACK) }); f != nil && s.opens() {
			how := int64(1)
			answered := func(g *conn.Fact) bool { return g.Any(wire.SYN) && f.Ack-g.Seq-1 <= uint32(g.Len) }
			if s.Find(1-dir, 0, conn.IsSYN) != nil && s.Find(1-dir, 0, answered) == nil {
				how = 2
			} else if own := s.Find(dir, 0, conn.IsSYNACK); own != nil && f.Ahead < own.Ahead {
				how = 3
			}
			s.raise(s.Side(dir), f, args{how, int64(max(0, f.Time-s.C.Start))})
		}
	}
}

// opens reports whether the capture has a SYN or SYN-ACK of the connection.
func (s *pass) opens() bool {
	own := func(f *conn.Fact) bool { return f.Any(wire.SYN) && !f.Bits.Has(conn.FactForeign) }
	return s.Find(0, 0, own) != nil || s.Find(1, 0, own) != nil
}

func detailSYNChanged(a *Anomaly) string {
	switch a.args[0] {
	case 0:
		return "the SYN before, " + duration(a.args[1]) + " earlier and unanswered, had another ISN"
	case 2:
		return "a SYN-ACK of another connection, " + duration(a.args[1]) + " after the first segment: it acknowledges no SYN that was sent"
	case 3:
		return "a SYN-ACK with another ISN than the one that the client took, " + duration(a.args[1]) + " after the first segment"
	}
	return "a second SYN-ACK with another ISN, " + duration(a.args[1]) + " after the first segment"
}

// discovery is the RST by which an endpoint that forgot the connection ends it: its SYN, at the
// time syn, was answered by an ACK of what its peer, dir, still held.
func (s *pass) discovery(dir uint8) (syn conn.Time, rst *conn.Fact) {
	m := s.Incident(conn.IncidentChallenge, dir)
	if m == nil || s.J.Close.Kind == state.CloseGraceful {
		return s.discoveryOfUnseen(dir)
	}
	next := s.Incident(conn.IncidentSucceeded, 1-dir)
	blind := s.Find(1-dir, 0, func(f *conn.Fact) bool { return f.Bits.Has(conn.FactForeign) && isSYNOnly(f) && f.Time <= m.Last })
	switch {
	case next != nil && next.Time <= m.Last:
		syn = next.Time
	case blind != nil:
		syn = blind.Time
	default:
		return s.discoveryOfUnseen(dir)
	}
	return syn, s.Find(1-dir, 0, func(f *conn.Fact) bool { return conn.IsPlainRST(f) && f.Time >= m.Time && f.Time >= syn })
}

// discoveryOfUnseen is discovery where the capture does not hold the old connection: the
// first answer to the SYN acknowledges something else.
func (s *pass) discoveryOfUnseen(dir uint8) (syn conn.Time, rst *conn.Fact) {
	first := s.Find(1-dir, 0, conn.IsSYN)
	if first == nil {
		return 0, nil
	}
	old := s.Find(dir, 0, func(f *conn.Fact) bool {
		return conn.IsOrdinary(f) && f.Has(wire.ACK) && f.Ahead > first.Ahead && f.Ack-first.Seq-1 > uint32(first.Len)
	})
	if old == nil || s.Find(dir, 0, func(f *conn.Fact) bool { return conn.IsSYNACK(f) && f.Ahead < old.Ahead }) != nil ||
		s.Find(1-dir, 0, func(f *conn.Fact) bool { return conn.IsOrdinary(f) && f.Ahead < old.Ahead }) != nil {
		return 0, nil
	}
	return first.Time, s.Find(1-dir, 0, func(f *conn.Fact) bool { return conn.IsPlainRST(f) && f.Ahead > old.Ahead && f.Seq == old.Ack })
}

func isSYNOnly(f *conn.Fact) bool { return f.Any(wire.SYN) && !f.Any(wire.ACK|wire.RST) }

func detectHalfOpen(s *pass) {
	for dir := range uint8(2) {
		if syn, rst := s.discovery(dir); rst != nil {
			s.raise(s.Side(dir), rst, args{int64(rst.Time - syn)})
		}
	}
}

func detailHalfOpen(a *Anomaly) string {
	return "the " + a.Side.String() + " still held the old connection and answered the SYN by an ACK of that; the " + a.Side.Peer().String() + " reset it " +
		duration(a.args[0]) + " after its SYN"
}

func detectSYNData(s *pass) {
	for dir := range uint8(2) {
		syn := s.Find(dir, 0, func(f *conn.Fact) bool { return conn.IsSYN(f) && f.Len > 0 })
		if syn == nil {
			continue
		}
		taken := int64(-1)
		if answer := s.Find(1-dir, 0, func(f *conn.Fact) bool { return conn.IsSYNACK(f) && f.Covers(syn.Seq) }); answer != nil {
			taken = int64(answer.Ack - syn.Seq - 1)
		}
		s.raise(s.Side(dir), syn, args{int64(syn.Len), taken})
	}
}

func detailSYNData(a *Anomaly) string {
	text := count(a.args[0], "byte") + " with the SYN"
	switch taken := a.args[1]; {
	case taken < 0:
		return text + "; no SYN-ACK was seen"
	case taken == 0:
		return text + ", ignored"
	case taken < a.args[0]:
		return text + ", " + number(taken) + " of them accepted"
	}
	return text + ", accepted"
}
