package analyzer

import (
	"tcptrace/analyzer/internal/anomaly"
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/flow"
	"tcptrace/analyzer/internal/segment"
	"tcptrace/analyzer/internal/state"
	"tcptrace/internal/wire"
)

// Sent is what one endpoint sent, and what came back for it. Counts are segments unless they say bytes.
type Sent = conn.Sent

// Tally and DisorderTally are what Sent has of what was counted as segments passed.
type (
	Tally         = conn.Tally
	DisorderTally = conn.DisorderTally
)

// SYNOptions are options of a SYN, as bits.
type SYNOptions = conn.SYNOptions

// The options.
const (
	OptionMSS         = conn.OptionMSS
	OptionWindowScale = conn.OptionWindowScale
	OptionSACK        = conn.OptionSACK
	OptionTimestamps  = conn.OptionTimestamps
	OptionFastOpen    = conn.OptionFastOpen
	OptionMD5         = conn.OptionMD5
	OptionAO          = conn.OptionAO
	OptionMPTCP       = conn.OptionMPTCP
)

// RTT is a distribution of round trip times.
type RTT = conn.RTT

// Times are how times are distributed, without quantiles.
type Times = conn.Times

// Term is a word of the segment record: what it means, and Wireshark's flag for it.
type Term = conn.Term

// Cause is what made an endpoint send a segment again.
type Cause = conn.Cause

// The causes. [Cause.Term] says what each one is.
const (
	CauseNone      = conn.CauseNone
	CauseTimeout   = conn.CauseTimeout
	CauseFast      = conn.CauseFast
	CauseSACK      = conn.CauseSACK
	CauseTailProbe = conn.CauseTailProbe
	CauseUnknown   = conn.CauseUnknown
	NumCauses      = conn.NumCauses
)

// Time is a moment of the capture's clock: ns since the Unix epoch.
type Time = conn.Time

// Side is one of the two endpoints of a connection.
type Side = conn.Side

// The sides. The client is who opened the connection, if that is known (Roles).
const (
	Client = conn.Client
	Server = conn.Server
)

// Roles says how it is known who is the client.
type Roles = conn.Roles

// The ways.
const (
	RolesInferred  = conn.RolesInferred  // from ports and from who spoke first
	RolesHandshake = conn.RolesHandshake // a SYN or a SYN-ACK showed it
)

// Outcome sums up how a connection went, as far as the capture shows.
type Outcome = conn.Outcome

// The outcomes.
const (
	Open        = conn.Open       // alive when the capture ended (or started in mid-connection and showed no end)
	Closed      = conn.Closed     // both sides sent a FIN and both FINs were acknowledged
	Closing     = conn.Closing    // a FIN was seen; the close is not complete
	Reset       = conn.Reset      // an RST ended it after the handshake
	Refused     = conn.Refused    // an RST answered the SYN
	Unanswered  = conn.Unanswered // a SYN without any answer
	HalfOpen    = conn.HalfOpen   // a SYN-ACK that was never acknowledged
	NumOutcomes = conn.NumOutcomes
)

// Completeness is Wireshark's tcp.completeness: which kinds of segments were seen.
type Completeness = conn.Completeness

// The bits of Completeness.
const (
	SawSYN    = conn.SawSYN
	SawSYNACK = conn.SawSYNACK
	SawACK    = conn.SawACK
	SawData   = conn.SawData
	SawFIN    = conn.SawFIN
	SawRST    = conn.SawRST
)

// ConnState is Zeek's conn_state (Zeek's conn.log documentation).
type ConnState = conn.ConnState

// Zeek's connection states.
const (
	StateOTH    = conn.StateOTH
	StateS0     = conn.StateS0
	StateS1     = conn.StateS1
	StateSF     = conn.StateSF
	StateREJ    = conn.StateREJ
	StateS2     = conn.StateS2
	StateS3     = conn.StateS3
	StateRSTO   = conn.StateRSTO
	StateRSTR   = conn.StateRSTR
	StateRSTOS0 = conn.StateRSTOS0
	StateRSTRH  = conn.StateRSTRH
	StateSH     = conn.StateSH
	StateSHR    = conn.StateSHR
)

