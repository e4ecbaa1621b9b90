package anomaly

import (
	"strings"

	"tcptrace/analyzer/internal/conn"
)

var _ = register(inOpen, "overlap-conflict", &AnomalyKind{
	ID: "packet-loss", Severity: SeverityWarning, Varies: true,
	Summary: "segments with data were lost",
	RFC:     "RFC 5681, RFC 6675, RFC 8985",
	Meaning: "A sender had to send segments again, and nothing shows that they had arrived; or their receiver goes on to report a hole by duplicate ACKs or SACK, and it is not filled. " +
		"What was lost before the tap was never captured. " +
		"A note; a warning if 1 % of the packets was lost or a loss went unrepaired for more than 200 ms. SYNs and FINs have anomalies of their own, and so has who gives up.",
	Causes: "Congestion: a full queue on the way; a bad link or Wi-Fi; a rate limit; a duplex mismatch.",
	Next:   "Is it lost before the tap or behind it? Capture at the other end, too, and look at the drop counters between. Some loss is how TCP finds out how much a path carries.",
	needs:  trigger(conn.IncidentLoss) | triggerMissing, detect: detectPacketLoss, detail: detailPacketLoss,
})

const (
	// costly is how long a loss may go unrepaired before someone notices.
	costly conn.Time = 200e6
	// lossy is of how many packets one is lost where that is more than a congested path takes.
	lossy = 100
)

// repairedBy are the words for what made a sender repair a loss.
var repairedBy = [...]struct {
	causes uint8
	text   string
}{
	{1<<conn.CauseFast | 1<<conn.CauseSACK, "duplicate ACKs or SACK"},
	{1 << conn.CauseTailProbe, "a tail probe"},
	{1 << conn.CauseTimeout, "its timer"},
}

// detectPacketLoss tells of segments with payload that were lost, be they sent again or not. The last attempts that nothing answered say more of the
// peer than of the path, and are told as such; unless that peer goes on to ask for what is missing.
func detectPacketLoss(s *pass) {
	for dir := range uint8(2) {
		sent := &s.C.Sent[s.Side(dir)]
		m, hole := s.Incident(conn.IncidentLoss, dir), s.Incident(conn.IncidentMissing, dir)
		var lost, before, waited int64
		if m != nil && (!s.Sides[1-dir].Unseen || m.Amount != 0) { // else what was not captured may have acknowledged it
			lost = int64(m.Count)
			if sent.Unrepaired == 0 {
				lost -= int64(m.Run.N)
			}
			before, waited = min(m.Amount, lost), int64(min(m.Run.Longest, conn.MaxSpan>>8))<<8|int64(m.Causes)
		}
		if sent.Unrepaired > 0 && hole != nil {
			if lost == 0 {
				m = hole
			}
			lost += int64(sent.NeverRepeated)
			before = min(before+int64(sent.NeverPassed), lost)
		}
		if lost <= 0 {
			continue
		}
		total := max(int64(sent.DataPackets)+before, lost)
		a := s.raiseIncident(m, args{lost | int64(sent.Unrepaired)<<32, before, total, waited})
		a.onSide(s.Side(dir))
		a.as(SeverityNote)
		if lost*lossy >= total || conn.Time(waited>>8) > costly || hole != nil && sent.Unrepaired > 0 && s.C.End-hole.Time > costly {
			a.as(SeverityWarning)
		}
	}
}

func detailPacketLoss(a *Anomaly) string {
	lost, missing, before, total := a.args[0]&(1<<32-1), a.args[0]>>32, a.args[1], a.args[2]
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
	if missing > 0 && lost > 1 {
		text += "; " + number(missing) + " of them not repaired so far"
	} else if missing > 0 {
		text += "; not repaired so far"
	}
	if longest == 0 && causes == 0 {
		return text
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

func wasLost(n int64) string {
	if n == 1 {
		return "was lost"
	}
	return "were lost"
}
