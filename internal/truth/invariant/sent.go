package invariant

import (
	"cmp"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/wire"
)

// atMost checks that a part is not more than the whole.
func atMost[T cmp.Ordered](k *checker, side analyzer.Side, what string, part T, of string, whole T) {
	if part > whole {
		k.errorf("%v: %s %v > %s %v", side, what, part, of, whole)
	}
}

// sent checks the counts of one direction.
func (k *checker) sent(side analyzer.Side) {
	s := &k.c.Sent[side]
	again := s.Retransmitted()
	atMost(k, side, "unique bytes", s.UniqueBytes, "stream bytes", s.StreamBytes)
	atMost(k, side, "unique and repeated bytes", s.UniqueBytes+s.RetransmittedBytes, "payload bytes", s.PayloadBytes) // those of probes may be among them
	atMost(k, side, "bytes sent more than once", s.RepeatedBytes, "bytes sent again", s.RetransmittedBytes)
	// A segment that others overtook, or a SYN, may carry bytes that were captured before.
	if s.RetransmittedBytes > 0 && again == 0 && s.OutOfOrderPackets == 0 && !k.sentWithSYN(side) {
		k.errorf("%v: %d bytes retransmitted, by no segment", side, s.RetransmittedBytes)
	}
	atMost(k, side, "spurious retransmissions", uint64(s.SpuriousPackets), "retransmissions", again)
	if lost := s.LostBefore + s.LostBehind - s.NeverRepeated; lost > 0 && again == 0 {
		k.errorf("%v: %d losses, and nothing sent again", side, lost) // one segment may repair several
	}
	atMost(k, side, "copies of one segment", uint64(s.MostCopies), "retransmissions", again)
	for _, part := range []struct {
		what string
		n    uint64
	}{
		{"data packets", s.DataPackets}, {"retransmissions", again}, {"packets out of order", uint64(s.OutOfOrderPackets)}, {"probes", uint64(s.ProbePackets)},
		{"duplicates", uint64(s.Duplicates)}, {"ACKs", s.ACKs}, {"SYNs", s.SYNs}, {"FINs", s.FINs}, {"RSTs", s.RSTs}, {"CE marks", uint64(s.CEMarks)},
	} {
		atMost(k, side, part.what, part.n, "packets", s.Packets)
	}
	atMost(k, side, "pushed packets", s.PushedPackets, "data packets", s.DataPackets)
	atMost(k, side, "pure ACKs", s.PureACKs, "ACKs", s.ACKs)
	atMost(k, side, "duplicate ACKs", s.DuplicateACKs, "pure ACKs", s.PureACKs)
	atMost(k, side, "triple duplicate ACKs", uint64(s.TripleDuplicateACKs), "duplicate ACKs", s.DuplicateACKs)
	atMost(k, side, "D-SACKs", s.DSACKs, "SACKs", s.SACKs)
	k.sizes(side)
	k.times(side)
}

// sentWithSYN reports whether a side sent data with a SYN. Others may be captured in front of that, or it comes again.
func (k *checker) sentWithSYN(side analyzer.Side) bool {
	dir := uint8(side) ^ k.c.ClientDir
	for i := range k.c.Facts {
		if f := &k.c.Facts[i]; f.Dir() == dir && f.Any(wire.SYN) && f.Len > 0 {
			return true
		}
	}
	return false
}

// sizes checks least, mean and most of what is measured in bytes.
func (k *checker) sizes(side analyzer.Side) {
	s := &k.c.Sent[side]
	atMost(k, side, "smallest segment", s.SegmentMin, "largest", s.SegmentMax)
	atMost(k, side, "smallest window", s.WindowMin, "mean", s.WindowAvg)
	atMost(k, side, "mean window", s.WindowAvg, "largest", s.WindowMax)
	atMost(k, side, "least in flight", s.FlightMin, "mean", s.FlightAvg)
	atMost(k, side, "mean in flight", s.FlightAvg, "most", s.FlightMax)
	atMost(k, side, "mean over time in flight", s.FlightTimeAvg, "most", s.FlightMax)
	atMost(k, side, "least TTL", s.TTLMin, "most", s.TTLMax)
}

// times checks durations: none is negative, also where the clock was set back, and a part is not longer than the whole.
func (k *checker) times(side analyzer.Side) {
	s, whole := &k.c.Sent[side], k.c.Duration()
	for _, d := range []struct {
		what string
		d    time.Duration
	}{
		{"the conversation", whole}, {"the longest silence", s.IdleMax}, {"the time of data", s.DataTime}, {"reordering", s.ReorderingMax},
		{"a handshake's round trip", s.HandshakeRTT}, {"zero windows", s.ZeroWindowTime}, {"the longest zero window", s.ZeroWindowMax},
		{"idle", s.Idle}, {"window-limited", s.WindowLimited}, {"recovering", s.Recovering}, {"transferring", s.Transferring},
		{"thinking", s.ThinkTime}, {"longest thought", s.ThinkMax}, {"longest wait for a greeting, or in vain", s.AwaitedMax},
	} {
		atMost(k, side, "0", 0, d.what, d.d)
		atMost(k, side, d.what, d.d, "the conversation", max(1, whole)) // 1: measured, and nothing
	}
	atMost(k, side, "the longest zero window", s.ZeroWindowMax, "all of them", s.ZeroWindowTime)
	atMost(k, side, "the longest thought", s.ThinkMax, "all of them", s.ThinkTime)
	k.spread(side, "round trips", s.RTT.Min, s.RTT.Avg, s.RTT.Max)
	for _, t := range []struct {
		what string
		t    *analyzer.Times
	}{
		{"round trips of full segments", &s.FullRTT}, {"ambiguous round trips", &s.AmbiguousRTT},
		{"round trips by timestamps", &s.TimestampRTT}, {"retransmission intervals", &s.Interval},
	} {
		k.spread(side, t.what, t.t.Min, t.t.Avg, t.t.Max)
	}
}

func (k *checker) spread(side analyzer.Side, what string, least, mean, most time.Duration) {
	atMost(k, side, "0", 0, what, least)
	atMost(k, side, what+": least", least, "mean", mean)
	atMost(k, side, what+": mean", mean, "most", most)
}