// History is Zeek's history of a connection: a letter for each kind of event,
// upper case from the client, in order. At most 24 letters are kept.
type History = conn.History

// Conversation is one TCP connection as the capture shows it. It does not change once it
// has been handed out.
type Conversation = conn.Conversation

// OneSocket is a text about client and server that are one socket.
func OneSocket(text string) string { return conn.OneSocket(text) }

// EscapeText is bytes that somebody chose, of n that were sent, as they can be shown anywhere: printable ASCII without what is markup
// somewhere; anything else is \xNN. It ends with "..." if there were more.
func EscapeText(b []byte, n int) string { return conn.EscapeText(b, n) }

// Kind says what a segment is. Every segment of a conversation has exactly one.
type Kind = segment.Kind

// The kinds. [Kind.Term] says what each one is.
const (
	KindData               = segment.KindData
	KindACK                = segment.KindACK
	KindSYN                = segment.KindSYN
	KindSYNACK             = segment.KindSYNACK
	KindFIN                = segment.KindFIN
	KindRST                = segment.KindRST
	KindRetransmission     = segment.KindRetransmission
	KindOutOfOrder         = segment.KindOutOfOrder
	KindKeepAlive          = segment.KindKeepAlive
	KindKeepAliveACK       = segment.KindKeepAliveACK
	KindZeroWindowProbe    = segment.KindZeroWindowProbe
	KindZeroWindowProbeACK = segment.KindZeroWindowProbeACK
	KindWindowUpdate       = segment.KindWindowUpdate
	KindDuplicateACK       = segment.KindDuplicateACK
	KindChallengeACK       = segment.KindChallengeACK
	KindUnacceptable       = segment.KindUnacceptable
	KindCaptureDuplicate   = segment.KindCaptureDuplicate
	NumKinds               = segment.NumKinds
)

// Notes are what else there is to say of a segment, as independent bits.
type Notes = segment.Notes

// The notes. [Notes.Terms] says what each one is.
const (
	NotePreviousMissing = segment.NotePreviousMissing
	NoteACKOfUnseen     = segment.NoteACKOfUnseen
	NoteZeroWindow      = segment.NoteZeroWindow
	NoteWindowFull      = segment.NoteWindowFull
	NoteWindowExceeded  = segment.NoteWindowExceeded
	NoteWindowShrunk    = segment.NoteWindowShrunk
	NotePartialACK      = segment.NotePartialACK
	NotePortReused      = segment.NotePortReused
	NoteCE              = segment.NoteCE
	NoteECE             = segment.NoteECE
	NoteCWR             = segment.NoteCWR
	NoteUrgent          = segment.NoteUrgent
	NoteSuperSegment    = segment.NoteSuperSegment
	NoteDSACK           = segment.NoteDSACK
	NoteReneged         = segment.NoteReneged
	NoteStaleACK        = segment.NoteStaleACK
	NoteTruncated       = segment.NoteTruncated
	NoteAfterACK        = segment.NoteAfterACK
	NoteLostBefore      = segment.NoteLostBefore
	NotePAWS            = segment.NotePAWS
	NoteAnswersSYN      = segment.NoteAnswersSYN
	NoteOldACK          = segment.NoteOldACK
	NoteChallenged      = segment.NoteChallenged
	NoteNotTaken        = segment.NoteNotTaken
	NoteFarOff          = segment.NoteFarOff
)

// AllNotes is every note.
const (
	AllNotes = segment.AllNotes
)

// Reading is what a segment is, as a Tracker's watcher gets it.
type Reading = segment.Reading

// CloseKind says how a connection ended.
type CloseKind = state.CloseKind

// The kinds.
const (
	CloseNone       = state.CloseNone       // it did not, as far as the capture shows
	CloseUnfinished = state.CloseUnfinished // a FIN was seen; the close is not complete
	CloseGraceful   = state.CloseGraceful   // both FINs were acknowledged
	CloseReset      = state.CloseReset      // by an RST
)

// Close explains how a connection ended.
type Close = state.Close

// Evidence says how a step of a trajectory is known.
type Evidence = state.Evidence

