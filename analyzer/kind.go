package analyzer

import "tcptrace/internal/wire"

// SegmentKind is what a segment is, as CONTRACT's segment record names it: exactly one of these.
type SegmentKind uint8

// The kinds.
const (
	KindACK SegmentKind = iota // an acknowledgment and nothing else
	KindSYN
	KindSYNACK
	KindData
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
	NumSegmentKinds
)

var segmentKindNames = [NumSegmentKinds]string{
	KindACK: "ack", KindSYN: "syn", KindSYNACK: "syn-ack", KindData: "data", KindFIN: "fin", KindRST: "rst",
	KindRetransmission: "retransmission", KindOutOfOrder: "out-of-order",
	KindKeepAlive: "keep-alive", KindKeepAliveACK: "keep-alive-ack",
	KindZeroWindowProbe: "zero-window-probe", KindZeroWindowProbeACK: "zero-window-probe-ack",
	KindWindowUpdate: "window-update", KindDuplicateACK: "duplicate-ack", KindChallengeACK: "challenge-ack",
	KindUnacceptable: "unacceptable", KindCaptureDuplicate: "capture-duplicate",
}

// String is the kind's name in the segment record.
func (k SegmentKind) String() string {
	if k < NumSegmentKinds {
		return segmentKindNames[k]
	}
	return "unknown"
}

// RetransmissionCause is why a sender sent something again.
type RetransmissionCause uint8

// The causes.
const (
	CauseUnknown   RetransmissionCause = iota
	CauseTimeout                       // RFC 6298
	CauseFast                          // three duplicate ACKs (RFC 5681 3.2)
	CauseSACK                          // what SACK blocks show to be missing (RFC 6675, RFC 8985)
	CauseTailProbe                     // RFC 8985 7
	NumRetransmissionCauses
)

var retransmissionCauseNames = [NumRetransmissionCauses]string{
	CauseUnknown: "unknown", CauseTimeout: "timeout", CauseFast: "fast", CauseSACK: "sack", CauseTailProbe: "tail-probe",
}

// String is the cause's name in the segment record.
func (c RetransmissionCause) String() string {
	if c < NumRetransmissionCauses {
		return retransmissionCauseNames[c]
	}
	return "unknown"
}

// kindOf is the kind of a segment as far as it can be told without those before it.
func kindOf(s *wire.Segment, duplicate bool) SegmentKind {
	switch {
	case duplicate:
		return KindCaptureDuplicate
	case s.Flags.Has(wire.RST):
		return KindRST
	case s.Flags.Has(wire.SYN | wire.ACK):
		return KindSYNACK
	case s.Flags.Has(wire.SYN):
		return KindSYN
	case s.Flags.Has(wire.FIN):
		return KindFIN
	case s.Len > 0:
		return KindData
	}
	return KindACK
}
