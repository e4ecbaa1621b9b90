package analyzer

// Severity ranks anomalies.
type Severity uint8

// The severities.
const (
	SeverityNote    Severity = iota // normal, worth knowing
	SeverityWarning                 // someone waited or retried
	SeverityError                   // someone failed
)

var severityNames = [...]string{SeverityNote: "note", SeverityWarning: "warning", SeverityError: "error"}

// String is "note", "warning" or "error".
func (s Severity) String() string { return severityNames[min(int(s), len(severityNames)-1)] }

// Anomaly is something that went wrong, or is worth knowing, in a conversation. It is
// raised once an episode.
type Anomaly struct {
	Kind    *AnomalyKind
	Side    Side // the endpoint it happened to, valid with HasSide
	HasSide bool // false: it is about the capture or both endpoints
	Frame   uint64
	Time    Time

	args [4]int64 // what Detail says, by kind
}

// AnomalyKind is an entry of the catalogue.
type AnomalyKind struct {
	ID       string // stable
	Severity Severity
	Summary  string // one line: what it is
	RFC      string // where the standards speak of it; may be empty
	Meaning  string // what it means, for people
	Causes   string // what it usually comes from
	Next     string // what to look at next

	detail func(a *Anomaly) string
}

// Detail says in plain words, with numbers, what happened.
func (a *Anomaly) Detail() string { return a.Kind.detail(a) }