// The kinds of evidence, weakest first.
const (
	EvidenceAssumed      = state.EvidenceAssumed      // the tap saw what moved the endpoint pass towards it; nothing proves or disproves that it arrived
	EvidenceTimer        = state.EvidenceTimer        // capture time passed, nothing was seen
	EvidenceAcknowledged = state.EvidenceAcknowledged // a later segment of the endpoint itself proves it
	EvidenceSent         = state.EvidenceSent         // the endpoint sent what only that state sends
)

// Step is one state that an endpoint entered.
type Step = state.Step

// Course is what became of the endpoints of a conversation: their trajectories, and how the connection ended. The zero value is ready; use it
// again to spare allocations.
type Course = state.Course

// Lifetime is the states of a connection's endpoints over time, as a table of connections on both hosts would
// have shown them. All times are the tap's: a step counts from when the segment that shows it passed. The
// zero value is ready; use it again to spare allocations.
//
// A connection is there from its first frame on, until both endpoints are CLOSED (or back in LISTEN, or nothing was
// ever known of them), or the conversation is over: 2 MSL after its last frame if it was closed or reset, when
// the sender of an unanswered SYN has given up, when another connection has its sockets, or when the full flow table
// ended it. TIME_WAIT ends by its own clock, also where the tracker had no room to wait for that. What no segment
// and no such rule ends is there to the end of the capture, however long it is silent.
type Lifetime = state.Lifetime

// Change is when an endpoint enters a state, or the connection comes or goes.
type Change = state.Change

// Moment is a connection at one time, by Side.
type Moment = state.Moment

// EndpointMoment is what is known of one endpoint at a moment.
type EndpointMoment = state.EndpointMoment

// ResetCause says what an RST was the answer to, as far as the capture tells.
type ResetCause = state.ResetCause

// The causes.
const (
	NoReset              = state.NoReset
	ResetRefused         = state.ResetRefused         // a SYN, where nobody listens
	ResetProbe           = state.ResetProbe           // a segment that begins no connection, as port scans send
	ResetScan            = state.ResetScan            // a SYN-ACK, at once: the client only wanted to know, or had given up already
	ResetUnasked         = state.ResetUnasked         // a SYN-ACK, to a SYN that was not captured, if there was one
	ResetAbandoned       = state.ResetAbandoned       // nothing: the client gave up while it connected
	ResetDropped         = state.ResetDropped         // nothing: the server took its SYN-ACK back
	ResetUnreadData      = state.ResetUnreadData      // the peer's FIN: bytes were not read, or SO_LINGER 0
	ResetWriteAfterClose = state.ResetWriteAfterClose // data, to an endpoint that had closed
	ResetFinWait2        = state.ResetFinWait2        // the peer's FIN, long awaited: FIN_WAIT_2 had timed out
	ResetAfterFIN        = state.ResetAfterFIN        // nothing: its sender had sent a FIN before
	ResetHalfOpen        = state.ResetHalfOpen        // a segment of a connection that its sender did not know
	ResetOnPath          = state.ResetOnPath          // the same, but the endpoint does know it: a device on the path sent it
	ResetChallenge       = state.ResetChallenge       // a challenge ACK
	ResetKeepAlive       = state.ResetKeepAlive       // nothing: keep-alive probes went unanswered
	ResetGaveUp          = state.ResetGaveUp          // nothing: what its sender repeated went unanswered
	ResetInjected        = state.ResetInjected        // nothing: the RST betrays another sender
	ResetAborted         = state.ResetAborted         // nothing: its sender threw the connection away
)

// Severity ranks anomalies.
type Severity = anomaly.Severity

// The severities.
const (
	SeverityNote    = anomaly.SeverityNote    // normal, worth knowing
	SeverityWarning = anomaly.SeverityWarning // someone waited or retried
	SeverityError   = anomaly.SeverityError   // someone failed
)

// ParseSeverity is the severity of that name.
func ParseSeverity(name string) (s Severity, ok bool) { return anomaly.ParseSeverity(name) }

// Anomaly is something that went wrong, or is worth knowing, in a conversation. It is
// raised once an episode.
type Anomaly = anomaly.Anomaly

