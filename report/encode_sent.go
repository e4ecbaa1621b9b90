package report

import (
	"time"

	"tcptrace/analyzer"
)

// sent appends the statistics of a side, in their order. What is 0 or not known is left out but for the first few. It
// spells out what Statistics lists, since two calls through pointers for each of them would take as long as all else of a
// record; a test holds the two together.
func (e *encoder) sent(b []byte, c *analyzer.Conversation, side analyzer.Side) []byte {
	s := &c.Sent[side]
	b = appendCount(append(b, `{"packets":`...), s.Packets)
	b = appendCount(append(b, `,"payload_bytes":`...), s.PayloadBytes)
	b = appendCount(append(b, `,"ip_bytes":`...), s.IPBytes)
	b = appendCount(append(b, `,"frame_bytes":`...), s.FrameBytes)
	b = appendCount(append(b, `,"stream_bytes":`...), s.StreamBytes)
	if !c.Quick {
		b = appendVolume(b, c, s)
		b = appendRetransmissions(b, s)
		b = appendAcknowledgments(b, s)
		b = appendOpeningAndClosing(b, s)
		b = appendWindows(b, s)
		b = appendRoundTrips(b, s)
		b = appendWhereTimeWent(b, s)
	}
	return append(b, '}')
}

func put(b []byte, name string, n uint64) []byte {
	if n != 0 {
		b = appendCount(append(b, name...), n)
	}
	return b
}

func putTime(b []byte, name string, d time.Duration) []byte {
	if d != 0 {
		b = appendSeconds(append(b, name...), int64(d))
	}
	return b
}

func putFlag(b []byte, name string, set bool) []byte {
	if set {
		b = append(append(b, name...), "true"...)
	}
	return b
}

func appendVolume(b []byte, c *analyzer.Conversation, s *analyzer.Sent) []byte {
	b = put(b, `,"data_packets":`, s.DataPackets)
	b = put(b, `,"pushed_packets":`, s.PushedPackets)
	b = put(b, `,"unique_bytes":`, s.UniqueBytes)
	b = put(b, `,"segment_min_bytes":`, uint64(s.SegmentMin))
	b = put(b, `,"segment_avg_bytes":`, segmentAverage(s))
	b = put(b, `,"segment_max_bytes":`, uint64(s.SegmentMax))
	b = put(b, `,"throughput_bytes_s":`, perSecond(c, s.PayloadBytes))
	b = put(b, `,"goodput_bytes_s":`, perSecond(c, s.UniqueBytes))
	b = putTime(b, `,"data_time_s":`, s.DataTime)
	b = putTime(b, `,"idle_max_s":`, s.IdleMax)
	return b
}

func appendRetransmissions(b []byte, s *analyzer.Sent) []byte {
	b = put(b, `,"retransmitted_packets":`, s.Retransmitted())
	b = put(b, `,"retransmitted_bytes":`, s.RetransmittedBytes)
	b = put(b, `,"retransmitted_timeout_packets":`, s.Retransmissions[analyzer.CauseTimeout])
	b = put(b, `,"retransmitted_fast_packets":`, s.Retransmissions[analyzer.CauseFast])
	b = put(b, `,"retransmitted_sack_packets":`, s.Retransmissions[analyzer.CauseSACK])
	b = put(b, `,"retransmitted_tail_probe_packets":`, s.Retransmissions[analyzer.CauseTailProbe])
	b = put(b, `,"retransmitted_unknown_packets":`, s.Retransmissions[analyzer.CauseUnknown])
	b = put(b, `,"spurious_packets":`, s.SpuriousPackets)
	b = put(b, `,"copies_max":`, uint64(s.MostCopies))
	b = putTime(b, `,"retransmission_interval_min_s":`, s.Interval.Min)
	b = putTime(b, `,"retransmission_interval_avg_s":`, s.Interval.Avg)
	b = putTime(b, `,"retransmission_interval_max_s":`, s.Interval.Max)
	b = putTime(b, `,"retransmission_interval_stdev_s":`, s.Interval.Stdev)
	b = putTime(b, `,"loss_ratio":`, lossRatio(s))
	b = put(b, `,"lost_before_tap_packets":`, s.LostBefore)
	b = put(b, `,"lost_behind_tap_packets":`, s.LostBehind)
	b = put(b, `,"out_of_order_packets":`, s.OutOfOrderPackets)
	b = put(b, `,"out_of_order_bytes":`, s.OutOfOrderBytes)
	b = putTime(b, `,"reordering_max_s":`, s.ReorderingMax)
	b = put(b, `,"duplicate_packets":`, s.Duplicates)
	b = put(b, `,"missed_bytes":`, s.MissedBytes)
	b = put(b, `,"truncated_packets":`, s.TruncatedPackets)
	b = put(b, `,"truncated_bytes":`, s.TruncatedBytes)
	b = put(b, `,"probe_packets":`, s.ProbePackets)
	b = put(b, `,"probe_bytes":`, s.ProbeBytes)
	return b
}

func appendAcknowledgments(b []byte, s *analyzer.Sent) []byte {
	b = put(b, `,"ack_packets":`, s.ACKs)
	b = put(b, `,"pure_ack_packets":`, s.PureACKs)
	b = put(b, `,"duplicate_ack_packets":`, s.DuplicateACKs)
	b = put(b, `,"triple_duplicate_acks":`, s.TripleDuplicateACKs)
	b = put(b, `,"cumulatively_acked_packets":`, s.CumulativePackets)
	b = put(b, `,"sack_packets":`, s.SACKs)
	b = put(b, `,"dsack_packets":`, s.DSACKs)
	b = put(b, `,"sack_blocks_max":`, uint64(s.MaxSACKBlocks))
	b = put(b, `,"ecn_ce_packets":`, s.CEMarks)
	b = put(b, `,"urgent_packets":`, s.UrgentPackets)
	b = put(b, `,"urgent_bytes":`, s.UrgentBytes)
	return b
}

