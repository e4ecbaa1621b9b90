package analyzer

import (
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// patience is for how long a capture must go on after a SYN or SYN-ACK before its
// silence means something: the first retry comes after a second (RFC 6298 2.1).
const patience Time = 1e9

func detectResetInHandshake(s *scene) {
	c := &s.j.Close
	if c.Kind != CloseReset || !c.InHandshake || s.c.Outcome == Unanswered {
		return
	}
	// Who resets a SYN-ACK without having sent its SYN, as far as the capture shows, has lost nothing: the SYN was an old one, or not its own.
	if s.find(s.dir(c.By), 0, isSYN) != nil || s.find(s.dir(c.By.Peer()), 0, isSYN) != nil || !isPlainRST(&c.rst) {
		s.raise(c.By.Peer(), &c.rst, args{int64(c.Cause), int64(c.Time - s.c.Start)})
	}
}

func detectUnasked(s *scene) {
	c := &s.j.Close
	synack := s.find(s.dir(c.By.Peer()), 0, isSYNACK)
	if c.Cause == ResetUnasked && synack != nil {
		s.raise(c.By, &c.rst, args{int64(c.Time - synack.time)})
	}
}

func detailUnasked(a *Anomaly) string {
	return "the " + a.Side.String() + " answered a SYN-ACK by a plain RST " + duration(a.args[0]) + " later, as a host does that did not ask for it, or a half-open scan; the SYN was not captured"
}

func detailResetInHandshake(a *Anomaly) string {
	after := duration(a.args[1]) + " after the first segment"
	switch ResetCause(a.args[0]) {
	case ResetRefused:
		return "refused: the " + a.Side.Peer().String() + " answered the SYN by an RST " + after
	case ResetScan:
		return "half-open scan, or a connect() that was given up: the " + a.Side.Peer().String() + " answered the SYN-ACK by an RST " + after
	case ResetAbandoned:
		return "aborted: the " + a.Side.Peer().String() + " reset while it connected, " + after
	case ResetDropped:
		return "the " + a.Side.Peer().String() + " reset after its own SYN-ACK, " + after
	}
	return "RST from the " + a.Side.Peer().String() + " " + after + ": " + ResetCause(a.args[0]).text()
}

// detectRefused tells of an endpoint that an RST took from SYN_SENT to CLOSED, and counts the SYNs that were so answered: a
// connection may be tried again.
func detectRefused(s *scene) {
	for dir := range uint8(2) {
		if !s.refusedIn(s.j.Trajectory[s.side(dir)]) {
			continue
		}
		syns := s.copies(dir, isSYN)
		rsts := s.copies(1-dir, func(f *fact) bool {
			return isRST(f) && f.bits.has(factAccepted) && f.covers(s.sides[dir].isn) && !s.givesUp(f)
		})
		if syns.n > 0 && rsts.n > 0 {
			s.raise(s.side(dir), rsts.first, args{int64(rsts.n), int64(rsts.first.time - syns.first.time), rsts.gaps[0], rsts.gaps[1]})
		}
	}
}

func (s *scene) refusedIn(steps []Step) bool {
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
func detectNoAnswer(s *scene) {
	for dir := range uint8(2) {
		syns := s.copies(dir, isSYN)
		if syns.n == 0 || s.c.Outcome != Unanswered || s.marked(markOldAnswer, 1-dir) != nil || s.refusedLately(dir) {
			continue
		}
		end := nothingCame
		if !s.sides[1-dir].unseen {
			end = notTaken
		}
		rst := s.find(dir, 0, func(f *fact) bool { return isRST(f) && !s.ofAnother(f) })
		if rst != nil && rst.ahead > syns.last.ahead {
			end |= resetAtEnd
		}
		if waited := s.lasts(syns.first.time); syns.n > 1 || waited >= int64(patience) || rst != nil {
			s.raise(s.side(dir), syns.first, args{int64(syns.n) | end, waited, syns.gaps[0], syns.gaps[1]})
		}
	}
}

// refusedLately reports whether an RST answered a SYN of a direction, or its sender reset an older connection that it met, and not more
// than one SYN followed: the RST may have been lost.
func (s *scene) refusedLately(dir uint8) bool {
	var last *fact
	for i := range s.facts {
		if f := &s.facts[i]; f.dir() != dir && isRST(f) && f.bits.has(factAccepted) || f.dir() == dir && s.ofAnother(f) {
			last = f
		}
	}
	if last == nil {
		return false
	}
	after := s.copies(dir, func(f *fact) bool { return isSYN(f) && f.ahead > last.ahead })
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
)

func detectSYNAgain(s *scene) {
	for dir := range uint8(2) {
		syns := s.copies(dir, isSYN)
		if syns.n < 2 {
			continue
		}
		why := lostUnknown
		if s.dropped(syns.first) {
			why = wrongSum
		} else if f := s.answer(syns.first, syns.second); f != nil {
			why = answerLost
			if isRST(f) {
				why = refusedBefore
			}
		}
		s.raise(s.side(dir), syns.second, args{int64(syns.n) | why, syns.span(), syns.gaps[0], syns.gaps[1]})
	}
}

func detailSYNAgain(a *Anomaly) string {
	text := sentTimes(a, "SYN", a.args[1])
	switch a.args[0] >> 32 << 32 {
	case answerLost:
		text += "; an answer had passed before the second"
	case refusedBefore:
		text += "; the first was refused"
	case wrongSum:
		text += "; the checksum of the first is wrong"
	}
	return text
}

func detectSYNACKAgain(s *scene) {
	for dir := range uint8(2) {
		synacks := s.copies(dir, isSYNACK)
		if synacks.n < 2 {
			continue
		}
		why := lostUnknown
		if s.dropped(synacks.first) {
			why = wrongSum
		} else if s.find(1-dir, 0, func(f *fact) bool { return f.ahead < synacks.second.ahead && covering(s.sides[dir].isn)(f) }) != nil {
			why = answerLost
		} else if s.find(1-dir, 0, func(f *fact) bool {
			return isSYN(f) && f.ahead > synacks.first.ahead && f.ahead < synacks.second.ahead
		}) != nil {
			why = answersAgain
		}
		if why != answersAgain && why != wrongSum && synacks.second.time-synacks.first.time < leastTimer {
			why = tooSoon
		}
		s.raise(s.side(dir), synacks.second, args{int64(synacks.n) | why, synacks.span(), synacks.gaps[0], synacks.gaps[1]})
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

func detectIncomplete(s *scene) {
	for dir := range uint8(2) {
		side := s.side(dir)
		synacks := s.copies(dir, isSYNACK)
		if synacks.n == 0 || s.c.Outcome != HalfOpen || s.j.State[side] != fsm.SynRcvd || s.find(1-dir, 0, func(f *fact) bool { return isRST(f) || covering(s.sides[dir].isn)(f) }) != nil ||
			s.find(dir, 0, func(f *fact) bool { return f.bits.has(factForeign) }) != nil {
			continue
		}
		if waited := s.lasts(synacks.first.time); synacks.n > 1 || waited >= int64(patience) {
			s.raise(side, synacks.last, args{int64(synacks.n), waited, synacks.gaps[0], synacks.gaps[1]})
		}
	}
}

func detailIncomplete(a *Anomaly) string {
	return sentTimes(a, "SYN-ACK", a.args[1]) + "; left in SYN_RCVD"
}

func detectSimultaneousOpen(s *scene) {
	a, b := s.find(0, 0, isSYN), s.find(1, 0, isSYN)
	if a == nil || b == nil || s.splitBy(a, b) >= 0 {
		return
	}
	if s.j.Close.Kind == CloseReset && (s.step(Client, fsm.Established) == nil || s.step(Server, fsm.Established) == nil) {
		return // they did not meet
	}
	if a.ahead > b.ahead {
		a, b = b, a
	}
	s.raiseFact(b, args{int64(b.time - a.time)})
}

func detailSimultaneousOpen(a *Anomaly) string {
	return "the second SYN passed the tap " + duration(a.args[0]) + " after the first"
}

// splitBy is the direction that split the handshake, -1 if none did: it acknowledged the SYN before it sent
// its own, or sent that when it must have had the other, and never a SYN-ACK.
func (s *scene) splitBy(a, b *fact) int {
	if a.ahead > b.ahead {
		a, b = b, a
	}
	d := b.dir()
	acked := s.find(d, 0, func(f *fact) bool { return f.ahead < b.ahead && covering(s.sides[1-d].isn)(f) })
	r := s.sides[d].distance
	late := r > 0 && b.time-a.time >= r*9/10
	if acked != nil || late && s.find(d, 0, isSYNACK) == nil && s.find(1-d, 0, isSYNACK) != nil {
		return int(d)
	}
	return -1
}

func detectSplit(s *scene) {
	a, b := s.find(0, 0, isSYN), s.find(1, 0, isSYN)
	if a == nil || b == nil {
		return
	}
	if dir := s.splitBy(a, b); dir >= 0 {
		d := uint8(dir)
		syn := s.find(d, 0, isSYN)
		alone := int64(1)
		if s.find(d, 0, func(f *fact) bool { return f.ahead < syn.ahead && covering(s.sides[1-d].isn)(f) }) != nil {
			alone = 0
		}
		s.raise(s.side(d), syn, args{alone})
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
func detectSYNChanged(s *scene) {
	for dir := range uint8(2) {
		if m := s.marked(markSucceeds, dir); m != nil && predecessor(m.count)&(wasUnanswered|wasProbe) == wasUnanswered && s.opens() {
			s.raiseMark(m, args{0, m.amount}).onSide(s.side(dir))
		}
		if f := s.find(dir, 0, func(f *fact) bool { return f.bits.has(factForeign) && f.has(wire.SYN|wire.ACK) }); f != nil && s.opens() {
			how := int64(1)
			answered := func(g *fact) bool { return g.any(wire.SYN) && f.ack-g.seq-1 <= uint32(g.len) }
			if s.find(1-dir, 0, isSYN) != nil && s.find(1-dir, 0, answered) == nil {
				how = 2
			} else if own := s.find(dir, 0, isSYNACK); own != nil && f.ahead < own.ahead {
				how = 3
			}
			s.raise(s.side(dir), f, args{how, int64(max(0, f.time-s.c.Start))})
		}
	}
}

// opens reports whether the capture has a SYN or SYN-ACK of the connection.
func (s *scene) opens() bool {
	own := func(f *fact) bool { return f.any(wire.SYN) && !f.bits.has(factForeign) }
	return s.find(0, 0, own) != nil || s.find(1, 0, own) != nil
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
func (s *scene) discovery(dir uint8) (syn Time, rst *fact) {
	m := s.marked(markChallenge, dir)
	if m == nil || s.j.Close.Kind == CloseGraceful {
		return s.discoveryOfUnseen(dir)
	}
	next := s.marked(markSucceeded, 1-dir)
	blind := s.find(1-dir, 0, func(f *fact) bool { return f.bits.has(factForeign) && isSYNOnly(f) && f.time <= m.last })
	switch {
	case next != nil && next.time <= m.last:
		syn = next.time
	case blind != nil:
		syn = blind.time
	default:
		return s.discoveryOfUnseen(dir)
	}
	return syn, s.find(1-dir, 0, func(f *fact) bool { return isPlainRST(f) && f.time >= m.time && f.time >= syn })
}

// discoveryOfUnseen is discovery where the capture does not hold the old connection: the
// first answer to the SYN acknowledges something else.
func (s *scene) discoveryOfUnseen(dir uint8) (syn Time, rst *fact) {
	first := s.find(1-dir, 0, isSYN)
	if first == nil {
		return 0, nil
	}
	old := s.find(dir, 0, func(f *fact) bool {
		return ordinary(f) && f.has(wire.ACK) && f.ahead > first.ahead && f.ack-first.seq-1 > uint32(first.len)
	})
	if old == nil || s.find(dir, 0, func(f *fact) bool { return isSYNACK(f) && f.ahead < old.ahead }) != nil ||
		s.find(1-dir, 0, func(f *fact) bool { return ordinary(f) && f.ahead < old.ahead }) != nil {
		return 0, nil
	}
	return first.time, s.find(1-dir, 0, func(f *fact) bool { return isPlainRST(f) && f.ahead > old.ahead && f.seq == old.ack })
}

func isSYNOnly(f *fact) bool { return f.any(wire.SYN) && !f.any(wire.ACK|wire.RST) }

func detectHalfOpen(s *scene) {
	for dir := range uint8(2) {
		if syn, rst := s.discovery(dir); rst != nil {
			s.raise(s.side(dir), rst, args{int64(rst.time - syn)})
		}
	}
}

func detailHalfOpen(a *Anomaly) string {
	return "the " + a.Side.String() + " still held the old connection and answered the SYN by an ACK of that; the " + a.Side.Peer().String() + " reset it " +
		duration(a.args[0]) + " after its SYN"
}

func detectSYNData(s *scene) {
	for dir := range uint8(2) {
		syn := s.find(dir, 0, func(f *fact) bool { return isSYN(f) && f.len > 0 })
		if syn == nil {
			continue
		}
		taken := int64(-1)
		if answer := s.find(1-dir, 0, func(f *fact) bool { return isSYNACK(f) && f.covers(syn.seq) }); answer != nil {
			taken = int64(answer.ack - syn.seq - 1)
		}
		s.raise(s.side(dir), syn, args{int64(syn.len), taken})
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