// AnomalyKind is an entry of the catalogue.
type AnomalyKind = anomaly.AnomalyKind

// Section is a part of the catalogue of anomalies.
type Section = anomaly.Section

// Catalogue is every kind of anomaly that there is. It is not to be changed.
func Catalogue() []Section { return anomaly.Catalogue() }

// FindAnomalyKind is the kind with that id, nil if there is none.
func FindAnomalyKind(id string) *AnomalyKind { return anomaly.FindAnomalyKind(id) }

// Judgment is what follows from a conversation's facts: the trajectories of its endpoints and its
// anomalies. It is worked out when it is asked for, since many readers want only some of
// the conversations judged. The zero value is ready; use it again to spare allocations.
type Judgment = anomaly.Judgment

// Bound is a limit on what is kept of a connection. What does not fit is given up, never the segments
// themselves; Summary counts it.
type Bound = flow.Bound

// The bounds. Those on conversations have counts of their own: Summary.Evicted and ReleasedEarly.
const (
	BoundFacts   = flow.BoundFacts   // MaxFacts, maxOpening: what a segment of an opening or a close shows
	BoundHeld    = flow.BoundHeld    // maxHeld: copies of a SYN that may begin another connection, SYN-ACKs with other ISNs
	BoundFlight  = flow.BoundFlight  // the rings: when each segment in flight was sent
	BoundResent  = flow.BoundResent  // MaxResent: retransmissions that may still prove unneeded
	BoundRanges  = flow.BoundRanges  // reassembly.MaxRanges, rangesPerFlow: gaps in what was captured, or in what SACK blocks report
	BoundHistory = flow.BoundHistory // letters of a History
	NumBounds    = flow.NumBounds
)

// Shortfall is how often a bound was met.
type Shortfall = flow.Shortfall

// Sink receives conversations. c is valid during the call only; a sink that
// keeps it keeps a copy (CopyTo). An error ends the analysis.
type Sink = flow.Sink

// Selective is a Sink that can tell beforehand that it has no use for a conversation, such as a
// table that has its rows already. Those are counted and cost no more than that.
type Selective = flow.Selective

// Encoder is a Sink that writes a conversation's record without a look at others, so that several goroutines can do
// most of the work.
type Encoder = flow.Encoder

// Summary is what was read and what became of it: every packet of the input is
// in exactly one of TCP, Filtered and NotAnalyzed.
type Summary = flow.Summary

// Count is a number of packets and why they were not analyzed.
type Count = flow.Count

// Revision is what a later segment showed of an earlier one.
type Revision = flow.Revision

// Options set the bounds and clocks of the analysis. The zero value means the defaults.
type Options = flow.Options

// Tracker follows the conversations of one partition of the flows. It has no clock
// of its own and belongs to one goroutine.
type Tracker = flow.Tracker

// NewTracker returns a tracker for one of o.Partitions() partitions, whose conversations are
// for sink.
func NewTracker(o Options, sink Sink) *Tracker { return flow.NewTracker(o, sink) }

// Output collects what a tracker has to say about a batch: conversations that
// began and that are over. A Merger takes it.
type Output = flow.Output

// Hash is what Touch and Segment want to know of a key. It differs from run to run.
func Hash(key *wire.Key) uint32 { return flow.Hash(key) }

// Placement is where a Tracker put a segment. It is good until the tracker's next segment.
type Placement = flow.Placement

// Place says to which conversation a segment belongs. A conversation is named by its first frame.
type Place = flow.Place

// Intake turns frames into segments and counts what becomes of them. It belongs to one goroutine.
type Intake = flow.Intake

// Merger gives conversations their stream numbers and hands them to the sink, in the
// same order however many goroutines did the tracking: by the frame that ended them.
// It belongs to one goroutine.
type Merger = flow.Merger

// NewMerger returns a merger for so many trackers.
func NewMerger(trackers int, sink Sink) *Merger { return flow.NewMerger(trackers, sink) }

// Rest is the conversations that are open when the input ends and that the sink wants, in order of their stream numbers.
type Rest = flow.Rest
