package analyzer

import "strings"

const (
	// costly is how long a loss may go unrepaired before someone notices.
	costly Time = 200e6
	// lossy is of how many packets one is lost where that is more than a congested path takes.
	lossy = 100
)

// detectPacketLoss tells of segments with payload that were lost and sent again. The last attempts that nothing answered say more of the
// peer than of the path, and are told as such.
func detectPacketLoss(s *scene) {
	for dir := range uint8(2) {
		m := s.marked(markLoss, dir)
		if m == nil || s.sides[1-dir].unseen && m.amount == 0 {
			continue // what was not captured may have acknowledged it
		}
		lost := int64(m.count) - int64(m.run.n)
		if lost <= 0 {
			continue
		}
		before := min(m.amount, lost)
		total := max(int64(s.c.Sent[s.side(dir)].DataPackets)+before, lost)
		a := s.raiseMark(m, args{lost, before, total, int64(m.run.longest)<<8 | int64(m.causes)})
		a.onSide(s.side(dir))
		a.as(SeverityNote)
		if lost*lossy >= total || m.run.longest > costly {
			a.as(SeverityWarning)
		}
	}
}

// repairedBy are the words for what made a sender repair a loss.
var repairedBy = [...]struct {
	causes uint8
	text   string
}{
	{1<<CauseFast | 1<<CauseSACK, "duplicate ACKs or SACK"},
	{1 << CauseTailProbe, "a tail probe"},
	{1 << CauseTimeout, "its timer"},
}

func detailPacketLoss(a *Anomaly) string {
	lost, before, total := a.args[0], a.args[1], a.args[2]
	longest, causes := a.args[3]>>8, uint8(a.args[3])
	side := a.Side.String()
	text := number(lost) + " of " + count(total, "packet") + " of the " + side + " with data " + wasLost(lost)
	switch before {
	case 0:
		text += " behind the tap"
	case lost:
		text += " before the tap"
	default:
		text += ", " + number(before) + " before the tap and " + number(lost-before) + " behind it"
	}
	text += "; sent again after " + duration(longest)
	if lost > 1 {
		text += " at most"
	}
	var by []string
	for _, how := range repairedBy {
		if causes&how.causes != 0 {
			by = append(by, how.text)
		}
	}
	if len(by) > 0 {
		text += ", because of " + strings.Join(by, " and ")
	}
	return text
}

func detectStrangeSACK(s *scene) {
	s.eachMark(markStrangeSACK, func(m *mark, side Side) {
		s.raiseMark(m, args{int64(m.count), m.amount}).onSide(side)
	})
}

func detailStrangeSACK(a *Anomaly) string {
	far, where := a.args[1], "beyond"
	if far < 0 {
		far, where = -far, "before"
	}
	return count(a.args[0], "segment") + " of the " + a.Side.String() + " with SACK blocks for what the " + a.Side.Peer().String() + " has not sent, " +
		count(far, "byte") + " " + where + " the ACK"
}

// detectBlackHole wants that smaller segments arrive: its pieces did, or something behind it.
func detectBlackHole(s *scene) {
	s.eachMark(markBlackHole, func(m *mark, side Side) {
		if m.count >= vanished && m.amount != 0 {
			s.raiseMark(m, args{int64(m.count), int64(m.hole.to - m.hole.from), m.amount}).onSide(side)
		}
	})
}

func detailBlackHole(a *Anomaly) string {
	text := "segments of the " + a.Side.String() + " with " + count(a.args[1], "byte") + " never arrive, sent " + times(a.args[0]+1)
	if a.args[2] > 0 {
		return text + "; in pieces of " + count(a.args[2], "byte") + " they do"
	}
	return text + "; smaller ones behind them do"
}

func wasLost(n int64) string {
	if n == 1 {
		return "was lost"
	}
	return "were lost"
}
