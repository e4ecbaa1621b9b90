package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
)

var _ = register(inOpen, "rst-not-accepted", &AnomalyKind{
	ID: "syn-in-connection", Severity: SeverityWarning,
	Summary: "a SYN arrived in a synchronized state",
	RFC:     "RFC 5961 4.2, RFC 9293 3.10.7.4",
	Meaning: "A SYN with another number came into a connection that was established. Whatever its number, the receiver answers with an ACK and stays where it is.",
	Causes:  "A forged SYN; a client that restarted, or a NAT that gave the same port to another client; an old duplicate.",
	Next:    "Did the sender go on with the old connection (then the SYN was not its own) or reset it (half-open-discovered)?",
	needs:   triggerForeign, detect: detectSYNInConnection, detail: detailSYNInConnection,
})

func detectSYNInConnection(s *pass) {
	for dir := range uint8(2) {
		if _, rst := s.Discovery(1 - dir); rst != nil {
			continue
		}
		into := func(f *conn.Fact) bool {
			return f.Bits.Has(conn.FactForeign) && state.IsSYNOnly(f) && state.Synchronized(s.StateBefore(s.Side(1-dir), f))
		}
		if syns := s.copies(dir, into); syns.n > 0 {
			a := s.raise(s.Side(1-dir), syns.first, args{syns.times(), int64(int32(syns.first.Seq - s.Sides[dir].ISN))})
			if s.Sides[dir].Last < syns.first.Time {
				a.args[2] = 1
			}
		}
	}
}

// MayBeLost is the side that may not have the connection any more, if the anomaly leaves that open: its SYN came into the open connection, and
// nothing that is of that behind it; or an RST that it may have taken.
func (a *Anomaly) MayBeLost() (side conn.Side, ok bool) {
	if a.mayHaveEnded() {
		return a.Side, true
	}
	return a.Side.Peer(), a.mayBeAnother()
}

// mayBeAnother reports whether the anomaly is a SYN into an open connection behind which its supposed sender sent nothing that is of that.
func (a *Anomaly) mayBeAnother() bool { return a.Kind.ID == "syn-in-connection" && a.args[2] != 0 }

func detailSYNInConnection(a *Anomaly) string {
	which := "a SYN with another ISN"
	if a.args[1] == 0 {
		which = "the SYN of the connection, once more,"
	}
	text := which + " came into the open connection, as if from the " + a.Side.Peer().String()
	if n, howOften := counted(a.args[0]); n > 1 {
		text += "; " + howOften
	}
	if a.mayBeAnother() {
		text += "; nothing of the connection came from there any more"
	}
	return text
}
