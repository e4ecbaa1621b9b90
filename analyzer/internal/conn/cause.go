package conn

// Term is a word of the segment record.
type Term struct {
	Name      string
	Text      string // what it means
	Wireshark string // its flag for it, in tcp.analysis; empty: it has none
}

// Cause is what made an endpoint send a segment again.
type Cause uint8

// The causes. causeTerms says what each one is.
const (
	CauseNone Cause = iota // not a retransmission
	CauseTimeout
	CauseFast
	CauseSACK
	CauseTailProbe
	CauseUnknown
	NumCauses
)

var causeTerms = [NumCauses]Term{
	CauseTimeout:   {Name: "timeout", Text: "the retransmission timer (RFC 6298), or what is repeated behind one"},
	CauseFast:      {Name: "fast", Text: "duplicate ACKs or SACKs called for it as an ACK arrived (RFC 5681, RFC 6675)", Wireshark: "fast_retransmission"},
	CauseSACK:      {Name: "sack", Text: "SACKs show that later segments arrived, and it waited for reordering to end (RACK, RFC 8985), or not for a third"},
	CauseTailProbe: {Name: "tail-probe", Text: "a tail loss probe: the last segment again, before the timer (RFC 8985 7)"},
	CauseUnknown:   {Name: "unknown", Text: "none of these: the capture does not show it, or a SYN-ACK did not acknowledge the data of the SYN (RFC 7413)"},
}

// String is the cause's name in the segment record; empty for CauseNone.
func (c Cause) String() string { return c.Term().Name }

// Term is the cause's word in the segment record, and what it means.
func (c Cause) Term() Term {
	if c < NumCauses {
		return causeTerms[c]
	}
	return Term{Name: "unknown"}
}
