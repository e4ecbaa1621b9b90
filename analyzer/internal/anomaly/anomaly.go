package anomaly

import "tcptrace/analyzer/internal/conn"

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
	Side    conn.Side // the endpoint it happened to, valid with HasSide
	HasSide bool      // false: it is about the capture or both endpoints
	Frame   uint64
	Time    conn.Time
	Kernel  bool // the endpoint's host says so; false: packets do

	args  args
	since conn.Time // since when the endpoint has waited, or what is missing has been awaited; zero: since Time
	left  bool      // the endpoint waits no more, as packets show
	ended bool      // it waits no more: its host says that it has no connection
	self  bool      // of a socket that is connected to itself
}

// Awaited is since when that has been awaited which is missing, where Kind.Missing says that something is.
func (a *Anomaly) Awaited() conn.Time {
	if a.since == 0 {
		return a.Time
	}
	return a.since
}

// Ended reports whether the endpoint does not wait any more, because its host says that it has no connection.
func (a *Anomaly) Ended() bool { return a.ended }

// end is for an endpoint whose host says that it has no connection since a time.
func (a *Anomaly) end(at conn.Time) {
	if a.Kind.waits == 0 {
		return
	}
	if a.ended = true; a.left { // for how long it waited is known
		return
	}
	waited := &a.args[a.Kind.waits-1]
	*waited = int64(max(0, at-a.Awaited()))
	if *waited <= int64(patience) { // such as a FIN whose ACK came, and was not captured
		a.as(SeverityNote)
	}
}

// from says since when it has been awaited, where Time is of something else.
func (a *Anomaly) from(t conn.Time) *Anomaly {
	a.since = t
	return a
}

// args is what Detail says, by kind: numbers, so that no text is made that nobody reads.
type args [4]int64

// AnomalyKind is an entry of the catalogue. Each has a file of its own, with all there is to it.
type AnomalyKind struct {
	ID       string // stable
	Severity Severity
	Summary  string // one line: what it is
	RFC      string // where the standards speak of it; may be empty
	Meaning  string // what it means, for people
	Causes   string // what it usually comes from
	Next     string // what to look at next

	Varies bool // some of them are only a note: Meaning says which; Severity is that of the others

	Missing bool // it says that something has not come, which may come yet
	Absence bool // it rests on something that was not seen, which the tap may just have missed

	Subsumes    string   // the kind that reports the same wait or failure, and adds nothing beside this one
	Explains    []string // the kinds that may be what comes of this one: it is told before them
	Beside      []string // the kinds that people take this one for, or look for in its place
	ToldByClose bool     // what is said of the close says as much

	waits int // 1 + which of args says for how long its endpoint has waited, by now if it still does; 0: none does

	needs  triggers // it is looked for where one of these shows
	detect func(s *pass)
	detail func(a *Anomaly) string

	twin  *AnomalyKind // the same with the other severity, if it varies
	after string       // the id of the kind before it in the catalogue
}

// As is the kind with that severity, if it has it.
func (k *AnomalyKind) As(s Severity) *AnomalyKind {
	if k.twin != nil && k.twin.Severity == s {
		return k.twin
	}
	return k
}

// as gives the anomaly a severity that its kind has.
func (a *Anomaly) as(s Severity) { a.Kind = a.Kind.As(s) }

// Detail says in plain words, with numbers, what happened.
func (a *Anomaly) Detail() string {
	if a.self {
		return conn.OneSocket(a.Kind.detail(a))
	}
	return a.Kind.detail(a)
}
