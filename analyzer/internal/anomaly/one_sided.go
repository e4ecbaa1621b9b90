package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

var _ = register(inCapture, "clock-backwards", &AnomalyKind{
	ID: "one-sided", Severity: SeverityNote,
	Summary: "the tap sees one direction only",
	Meaning: "Only one endpoint's segments are in the capture; what the other did is inferred from what this one acknowledges, and is marked as assumed.",
	Causes:  "Asymmetric routing; a mirror port that copies one direction; a capture filter that names only one of the two.",
	Next:    "Capture where both directions pass, such as on one of the endpoints.",
	Absence: true,
	Missing: true, needs: triggerUnseen, detect: detectOneSided, detail: detailOneSided,
})

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
