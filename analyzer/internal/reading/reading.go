// Package reading has the words for what a segment is: its kind, the notes on it, and a [Reading] that holds them. Package segment finds
// out which apply.
//
// Non-goals: deciding anything; words for what lasts, which are anomalies.
package reading

import (
	"iter"
	"math/bits"
	"slices"
	"time"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// Kind says what a segment is. Every segment of a conversation has exactly one.
type Kind uint8

// The kinds, in the order in which package segment tries those that exclude each other. kindTerms says what each one is.
const (
	KindData Kind = iota
	KindACK
	KindSYN
	KindSYNACK
	KindFIN
	KindRST
	KindRetransmission
	KindOutOfOrder
	KindKeepAlive
	KindKeepAliveACK
	KindZeroWindowProbe
	KindZeroWindowProbeACK
	KindWindowUpdate
	KindDuplicateACK
	KindChallengeACK
	KindUnacceptable
	KindCaptureDuplicate
	NumKinds
)

var kindTerms = [NumKinds]conn.Term{
	KindData:               {Name: "data", Text: "bytes that were not sent before"},
	KindACK:                {Name: "ack", Text: "no payload, and none of the special ACKs below"},
	KindSYN:                {Name: "syn", Text: "the first SYN of its sender"},
	KindSYNACK:             {Name: "syn-ack", Text: "the first SYN with ACK"},
	KindFIN:                {Name: "fin", Text: "the first FIN of its sender, with or without payload"},
	KindRST:                {Name: "rst", Text: "an RST that its receiver takes"},
	KindRetransmission:     {Name: "retransmission", Text: "data, SYN, SYN-ACK or FIN that its sender had sent before, be it captured or not", Wireshark: "retransmission, fast_retransmission, spurious_retransmission"},
	KindOutOfOrder:         {Name: "out-of-order", Text: "the first copy of bytes that were sent before others that were captured earlier", Wireshark: "out_of_order"},
	KindKeepAlive:          {Name: "keep-alive", Text: "one below the next number, with nothing in flight (RFC 9293 3.8.4)", Wireshark: "keep_alive"},
	KindKeepAliveACK:       {Name: "keep-alive-ack", Text: "what answers it", Wireshark: "keep_alive_ack"},
	KindZeroWindowProbe:    {Name: "zero-window-probe", Text: "sent into a closed window to learn whether it opened (RFC 9293 3.8.6.1)", Wireshark: "zero_window_probe"},
	KindZeroWindowProbeACK: {Name: "zero-window-probe-ack", Text: "what answers it", Wireshark: "zero_window_probe_ack"},
	KindWindowUpdate:       {Name: "window-update", Text: "an ACK that tells nothing but another window", Wireshark: "window_update"},
	KindDuplicateACK:       {Name: "duplicate-ack", Text: "a duplicate by RFC 5681 2, or an ACK that brings nothing but SACK blocks (RFC 6675)", Wireshark: "duplicate_ack"},
	KindChallengeACK:       {Name: "challenge-ack", Text: "what answers an RST, SYN or ACK that is not accepted (RFC 5961)"},
	KindUnacceptable:       {Name: "unacceptable", Text: "its receiver drops it: number outside the window, ACK number or timestamp too old, a second ISN, a wrong checksum"},
	KindCaptureDuplicate:   {Name: "capture-duplicate", Text: "a copy of a segment that nobody sent again: captured twice, or doubled by the network"},
}

// Among reports whether the kind is one of those whose bits are set.
func (k Kind) Among(kinds uint32) bool { return kinds>>(k&31)&1 != 0 }

// String is the kind's name in the segment record.
func (k Kind) String() string { return k.Term().Name }

// Term is the kind's word in the segment record, and what it means.
func (k Kind) Term() conn.Term {
	if k < NumKinds {
		return kindTerms[k]
	}
	return conn.Term{Name: "unknown"}
}

// Notes are what else there is to say of a segment, as independent bits.
type Notes uint32

// The notes. noteTerms, in the same order, says what each one is.
const (
	NotePreviousMissing Notes = 1 << iota
	NoteACKOfUnseen
	NoteZeroWindow
	NoteWindowFull
	NoteWindowExceeded
	NoteWindowShrunk
	NotePartialACK
	NotePortReused
	NoteCE
	NoteECE
	NoteCWR
	NoteUrgent
	NoteSuperSegment
	NoteDSACK
	NoteReneged
	NoteStaleACK
	NoteTruncated
	NoteAfterACK
	NoteLostBefore
	NotePAWS
	NoteAnswersSYN
	NoteOldACK
	NoteChallenged
	NoteNotTaken
	NoteFarOff
	numNotes = iota
)

var noteTerms = [numNotes]conn.Term{
	{Name: "previous-segment-missing", Text: "bytes before it were not captured so far", Wireshark: "lost_segment"},
	{Name: "ack-of-unseen", Text: "acknowledges bytes that were not captured", Wireshark: "ack_lost_segment"},
	{Name: "zero-window", Text: "offers no window", Wireshark: "zero_window"},
	{Name: "window-full", Text: "its last byte is the last that the receiver's window allows", Wireshark: "window_full"},
	{Name: "window-exceeded", Text: "bytes beyond the window that was offered"},
	{Name: "window-shrunk", Text: "takes back window that was offered"},
	{Name: "partial-ack", Text: "acknowledges part of what is being recovered (RFC 6582)"},
	{Name: "port-reused", Text: "the first segment of a connection whose sockets were used before", Wireshark: "reused_ports"},
	{Name: "ecn-ce", Text: "the network marked it: congestion (RFC 3168)"},
	{Name: "ecn-ece", Text: "tells the sender of such a mark"},
	{Name: "ecn-cwr", Text: "tells the receiver that the sender slowed down"},
	{Name: "urgent", Text: "has URG"},
	{Name: "super-segment", Text: "larger than the MSS: several segments, split or joined beside the tap (TSO, GRO)"},
	{Name: "dsack", Text: "reports bytes that came more than once (RFC 2883)"},
	{Name: "sack-reneged", Text: "takes back bytes that had been selectively acknowledged"},
	{Name: "stale-ack", Text: "an earlier ACK number than one before: overtaken on its way"},
	{Name: "truncated", Text: "payload cut, and not where the capture cuts every packet (its snap length)"},
	{Name: "after-its-ack", Text: "captured behind the ACK of its bytes"},
	{Name: "lost-before-tap", Text: "a retransmission whose first copy was lost before the tap, or by the capture"},
	{Name: "paws", Text: "its timestamp is older than its receiver accepts (RFC 7323 5.3)"},
	{Name: "answers-repeated-syn", Text: "a SYN-ACK again because the SYN came again"},
	{Name: "ack-not-accepted", Text: "an ACK number that its receiver does not accept (RFC 5961 5)"},
	{Name: "opens-nothing-challenged", Text: "a SYN or SYN-ACK with another ISN, which the connection answered by an ACK of its own: that goes on (RFC 5961 4.2)"},
	{Name: "opens-nothing-not-taken", Text: "a SYN or SYN-ACK with another ISN, which nothing acknowledged: it opened no connection"},
	{Name: "of-another-connection", Text: "numbers that no window of the connection reaches: another connection's, or forged"},
}

// Has reports whether the note of that name is set.
func (n Notes) Has(name string) bool {
	i := slices.IndexFunc(noteTerms[:], func(t conn.Term) bool { return t.Name == name })
	return i >= 0 && n>>i&1 != 0
}

// Amended are the notes of a segment that is found to be of a kind, with further notes.
func (n Notes) Amended(kind Kind, by Notes) Notes {
	if kind != KindUnacceptable {
		n &^= NotePAWS // its receiver took it
	}
	if kind == KindData {
		n &^= NoteLostBefore // it was sent for the first time
	}
	return n | by
}

// All yields the names of the notes, in a fixed order.
func (n Notes) All() iter.Seq[string] {
	return func(yield func(string) bool) {
		for term := range n.Terms() {
			if !yield(term.Name) {
				return
			}
		}
	}
}

// Terms yields the words of the notes in the segment record, and what they mean, in a fixed order.
func (n Notes) Terms() iter.Seq[conn.Term] {
	return func(yield func(conn.Term) bool) {
		for ; n != 0; n &= n - 1 {
			if i := bits.TrailingZeros32(uint32(n)); i < numNotes && !yield(noteTerms[i]) {
				return
			}
		}
	}
}

// NoRTT is the RTT of an amendment that takes back the one that was told: what was sent was no answer.
const NoRTT time.Duration = -1

// Reading is what a segment is, as a Tracker's watcher gets it.
type Reading struct {
	First    uint64        // the first frame of the conversation, which names it
	Client   uint8         // direction of the client, as far as it is known now
	Segment  *wire.Segment // valid during the call; of an amendment the segment that brought the proof
	Seq, Ack int64         // relative to the ISNs, or to the first numbers seen; Ack is valid with the ACK flag
	Window   int64         // in bytes
	Scaled   bool          // the scale is known, or there is none: Window is not a guess
	Kind     Kind
	Cause    conn.Cause // of a retransmission
	Spurious bool       // a retransmission that was not needed, as far as is known now
	Notes    Notes
	RTT      time.Duration // the round trip that its ACK measured, from a segment of its peer that was sent once (Sent.RTT): at least 1 ns; 0: none
	Third    bool          // the third duplicate ACK in a row
	Text     []byte        // what was captured of the payload of an RST; set by a second pass

	// Amends is the frame of an earlier segment of which more is known now: a retransmission that proves spurious, or
	// a SYN-ACK that the client took, or did not; 0 of an ordinary reading. Of an amendment only First, Client, Segment, Kind, Cause,
	// Spurious and Notes, beside those that the segment had, are set, and RTT if that counts now, or no longer (NoRTT).
	Amends uint64
}
