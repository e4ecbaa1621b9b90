package report

import (
	"io"
	"net/netip"
	"reflect"

	"tcptrace/analyzer"
	"tcptrace/report/internal/glossary"
	"tcptrace/report/internal/human"
	"tcptrace/report/internal/ladder"
	"tcptrace/report/internal/output"
	"tcptrace/report/internal/record"
	"tcptrace/report/internal/states"
	"tcptrace/report/internal/story"
	"tcptrace/report/internal/sums"
	"tcptrace/report/internal/transcript"
)

// The conversation record (docs/records.md) as Go data, and its parts.
type (
	Record        = record.Record
	Socket        = record.Socket
	Host          = record.Host
	Endpoints     = record.Endpoints
	Endpoint      = record.Endpoint
	StepRecord    = record.StepRecord
	SentRecord    = record.SentRecord
	AnomalyRecord = record.AnomalyRecord
	ICMPRecord    = record.ICMPRecord
	CloseRecord   = record.CloseRecord
	LimitRecord   = record.LimitRecord
)

// Time is a moment of the capture's clock. As text it is RFC 3339 in UTC with nine digits of seconds.
type Time = record.Time

// NewRecord returns the record of c, whose judgment is j.
func NewRecord(c *analyzer.Conversation, j *analyzer.Judgment) Record { return record.NewRecord(c, j) }

// FillRecord sets r to what NewRecord returns, reusing its memory.
func FillRecord(r *Record, c *analyzer.Conversation, j *analyzer.Judgment) {
	record.Fill(r, c)
	record.FillJudgment(r, c, j)
}

// CommunityID is the Community ID v1 of the TCP flow between a and b, with seed 0: the same for both directions, and
// the same in every tool that speaks it (https://github.com/corelight/community-id-spec).
func CommunityID(a, b netip.AddrPort) string { return output.CommunityID(a, b) }

// The summary of a report as JSON has it, and its parts.
type (
	SummaryRecord = record.SummaryRecord
	NotAnalyzed   = record.NotAnalyzed
	Shortfall     = record.Shortfall
)

// Selection says how many conversations an expression selected.
type Selection = record.Selection

// NewSummaryRecord returns the record of s; sel says how many conversations an expression selected.
func NewSummaryRecord(s *analyzer.Summary, sel Selection) SummaryRecord {
	return record.NewSummaryRecord(s, sel)
}

// SegmentRecord is the segment record (docs/segments.md) as Go data.
type SegmentRecord = record.SegmentRecord

// NewSegmentRecord returns the record of v.
func NewSegmentRecord(v *analyzer.SegmentView) SegmentRecord { return record.NewSegmentRecord(v) }

// SegmentsNDJSON writes segment records, one per line.
type SegmentsNDJSON = record.SegmentsNDJSON

// NewSegmentsNDJSON returns one that writes to w.
func NewSegmentsNDJSON(w io.Writer) *SegmentsNDJSON { return record.NewSegmentsNDJSON(w) }

// The record of an event (docs/live.md) as Go data, and its parts.
type (
	EventRecord      = record.EventRecord
	ToldRecord       = record.ToldRecord
	StatisticsRecord = record.StatisticsRecord
	ProcessRecord    = record.ProcessRecord
	KernelState      = record.KernelState
	Silent           = record.Silent
	Cookies          = record.Cookies
	Overflow         = record.Overflow
)

// EventFields are the fields of events besides schema, event and time, by the name of the event: those that are
// always present, and those that are omitted if they are unknown or zero.
var EventFields = record.EventFields

// Events writes events as they happen, one JSON record per line.
type Events = record.Events

// NewEvents returns a writer of events to w.
func NewEvents(w io.Writer) *Events { return record.NewEvents(w) }

// The records of 'tcptrace states' as Go data, and their parts.
type (
	StateRecord       = record.StateRecord
	StateEndpoints    = record.StateEndpoints
	StateEndpoint     = record.StateEndpoint
	TimerRecord       = record.TimerRecord
	StateCountsRecord = record.StateCountsRecord
)

// Sums adds up conversations in groups.
type Sums = sums.Sums

// SumRecord is the record of a group of conversations as Go data.
type SumRecord = record.SumRecord

// SumOptions say which sums are written, and how a table looks.
type SumOptions = sums.Options

// SumKey is a key to sort sums by.
type SumKey = sums.Key

// MostGroups is the default bound on the number of groups.
const MostGroups = sums.MostGroups

// NewSums returns sums grouped by the keys in by, such as "server,outcome", in at most most groups. The error names an unknown key.
func NewSums(by string, most int) (*Sums, error) { return sums.Parse(by, most) }

// SumColumns are the columns of sums that follow the keys, in order.
var SumColumns = sums.Columns

// SumColumnNames are the names of SumColumns.
func SumColumnNames() []string { return sums.ColumnNames() }

// Statistic is a number in endpoints.client.sent and endpoints.server.sent of a conversation record: what it is called,
// what it means, and what Ostermann's tcptrace calls it.
type Statistic = record.Statistic

// Unit says what a statistic counts.
type Unit = record.Unit

// The units.
const (
	Packets        = record.Packets
	Bytes          = record.Bytes
	Seconds        = record.Seconds        // a value counts ns
	BytesPerSecond = record.BytesPerSecond // whole ones
	Ratio          = record.Ratio          // a value counts 10^-9
	Flag           = record.Flag           // true, or left out
	Number         = record.Number
)

// Statistics are all of them, by subject.
var Statistics = record.Statistics

