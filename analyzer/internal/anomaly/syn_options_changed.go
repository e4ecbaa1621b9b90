package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

var _ = register(inOpening, "slow-handshake", &AnomalyKind{
	ID: "syn-options-changed", Severity: SeverityNote,
	Summary: "a SYN was sent again with other options",
	RFC:     "RFC 9293 3.7.1, RFC 7323 2.5",
	Meaning: "Of two SYNs (or SYN-ACKs) with the same number the second offers another MSS or window scale, or leaves out what the first had. Which one counts is not certain.",
	Causes:  "A stack that tries without options when the first SYN had no answer; a middlebox that changes some of them.",
	Next:    "Capture at the sender: are they different there, too? If not, somebody between changes them.",
	needs:   trigger(conn.IncidentSYNOptions), detect: detectSYNOptions, detail: detailSYNOptions,
})

var comparedNames = [...]struct {
	bit  wire.Bits
	name string
}{
	{wire.HasMSS, "MSS"}, {wire.HasWScale, "window scale"}, {wire.HasSACKPerm, "SACK permitted"}, {wire.HasTimestamps, "timestamps"},
}

func detectSYNOptions(s *pass) {
	for dir := range uint8(2) {
		if m := s.Incident(conn.IncidentSYNOptions, dir); m != nil {
			s.raiseIncident(m, args{m.Amount}).onSide(s.Side(dir))
		}
	}
}

func detailSYNOptions(a *Anomaly) string {
	text := ""
	for _, o := range comparedNames {
		if wire.Bits(a.args[0])&o.bit == 0 {
			continue
		}
		if text != "" {
			text += ", "
		}
		text += o.name
	}
	return "the " + a.Side.String() + " sent its SYN again with other options: " + text
}
