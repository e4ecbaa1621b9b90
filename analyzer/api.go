package analyzer

import (
	"tcptrace/analyzer/internal/anomaly"
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/flow"
	"tcptrace/analyzer/internal/intake"
	"tcptrace/analyzer/internal/reading"
	"tcptrace/analyzer/internal/state"
	"tcptrace/analyzer/packet"
)

// Sent is what one endpoint sent, and what came back for it. Counts are segments unless they say bytes.
//
// Its fields: go doc ./analyzer/internal/conn Sent
type Sent = conn.Sent

// SYNOptions are options of a SYN: a method asks for each.
type SYNOptions = conn.SYNOptions

// RTT is a distribution of round trip times.
//
// Its fields: go doc ./analyzer/internal/conn RTT
type RTT = conn.RTT

// Times are how times are distributed, without quantiles.
//
// Its fields: go doc ./analyzer/internal/conn Times
type Times = conn.Times

// Term is a word of the segment record: what it means, and Wireshark's flag for it.
//
// Its fields: go doc ./analyzer/internal/conn Term
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
	Reset       = conn.Reset      // an RST ended it after a SYN-ACK, or in mid-connection
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

// ConnState is Zeek's conn_state (Zeek's conn.log documentation). Its String is what Zeek has there: "SF", "S0", "RSTO" and so on.
type ConnState = conn.ConnState

// Conversation is one TCP connection as the capture shows it. It does not change once it
// has been handed out.
//
// Its fields: go doc ./analyzer/internal/conn Conversation
type Conversation = conn.Conversation

// Kind says what a segment is. Every segment of a conversation has exactly one.
type Kind = reading.Kind

// The kinds. [Kind.Term] says what each one is.
const (
	KindData               = reading.KindData
	KindACK                = reading.KindACK
	KindSYN                = reading.KindSYN
	KindSYNACK             = reading.KindSYNACK
	KindFIN                = reading.KindFIN
	KindRST                = reading.KindRST
	KindRetransmission     = reading.KindRetransmission
	KindOutOfOrder         = reading.KindOutOfOrder
	KindKeepAlive          = reading.KindKeepAlive
	KindKeepAliveACK       = reading.KindKeepAliveACK
	KindZeroWindowProbe    = reading.KindZeroWindowProbe
	KindZeroWindowProbeACK = reading.KindZeroWindowProbeACK
	KindWindowUpdate       = reading.KindWindowUpdate
	KindDuplicateACK       = reading.KindDuplicateACK
	KindChallengeACK       = reading.KindChallengeACK
	KindUnacceptable       = reading.KindUnacceptable
	KindCaptureDuplicate   = reading.KindCaptureDuplicate
	NumKinds               = reading.NumKinds
)

// Notes are what else there is to say about a segment, as independent bits. All yields their names, which docs/segments.md explains; Has
// reports whether one is set.
type Notes = reading.Notes

// Segment is one TCP segment, as it is decoded: package packet names its flags.
type Segment = packet.Segment

// Reading is what a segment is, as shown by Analyzer.Watch, Monitor.Watch and Choice.Watch. A Reading that amends an earlier one has only First,
// Client, Segment, Kind, Cause, Spurious and Notes.
//
// Its fields: go doc ./analyzer/internal/reading Reading
type Reading = reading.Reading

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
//
// Its fields: go doc ./analyzer/internal/state Close
type Close = state.Close

// Evidence says how a step of a trajectory is known.
type Evidence = state.Evidence

// The kinds of evidence, weakest first.
const (
	EvidenceAssumed      = state.EvidenceAssumed      // what causes the step passed the tap towards the endpoint; nothing proves or disproves that it arrived
	EvidenceTimer        = state.EvidenceTimer        // capture time passed, nothing was seen
	EvidenceAcknowledged = state.EvidenceAcknowledged // a later segment from the endpoint itself proves it
	EvidenceSent         = state.EvidenceSent         // the endpoint sent something that is sent only in this state
	EvidenceKernel       = state.EvidenceKernel       // its own kernel says so, in a live analysis on its host
)

// Step is one state that an endpoint entered.
//
// Its fields: go doc ./analyzer/internal/state Step
type Step = state.Step

// Course has the trajectories of a conversation's endpoints, and how the connection ended. The zero value is ready to use; reuse it to avoid
// allocations.
//
// Its fields: go doc ./analyzer/internal/state Course
type Course = state.Course

