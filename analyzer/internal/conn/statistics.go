package conn

import (
	"time"

	"tcptrace/analyzer/timing"
)

// Sent is what one endpoint sent, and what came back for it. Counts are segments unless they say bytes.
type Sent struct {
	Tally
	DisorderTally

	Packets      uint64
	PayloadBytes uint64 // sum of TCP payload lengths, retransmissions included
	IPBytes      uint64 // sum of IP packet lengths
	FrameBytes   uint64 // sum of frame lengths on the wire
	StreamBytes  uint64 // length of the byte stream as its sequence numbers show it, without SYN and FIN

	DataPackets        uint64
	PushedPackets      uint64 // with payload and PSH
	UniqueBytes        uint64 // payload that was not sent before; without that of probes
	Retransmissions    [NumCauses]uint64
	RetransmittedBytes uint64        // payload that had been sent before
	RepeatedBytes      uint64        // bytes of the stream that were sent more than once, each counted once
	MostCopies         uint32        // how often the segment that was sent again most was sent again
	ReorderingMax      time.Duration // by which a segment came later than one sent after it
	Unacknowledged     uint64        // payload bytes that nothing captured acknowledges
	MissedBytes        uint64        // bytes of the stream that the capture does not have
	LostBefore         uint64        // segments that never passed the tap: lost before it
	Lost               uint64        // segments with payload, SYN or FIN that were sent again and needed, or are missing at the end: several that one repairs count each, one that several repair counts once
	LostBehind         uint64        // segments that passed it and were lost behind it, or their ACKs were
	Unrepaired         uint64        // segments that were lost and are missing at the end
	NeverRepeated      uint64        // of these, the ones that were not sent again
	NeverPassed        uint64        // of those, the ones that were lost before the tap

	ACKs          uint64 // with ACK
	PureACKs      uint64 // and neither payload, SYN, FIN nor RST
	DuplicateACKs uint64
	SACKs         uint64 // with SACK blocks
	DSACKs        uint64 // of those the ones that report a duplicate (RFC 2883)
	MaxSACKBlocks uint8  // in one segment

	SYNs, FINs, RSTs uint64
	Options          SYNOptions
	MSS              uint16 // that its SYN offered; 0: none
	WindowShift      uint8  // valid with Options.WindowScale

	SegmentMin, SegmentMax uint32 // payload bytes, of segments that have some; 0: none has

	WindowMin, WindowAvg, WindowMax uint64 // bytes, of the windows that it offered, but in SYNs
	ZeroWindowTime, ZeroWindowMax   time.Duration

	FlightMin, FlightMax, FlightAvg uint64 // bytes sent and not acknowledged, as the tap sees it, when a data segment passes
	FlightTimeAvg                   uint64 // mean over time, from the first data to the last change
	InitialBytes                    uint64 // sent before the first of them were acknowledged
	InitialPackets                  uint64

	IdleMax                  time.Duration // between two of its segments
	DataTime                 time.Duration // from its first segment with payload to its last
	RTT                      RTT           // from a segment that was sent once to its acknowledgment, both at the tap (Karn)
	FullRTT                  Times         // of those the ones of segments with SegmentMax bytes
	AmbiguousRTT             Times         // from the latest transmission of a segment that was sent again to its acknowledgment
	TimestampRTT             Times         // from a timestamp to its echo; Stdev is not known
	HandshakeRTT             time.Duration // from its SYN or SYN-ACK to the ACK of that, at the tap; 0: not known
	Interval                 Times         // from a segment to its retransmission
	TTLMin, TTLMax           uint8         // or hop limit
	Idle, WindowLimited      time.Duration
	Recovering, Transferring time.Duration
	ThinkTime, ThinkMax      time.Duration
	AwaitedMax               time.Duration // for which its peer waited for a greeting, or in vain for an answer; 0: for no more than a second
	SlowTurns                uint16        // times it began to send a second or more after its peer had sent data and waited
	UnpromptedTurns          uint16        // times it went on after more than a second in which its peer sent no data
	HeldBack                 uint32        // small segments that waited for a delayed ACK
	HeldBackTime             time.Duration // by how much longer than a round trip, in all
	Limits                   timing.Limits // of its transfers
}

// Tally is what is counted of an endpoint's segments as they pass, and is reported as it was counted. A counter stands
// here, where it is counted, and in the table of statistics (report).
type Tally struct {
	TruncatedBytes      uint64
	TruncatedPackets    uint32 // whose payload the snap length cut
	TripleDuplicateACKs uint32 // times that there were three in a row
	CumulativePackets   uint32 // that it sent and that were acknowledged by the ACK of a later one
	Thinks              uint32 // times it began to send after its peer had sent data
}

// DisorderTally is as Tally what is counted only of endpoints whose segments were not all ordinary, which most are.
type DisorderTally struct {
	OutOfOrderBytes   uint64
	ProbeBytes        uint64
	UrgentBytes       uint64 // sum of the urgent pointers of those with payload
	SpuriousPackets   uint32 // retransmissions that were not needed, and proof came
	OutOfOrderPackets uint32
	ProbePackets      uint32 // zero-window probes and keep-alives
	UrgentPackets     uint32 // with payload and URG
	CEMarks           uint32 // marked by the network (RFC 3168)
	Duplicates        uint32 // copies of a segment that its sender sent once
	PostLossACKs      uint32 // acknowledgments of a segment that was sent once, over one that was sent again
	ZeroWindows       uint32 // times its window closed
}

// Retransmitted is the number of retransmissions, whatever their cause.
func (s *Sent) Retransmitted() uint64 {
	n := uint64(0)
	for _, k := range s.Retransmissions {
		n += k
	}
	return n
}

func (h *Half) Sent(peer *Half, out *Sent) {
	stream := h.End - h.Start
	if h.Flags&(SentFIN|FinOnSYN) != 0 && stream > 0 {
		stream--
	}
	if h.misses(peer) {
		stream = 0
	}
	out.Packets, out.PayloadBytes, out.IPBytes, out.FrameBytes = h.Packets, h.Payload, h.ipBytes, h.frameBytes
	out.StreamBytes, out.Unacknowledged = uint64(max(0, stream)), h.unacked(peer)
}

// RTT is a distribution of round trip times.
type RTT struct {
	Samples          uint64
	Min, Avg, Max    time.Duration
	Stdev            time.Duration // of the samples (n-1)
	P50, P95, P99    time.Duration // within a sixteenth; 0 if there are no samples
	Smoothed, RTTVar time.Duration // SRTT and RTTVAR of RFC 6298 at the end
}

// Times are how times are distributed, without quantiles.
type Times struct {
	Samples       uint64
	Min, Avg, Max time.Duration
	Stdev         time.Duration // of the samples (n-1)
}
