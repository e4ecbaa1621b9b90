package record

import "tcptrace/analyzer"

// SumSchema names the record of a group of conversations.
const SumSchema = "tcptrace.sum.v1"

// SumRecord is what the conversations of a group have together, as 'tcptrace summary' writes it. The tags say what a number is made of;
// what is called endpoints is of the conversation record. Quantiles are over the conversations that have such a value.
type SumRecord struct {
	Schema string            `json:"schema"`
	By     map[string]string `json:"by"`               // the keys and their values; "" is of conversations that have none; empty for others
	Others bool              `json:"others,omitempty"` // all groups that found no room

	Conversations      uint64 `json:"conversations" help:"conversations of the group"`
	Failures           uint64 `json:"failures" help:"conversations of which the capture shows that they failed"`
	Packets            uint64 `json:"packets" help:"segments of both sides"`
	ClientPayloadBytes uint64 `json:"client_payload_bytes" help:"payload that clients sent, retransmissions included"`
	ServerPayloadBytes uint64 `json:"server_payload_bytes" help:"payload that servers sent, retransmissions included"`

	LostPackets uint64  `json:"lost_packets,omitempty" help:"segments with payload, SYN or FIN that were lost"`
	LossRatio   float64 `json:"loss_ratio,omitempty" help:"of all that were sent with payload, SYN or FIN"`

	RetransmittedPackets          uint64 `json:"retransmitted_packets,omitempty" help:"segments that were sent again, by both sides"`
	RetransmittedTimeoutPackets   uint64 `json:"retransmitted_timeout_packets,omitempty" help:"by the retransmission timer"`
	RetransmittedFastPackets      uint64 `json:"retransmitted_fast_packets,omitempty" help:"called for by duplicate ACKs or SACKs"`
	RetransmittedSACKPackets      uint64 `json:"retransmitted_sack_packets,omitempty" help:"after waiting for reordering to end"`
	RetransmittedTailProbePackets uint64 `json:"retransmitted_tail_probe_packets,omitempty" help:"as tail loss probes"`
	RetransmittedUnknownPackets   uint64 `json:"retransmitted_unknown_packets,omitempty" help:"for reasons that the capture does not show"`

	HandshakeP50S float64 `json:"handshake_p50_s,omitempty" help:"round trip of the handshake, handshake_rtt_s of both sides together: the median"`
	HandshakeP90S float64 `json:"handshake_p90_s,omitempty" help:"nine in ten do not exceed this"`
	HandshakeP99S float64 `json:"handshake_p99_s,omitempty" help:"99 in 100 do not exceed this"`

	ClientRTTP50S float64 `json:"client_rtt_p50_s,omitempty" help:"round trip of the client's data, from the tap to the server and back, by rtt_p50_s of each conversation: the median"`
	ClientRTTP90S float64 `json:"client_rtt_p90_s,omitempty" help:"nine in ten do not exceed this"`
	ClientRTTP99S float64 `json:"client_rtt_p99_s,omitempty" help:"99 in 100 do not exceed this"`

	ServerRTTP50S float64 `json:"server_rtt_p50_s,omitempty" help:"round trip of the server's data, from the tap to the client and back, by rtt_p50_s of each conversation: the median"`
	ServerRTTP90S float64 `json:"server_rtt_p90_s,omitempty" help:"nine in ten do not exceed this"`
	ServerRTTP99S float64 `json:"server_rtt_p99_s,omitempty" help:"99 in 100 do not exceed this"`

	ServerThinkP50S float64 `json:"server_think_p50_s,omitempty" help:"time before the server answered, think_s by think_turns of each conversation: the median"`
	ServerThinkP99S float64 `json:"server_think_p99_s,omitempty" help:"99 in 100 do not exceed this"`

	Resets      uint64            `json:"resets,omitempty" help:"conversations that an RST ended"`
	ResetCauses map[string]uint64 `json:"reset_causes,omitempty" help:"by cause"`

	ZeroWindowS float64 `json:"zero_window_s,omitempty" help:"time for which windows were closed, of both sides"`

	WorstAnomaly              string `json:"worst_anomaly,omitempty" help:"of the most severe anomalies the one that most conversations have"`
	WorstAnomalySeverity      string `json:"worst_anomaly_severity,omitempty" help:"how severe it is"`
	WorstAnomalyConversations uint64 `json:"worst_anomaly_conversations,omitempty" help:"conversations that have it"`

	lossKnown bool
}

// KnowLoss says that there was something that could be lost: LossRatio is known, also if it is 0.
func (r *SumRecord) KnowLoss() { r.lossKnown = true }

// LossKnown reports whether LossRatio is known.
func (r *SumRecord) LossKnown() bool { return r.lossKnown }

// Losses is how many segments with payload, SYN or FIN of those that s counts were lost, and how many were sent.
func Losses(s *analyzer.Sent) (lost, sent uint64) {
	return s.Lost, max(s.DataPackets+s.SYNs+s.FINs+s.LostBefore, s.Lost)
}
