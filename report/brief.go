package report

import (
	"time"

	"tcptrace/analyzer"
	"tcptrace/report/internal/record"
)

// Brief is what a row of the table says about a conversation besides its addresses and counts.
type Brief struct {
	Lost, Sent uint64                // segments of both sides with payload, SYN or FIN; Sent is 0 if they are not known
	RoundTrip  time.Duration         // the least, between the hosts; 0: not known
	Ended      string                // by whom and how: "client FIN"; "": it did not end
	Cause      string                // of the RST that ended it; "": none did
	Worst      *analyzer.AnomalyKind // the first of the gravest; nil: there is no anomaly
}

// NewBrief returns the Brief of c, whose judgment is j.
func NewBrief(c *analyzer.Conversation, j *analyzer.Judgment) Brief {
	b := Brief{Ended: endedBy(&j.Close), Cause: causeOf(&j.Close)}
	b.Worst, _ = j.Worst()
	if !c.Quick {
		for side := range c.Sent {
			lost, sent := record.Losses(&c.Sent[side])
			b.Lost, b.Sent = b.Lost+lost, b.Sent+sent
		}
	}
	if v := roundTrip(c); v.known {
		b.RoundTrip = time.Duration(v.ns())
	}
	return b
}