// Lifetime is the states of a connection's endpoints over time, as a table of connections on both hosts would
// have shown them. All times are the tap's: a step begins when the segment that shows it passed. The
// zero value is ready to use; reuse it to avoid allocations.
//
// A connection exists from its first frame until both endpoints are CLOSED (or back in LISTEN, or never known), or the
// conversation is over: 2 MSL after its last frame if it was closed or reset, when the sender of an unanswered SYN has given
// up, when another connection has taken over its sockets, or when the full flow table evicted it. TIME_WAIT ends by its own clock,
// even if the tracker had no room to wait for that. A connection that no segment and none of these rules ends exists until the end
// of the capture, however long it is silent.
//
// Its fields: go doc ./analyzer/internal/state Lifetime
type Lifetime = state.Lifetime

// Change is that an endpoint enters a state, or that the connection begins or ends.
//
// Its fields: go doc ./analyzer/internal/state Change
type Change = state.Change

// Moment is a connection at one time, by Side.
type Moment = state.Moment

// EndpointMoment is what is known of one endpoint at a moment.
//
// Its fields: go doc ./analyzer/internal/state EndpointMoment
type EndpointMoment = state.EndpointMoment

// ResetCause says what caused an RST, as far as the capture shows. Its String, which identifies the value, is what a
// record has: "refused", "probe", "scan", "unasked", "abandoned", "dropped", "unread-data",
// "write-after-close", "fin-wait-2-timeout", "after-fin", "half-open", "unknown-on-path", "challenge-ack", "keep-alive-timeout",
// "injected" or "aborted"; Text says it in words. The zero value is no reset.
type ResetCause = state.ResetCause

// NumResetCauses is the number of causes, including the zero value.
const NumResetCauses = state.NumResetCauses

// Severity ranks anomalies.
type Severity = anomaly.Severity

// The severities.
const (
	SeverityNote    = anomaly.SeverityNote    // normal, worth knowing
	SeverityWarning = anomaly.SeverityWarning // someone waited or retried
	SeverityError   = anomaly.SeverityError   // someone failed
)

// Anomaly is something that went wrong in a conversation, or is worth knowing. It is
// raised once per episode.
//
// Its fields: go doc ./analyzer/internal/anomaly Anomaly
type Anomaly = anomaly.Anomaly

// AnomalyKind is an entry of the catalogue.
//
// Its fields: go doc ./analyzer/internal/anomaly AnomalyKind
type AnomalyKind = anomaly.AnomalyKind

// Section is a part of the catalogue of anomalies.
//
// Its fields: go doc ./analyzer/internal/anomaly Section
type Section = anomaly.Section

// Catalogue returns every kind of anomaly. It must not be changed.
func Catalogue() []Section { return anomaly.Catalogue() }

// FindAnomalyKind returns the kind with that id, or nil.
func FindAnomalyKind(id string) *AnomalyKind { return anomaly.FindAnomalyKind(id) }

// Judgment is what follows from a conversation's facts: the trajectories of its endpoints and its
// anomalies. It is computed on request, since many callers need it for only some of
// the conversations. The zero value is ready to use; reuse it to avoid allocations.
//
// Its fields: go doc ./analyzer/internal/anomaly Judgment
type Judgment = anomaly.Judgment

// Sink receives conversations. c is valid only during the call; a sink that
// keeps it must copy it (CopyTo). An error ends the analysis.
//
// A sink of Run can save time by having further methods, as the renderers of package report do:
//
//   - Skips(Time) bool and First() int say in advance which conversations the sink has no use for, such as a table that has all its rows.
//   - With NewEncoder() func([]byte, *Conversation) []byte and Encoded([]byte) error, several goroutines make the records of the
//     conversations that are open at the end; with NewUnnumbered() func([]byte, *Conversation, *Judgment) []byte and
//     Numbered(uint64, []byte) error also those of all others (go doc ./analyzer/internal/flow Unnumbered).
//   - With Skims(Time) bool and Sound(*Conversation) error, the sink gets only a part of the conversations in which nothing is wrong
//     (go doc ./analyzer/internal/flow Skimmer).
type Sink = flow.Sink

// Summary says what was read and what happened to it: every packet of the input is
// counted in exactly one of TCP, Filtered and NotAnalyzed.
//
// Its fields: go doc ./analyzer/internal/intake Summary
type Summary = intake.Summary

// Count is a number of packets and why they were not analyzed.
//
// Its fields: go doc ./analyzer/internal/intake Count
type Count = intake.Count