func appendOpeningAndClosing(b []byte, s *analyzer.Sent) []byte {
	b = put(b, `,"syn_packets":`, s.SYNs)
	b = put(b, `,"fin_packets":`, s.FINs)
	b = put(b, `,"rst_packets":`, s.RSTs)
	b = put(b, `,"mss_bytes":`, uint64(s.MSS))
	b = putFlag(b, `,"window_scaling":`, s.Options.WindowScale())
	b = put(b, `,"window_shift":`, uint64(s.WindowShift))
	b = putFlag(b, `,"sack_permitted":`, s.Options.SACK())
	b = putFlag(b, `,"timestamps":`, s.Options.Timestamps())
	b = putFlag(b, `,"fast_open":`, s.Options.FastOpen())
	b = putFlag(b, `,"mptcp":`, s.Options.MPTCP())
	b = putFlag(b, `,"md5":`, s.Options.MD5())
	b = putFlag(b, `,"ao":`, s.Options.AO())
	b = put(b, `,"ttl_min":`, uint64(s.TTLMin))
	b = put(b, `,"ttl_max":`, uint64(s.TTLMax))
	return b
}

func appendWindows(b []byte, s *analyzer.Sent) []byte {
	b = put(b, `,"window_min_bytes":`, s.WindowMin)
	b = put(b, `,"window_avg_bytes":`, s.WindowAvg)
	b = put(b, `,"window_max_bytes":`, s.WindowMax)
	b = put(b, `,"zero_windows":`, s.ZeroWindows)
	b = putTime(b, `,"zero_window_s":`, s.ZeroWindowTime)
	b = putTime(b, `,"zero_window_max_s":`, s.ZeroWindowMax)
	b = put(b, `,"in_flight_min_bytes":`, s.FlightMin)
	b = put(b, `,"in_flight_avg_bytes":`, s.FlightAvg)
	b = put(b, `,"in_flight_max_bytes":`, s.FlightMax)
	b = put(b, `,"in_flight_time_avg_bytes":`, s.FlightTimeAvg)
	b = put(b, `,"initial_window_bytes":`, s.InitialBytes)
	b = put(b, `,"initial_window_packets":`, s.InitialPackets)
	return b
}

func appendRoundTrips(b []byte, s *analyzer.Sent) []byte {
	b = putTime(b, `,"handshake_rtt_s":`, s.HandshakeRTT)
	b = put(b, `,"rtt_samples":`, s.RTT.Samples)
	b = putTime(b, `,"rtt_min_s":`, s.RTT.Min)
	b = putTime(b, `,"rtt_avg_s":`, s.RTT.Avg)
	b = putTime(b, `,"rtt_max_s":`, s.RTT.Max)
	b = putTime(b, `,"rtt_stdev_s":`, s.RTT.Stdev)
	b = putTime(b, `,"rtt_p50_s":`, s.RTT.P50)
	b = putTime(b, `,"rtt_p95_s":`, s.RTT.P95)
	b = putTime(b, `,"rtt_p99_s":`, s.RTT.P99)
	b = put(b, `,"rtt_full_samples":`, s.FullRTT.Samples)
	b = putTime(b, `,"rtt_full_min_s":`, s.FullRTT.Min)
	b = putTime(b, `,"rtt_full_avg_s":`, s.FullRTT.Avg)
	b = putTime(b, `,"rtt_full_max_s":`, s.FullRTT.Max)
	b = putTime(b, `,"rtt_full_stdev_s":`, s.FullRTT.Stdev)
	b = put(b, `,"rtt_ambiguous_samples":`, s.AmbiguousRTT.Samples)
	b = putTime(b, `,"rtt_ambiguous_min_s":`, s.AmbiguousRTT.Min)
	b = putTime(b, `,"rtt_ambiguous_avg_s":`, s.AmbiguousRTT.Avg)
	b = putTime(b, `,"rtt_ambiguous_max_s":`, s.AmbiguousRTT.Max)
	b = putTime(b, `,"rtt_ambiguous_stdev_s":`, s.AmbiguousRTT.Stdev)
	b = put(b, `,"post_loss_acks":`, s.PostLossACKs)
	b = put(b, `,"rtt_timestamp_samples":`, s.TimestampRTT.Samples)
	b = putTime(b, `,"rtt_timestamp_min_s":`, s.TimestampRTT.Min)
	b = putTime(b, `,"rtt_timestamp_avg_s":`, s.TimestampRTT.Avg)
	b = putTime(b, `,"rtt_timestamp_max_s":`, s.TimestampRTT.Max)
	return b
}

func appendWhereTimeWent(b []byte, s *analyzer.Sent) []byte {
	b = putTime(b, `,"transferring_s":`, s.Transferring)
	b = putTime(b, `,"window_limited_s":`, s.WindowLimited)
	b = putTime(b, `,"recovering_s":`, s.Recovering)
	b = putTime(b, `,"idle_s":`, s.Idle)
	b = put(b, `,"think_turns":`, s.Thinks)
	b = putTime(b, `,"think_s":`, s.ThinkTime)
	b = putTime(b, `,"think_max_s":`, s.ThinkMax)
	return b
}
