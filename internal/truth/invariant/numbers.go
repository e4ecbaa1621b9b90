package invariant

import (
	"fmt"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/timing"
)

// Numbers are the contradictions among the numbers of a conversation.
func Numbers(c *analyzer.Conversation) (broken []string) {
	if c.Quick {
		return nil
	}
	if c.Duration() < 0 {
		broken = append(broken, fmt.Sprintf("it lasted %v", c.Duration()))
	}
	sum := time.Duration(0)
	for use, d := range c.Spent {
		if sum += d; d < 0 {
			broken = append(broken, fmt.Sprintf("%v: %v", timing.Use(use), d))
		}
	}
	if sum != c.Duration() {
		broken = append(broken, fmt.Sprintf("what its time was spent on adds up to %v of %v", sum, c.Duration()))
	}
	for side := range c.Sent {
		s := &c.Sent[side]
		if limited := s.Limits.Total(); limited < 0 || limited > c.Duration() {
			broken = append(broken, fmt.Sprintf("transfers for %v of %v", limited, c.Duration()))
		}
		for _, n := range []struct {
			what        string
			least, most uint64
		}{
			{"unique bytes, bytes of the stream", s.UniqueBytes, s.StreamBytes},
			{"unique bytes, payload", s.UniqueBytes, s.PayloadBytes},
			{"average in flight, the most", s.FlightAvg, s.FlightMax},
			{"average in flight over time, the most", s.FlightTimeAvg, s.FlightMax},
			{"least in flight, average", s.FlightMin, s.FlightAvg},
			{"least window, average", s.WindowMin, s.WindowAvg},
			{"average window, largest", s.WindowAvg, s.WindowMax},
			{"lost before the tap, lost", s.LostBefore, s.Lost},
			{"unneeded retransmissions, retransmissions", uint64(s.SpuriousPackets), s.Retransmitted()},
			{"packets with data, packets", s.DataPackets, s.Packets},
			{"pushed packets, packets with data", s.PushedPackets, s.DataPackets},
			{"pure ACKs, ACKs", s.PureACKs, s.ACKs},
			{"bytes sent again, payload", s.RetransmittedBytes, s.PayloadBytes},
		} {
			if n.least > n.most {
				broken = append(broken, fmt.Sprintf("%v: %s: %d > %d", analyzer.Side(side), n.what, n.least, n.most))
			}
		}
		for _, d := range []struct {
			what string
			d    time.Duration
		}{
			{"idle", s.Idle}, {"longest idle", s.IdleMax}, {"window-limited", s.WindowLimited}, {"recovering", s.Recovering}, {"transferring", s.Transferring},
			{"data time", s.DataTime}, {"handshake", s.HandshakeRTT}, {"least round trip", s.RTT.Min}, {"zero window", s.ZeroWindowTime},
			{"thinking", s.ThinkTime}, {"interval", s.Interval.Min}, {"full round trip", s.FullRTT.Min}, {"timestamp round trip", s.TimestampRTT.Min},
			{"ambiguous round trip", s.AmbiguousRTT.Min}, {"reordering", s.ReorderingMax},
		} {
			if d.d < 0 {
				broken = append(broken, fmt.Sprintf("%v: %s: %v", analyzer.Side(side), d.what, d.d))
			}
		}
	}
	return broken
}
