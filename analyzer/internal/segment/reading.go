package segment

import (
	"iter"
	"math/bits"
	"slices"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// Kind says what a segment is. Every segment of a conversation has exactly one.
type Kind uint8

// The kinds, in the order in which classify.go tries those that exclude each other.
const (
	KindData               Kind = iota // bytes that were not sent before
	KindACK                            // no payload, and none of the special ACKs below
	KindSYN                            // the first of its sender
	KindSYNACK                         // the first of its sender
	KindFIN                            // the first of its sender, with or without payload
	KindRST                            // an RST that its receiver takes
	KindRetransmission                 // data, SYN, SYN-ACK or FIN that its sender had sent before, be it captured or not
	KindOutOfOrder                     // the first copy of bytes that were sent before others that were captured earlier
	KindKeepAlive                      // RFC 9293 3.8.4: one below the next number, with nothing in flight
	KindKeepAliveACK                   // what answers it
	KindZeroWindowProbe                // RFC 9293 3.8.6.1: sent into a closed window to learn whether it opened
	KindZeroWindowProbeACK             // what answers it
	KindWindowUpdate                   // an ACK that tells nothing but another window
	KindDuplicateACK                   // RFC 5681 2, or an ACK that brings nothing but SACK blocks (RFC 6675)
	KindChallengeACK                   // RFC 5961: what answers an RST, SYN or ACK that is not accepted
	KindUnacceptable                   // its receiver drops it: number outside the window, ACK number or timestamp too old, a second ISN, a wrong checksum
	KindCaptureDuplicate               // a copy of a segment that nobody sent again: captured twice, or doubled by the network
	NumKinds
)

var kindNames = [NumKinds]string{
	KindData: "data", KindACK: "ack", KindSYN: "syn", KindSYNACK: "syn-ack", KindFIN: "fin", KindRST: "rst",
	KindRetransmission: "retransmission", KindOutOfOrder: "out-of-order",
	KindKeepAlive: "keep-alive", KindKeepAliveACK: "keep-alive-ack",
	KindZeroWindowProbe: "zero-window-probe", KindZeroWindowProbeACK: "zero-window-probe-ack",
	KindWindowUpdate: "window-update", KindDuplicateACK: "duplicate-ack", KindChallengeACK: "challenge-ack",
	KindUnacceptable: "unacceptable", KindCaptureDuplicate: "capture-duplicate",
}

// String is the kind's name in the segment record.
func (k Kind) String() string {
	if k < NumKinds {
		return kindNames[k]
	}
	return "unknown"
}

// Notes are what else there is to say of a segment, as independent bits.
type Notes uint32

// The notes.
const (
	NotePreviousMissing Notes = 1 << iota // bytes before it were not captured so far
	NoteACKOfUnseen                       // acknowledges bytes that were not captured
	NoteZeroWindow                        // offers no window
	NoteWindowFull                        // its last byte is the last that the receiver's window allows
	NoteWindowExceeded                    // bytes beyond the window that was offered
	NoteWindowShrunk                      // takes back window that was offered
	NotePartialACK                        // acknowledges part of what is being recovered (RFC 6582)
	NotePortReused                        // the first segment of a connection whose sockets were used before
	NoteCE                                // the network marked it: congestion (RFC 3168)
	NoteECE                               // tells the sender of such a mark
	NoteCWR                               // tells the receiver that the sender slowed down
	NoteUrgent                            // URG
	NoteSuperSegment                      // larger than the MSS: several segments, split or joined beside the tap (TSO, GRO)
	NoteDSACK                             // reports bytes that came more than once (RFC 2883)
	NoteReneged                           // takes back bytes that had been selectively acknowledged
	NoteStaleACK                          // an earlier ACK number than one before: overtaken on its way
	NoteTruncated                         // payload cut by the snap length
	NoteAfterACK                          // captured behind the ACK of its bytes
	NoteLostBefore                        // a retransmission whose first copy was lost before the tap, or by the capture
	NotePAWS                              // its timestamp is older than its receiver accepts (RFC 7323 5.3)
	NoteAnswersSYN                        // a SYN-ACK again because the SYN came again
	NoteOldACK                            // an ACK number that its receiver does not accept (RFC 5961 5)
	NoteChallenged                        // a SYN or SYN-ACK with another ISN that opens nothing: an ACK of the connection answered it
	NoteNotTaken                          // the same, but nothing answered it that acknowledges it
	NoteFarOff                            // numbers that no window of the connection reaches: of another one, or forged
	numNotes            = iota
)

var noteNames = [numNotes]string{
	"previous-segment-missing", "ack-of-unseen", "zero-window", "window-full", "window-exceeded", "window-shrunk", "partial-ack",
	"port-reused", "ecn-ce", "ecn-ece", "ecn-cwr", "urgent", "super-segment", "dsack", "sack-reneged", "stale-ack", "truncated",
	"after-its-ack", "lost-before-tap", "paws", "answers-repeated-syn", "ack-not-accepted",
	"opens-nothing-challenged", "opens-nothing-not-taken", "of-another-connection",
}

// Has reports whether the note of that name is set.
func (n Notes) Has(name string) bool {
	i := slices.Index(noteNames[:], name)
	return i >= 0 && n>>i&1 != 0
}

// All yields the names of the notes, in a fixed order.
func (n Notes) All() iter.Seq[string] {
	return func(yield func(string) bool) {
		for ; n != 0; n &= n - 1 {
			if i := bits.TrailingZeros32(uint32(n)); i < numNotes && !yield(noteNames[i]) {
				return
			}
		}
	}
}

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
	Text     []byte // what was captured of the payload of an RST; set by a second pass

	// Amends is the frame of an earlier segment of which more is known now: a retransmission that proves spurious, or
	// a SYN-ACK that the client took, or did not; 0 of an ordinary reading. Of an amendment only First, Client, Segment, Kind, Cause,
	// Spurious and Notes, beside those that the segment had, are set.
	Amends uint64
}
