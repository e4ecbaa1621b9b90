package flow

import (
	"tcptrace/analyzer/internal/anomaly"
	"tcptrace/analyzer/internal/conn"
)

// Sink receives conversations. c is valid during the call only; a sink that
// keeps it keeps a copy (CopyTo). An error ends the analysis.
type Sink interface {
	Conversation(c *conn.Conversation) error
}

// Selective is a Sink that can tell beforehand that it has no use for a conversation, such as a
// table that has its rows already. Those are counted and cost no more than that.
type Selective interface {
	Sink
	// Skips reports whether a conversation that starts at start can be left out. Several
	// goroutines call it; it may be late in saying yes.
	Skips(start conn.Time) bool
	// First is how many conversations it wants: those that start first; 0: no such limit.
	First() int
}

// Skimmer is a Sink that wants to know little of conversations in which nothing is wrong, which are most.
type Skimmer interface {
	Sink
	// Skims reports whether that holds for conversations that start at start. Several goroutines call it; it may be late in saying yes.
	Skims(start conn.Time) bool
	// Sound takes such a conversation in place of Conversation, in the same order: it was opened and closed in order, has no anomaly, and
	// nobody waited a second in it. Of c there are Stream, Addr, Names, VLAN, Interface, Start, Roles,
	// Outcome, the HandshakeRTT of both sides, the TTLMin of what the client sent, and Thinks, TTLMin and TTLMax of what the server sent; the TTLs are 0 if
	// they differ.
	Sound(c *conn.Conversation) error
}

// Encoder is a Sink that writes a conversation's record without a look at others, so that several goroutines can do
// most of the work.
type Encoder interface {
	Sink
	// NewEncoder returns what appends the record of c to b, for one goroutine.
	NewEncoder() func(b []byte, c *conn.Conversation) []byte
	// Encoded takes records, in order, in place of the calls with their conversations.
	Encoded(b []byte) error
}

// Unnumbered is a Sink that writes a conversation's record likewise, and its stream's number behind the rest. Which number that is turns out when
// the frames before the conversation's first are done with: so the goroutines that track conversations make their records as they end.
type Unnumbered interface {
	Sink
	// NewUnnumbered returns what appends the record of c, of which j is the judgment, to b, for one goroutine, in a form that Numbered understands.
	// It does not look at c.Stream.
	NewUnnumbered() func(b []byte, c *conn.Conversation, j *anomaly.Judgment) []byte
	// Numbered takes a record, in order, in place of the call with its conversation. It is valid during the call.
	Numbered(stream uint64, record []byte) error
}