// Term is a word of the segment record: a kind, a cause or a note.
type Term = analyzer.Term

// Terms are the words that the segment record may have as its kind, cause and notes. The notes may also be ids of
// anomalies.
var Terms = record.Terms

// WiresharkDifference is a way in which a flag of Wireshark and a kind or note of ours differ, and why.
type WiresharkDifference = record.WiresharkDifference

// WiresharkDifferences are all that were found between Wireshark 4.0 and us in captures from kernels and from scripts.
var WiresharkDifferences = record.WiresharkDifferences

// OstermannApart has the anomalies, by id, in whose conversations Ostermann's tcptrace counts different segments, and
// why.
var OstermannApart = record.OstermannApart

// WriteGlossary explains, for people, the statistics, terms and differences whose names contain part, or else those whose explanations
// do; all of them if part is empty. It reports whether there are any.
func WriteGlossary(w io.Writer, part string) (found bool, err error) { return glossary.Write(w, part) }

// GlossaryNames are the statistics, as terms, and the terms of the segment record.
func GlossaryNames() []Term { return glossary.Names() }

// WriteCatalogue lists all anomalies for people, by section.
func WriteCatalogue(w io.Writer) error { return glossary.WriteCatalogue(w) }

// WriteAnomalyKind explains a kind of anomaly, from a section, for people.
func WriteAnomalyKind(w io.Writer, section string, kind *analyzer.AnomalyKind) error {
	return glossary.WriteAnomaly(w, section, kind)
}

// RelatedAnomalies are the ids of the kinds that concern the same matter as this one, or are easily confused with it.
func RelatedAnomalies(kind *analyzer.AnomalyKind) []string { return glossary.Related(kind) }

// SeverityOf is the severity of a kind of anomaly, in words.
func SeverityOf(kind *analyzer.AnomalyKind) string { return glossary.SeverityOf(kind) }

// Detail says in plain words what happened, and, if lost packets of the capture may be the whole explanation, mentions them.
func Detail(c *analyzer.Conversation, a *analyzer.Anomaly) string { return human.Detail(c, a) }

// DetailAcross is Detail for a conversation during which the capture lost that many packets.
func DetailAcross(dropped uint64, a *analyzer.Anomaly) string { return human.DetailAcross(dropped, a) }

// Story summarizes c in three to six sentences: who opened it, what was exchanged, where the time went, what went
// wrong, who closed it and how, and what is left. j is the judgment of c.
func Story(c *analyzer.Conversation, j *analyzer.Judgment) []string { return story.Tell(c, j, nil) }

// Timeline shows one conversation for people, segment by segment. It does not buffer.
type Timeline = ladder.Timeline

// TimelineOptions say how a timeline for people looks.
type TimelineOptions = ladder.Options

// TimeStyle says how a timeline shows times.
type TimeStyle = ladder.TimeStyle

// The styles.
const (
	RelativeTime  = ladder.RelativeTime // since the conversation's first packet
	AbsoluteTime  = ladder.AbsoluteTime // of day, UTC
	DeltaTime     = ladder.DeltaTime    // since the line before
	NumTimeStyles = ladder.NumTimeStyles
)

// StyleOf is the timeline style that matches the way other output shows times.
func StyleOf(t Times) TimeStyle {
	return [...]TimeStyle{human.UTC: AbsoluteTime, human.Local: ladder.LocalTime, human.Relative: RelativeTime, human.Delta: DeltaTime, human.Epoch: ladder.EpochTime}[t]
}

// TimeStyles are the styles by name.
var TimeStyles = ladder.TimeStyles

// Ladder draws a conversation as a ladder: the endpoints are its rails, segments its rungs.
type Ladder = ladder.Ladder

// NewLadder begins the ladder of c, whose judgment is j.
func NewLadder(w io.Writer, c *analyzer.Conversation, j *analyzer.Judgment, o TimelineOptions) *Ladder {
	return ladder.New(w, c, j, o)
}

// EvidenceMark is the mark that a ladder puts after a state.
func EvidenceMark(e analyzer.Evidence) string { return ladder.EvidenceMark(e) }

// StateFilter selects connections by the states of their endpoints at a moment. The zero value selects all.
type StateFilter = states.StateFilter

// ParseStateFilter parses names of states, as RFC 9293, netstat or ss spell them, and a side: "client", "server" or
// "" for both. The error names the unknown state or side.
func ParseStateFilter(names []string, side string) (StateFilter, error) {
	return states.ParseStateFilter(names, side)
}

// StateNames are the names of the states of RFC 9293 that ParseStateFilter accepts.
func StateNames() []string { return states.StateNames() }

// StatesAt holds the connections that existed at one moment of a capture.
type StatesAt = states.StatesAt

// Connection is one connection at a moment.
type Connection = states.Connection

// StateSeries counts connections and the states of their endpoints at regular intervals.
type StateSeries = states.StateSeries

// MaxSamples bounds the samples of a StateSeries, and so its memory, to 10 MB.
const MaxSamples = states.MaxSamples

// Words are all values of a record's field that has a fixed set of them, by the record's type and the field's name; nil: any value.
func Words(of reflect.Type, name string) []string {
	return record.Words[record.Field{Record: of, Name: name}]
}

// What the sides of a conversation sent each other ([Transcripts]).
type (
	Transcript        = transcript.Writer  // takes the pieces of an [analyzer.Follower]
	TranscriptOptions = transcript.Options // say how it looks; the zero value is for a file
)
