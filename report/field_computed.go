package report

import (
	"time"

	"tcptrace/analyzer"
	"tcptrace/report/internal/human"
	"tcptrace/report/internal/output"
	"tcptrace/report/internal/record"
)

// computed are the fields that no record has. "loss_ratio" and the like are of both sides together.
var computed = map[string]struct {
	unit unit
	of   func(x *judged) fieldValue
}{
	"client":                {unitText, func(x *judged) fieldValue { return words(x.c.Addr[analyzer.Client].String()) }},
	"server":                {unitText, func(x *judged) fieldValue { return words(x.c.Addr[analyzer.Server].String()) }},
	"payload_bytes":         {unitBytes, func(x *judged) fieldValue { return number(payloadBytes(x.c)) }},
	"loss_ratio":            {unitRatio, func(x *judged) fieldValue { return lossRatio(x.c) }},
	"rtt_s":                 {unitSeconds, func(x *judged) fieldValue { return roundTrip(x.c) }},
	"retransmitted_packets": {unitCount, func(x *judged) fieldValue { return retransmitted(x.c) }},
	"ended_by":              {unitText, func(x *judged) fieldValue { return words(endedBy(&x.j.Close)) }},
	"close.cause":           {unitText, func(x *judged) fieldValue { return words(causeOf(&x.j.Close)) }},
	"worst_anomaly": {unitText, func(x *judged) fieldValue {
		kind, _ := x.j.Worst()
		if kind == nil {
			return fieldValue{}
		}
		return words(kind.ID)
	}},
}

// lossRatio is how many segments of both sides were lost, of those sent with payload, SYN or FIN.
func lossRatio(c *analyzer.Conversation) fieldValue {
	lost, sent := record.Losses(&c.Sent[analyzer.Client])
	lost2, sent2 := record.Losses(&c.Sent[analyzer.Server])
	if c.Quick || sent+sent2 == 0 {
		return fieldValue{}
	}
	return fraction(float64(lost+lost2) / float64(sent+sent2))
}

// roundTrip is the least round trip between the hosts: from the tap to either of them and back, each as a SYN, a SYN-ACK or payload
// took it. What delays ACKs, and queues, is in the quantiles (rtt_p95_s).
func roundTrip(c *analyzer.Conversation) fieldValue {
	sum := time.Duration(0)
	for side := range c.Sent {
		s := &c.Sent[side]
		least := s.HandshakeRTT
		if s.RTT.Samples > 0 && (least == 0 || s.RTT.Min < least) {
			least = s.RTT.Min
		}
		if least == 0 {
			return fieldValue{}
		}
		sum += least
	}
	return fraction(output.FloatSeconds(sum))
}

func retransmitted(c *analyzer.Conversation) fieldValue {
	if c.Quick {
		return fieldValue{}
	}
	return number(c.Sent[analyzer.Client].Retransmitted() + c.Sent[analyzer.Server].Retransmitted())
}

// The words of endedBy, by side.
var (
	resetBy  = [...]string{analyzer.Client: "client RST", analyzer.Server: "server RST"}
	closedBy = [...]string{analyzer.Client: "client FIN", analyzer.Server: "server FIN"}
)

// endedBy is whose segment began the end, and what it was; "" if the conversation did not end.
func endedBy(c *analyzer.Close) string {
	switch {
	case c.Kind == analyzer.CloseReset:
		return resetBy[c.By]
	case c.Simultaneous:
		return "both FIN"
	case c.HasFirst:
		return closedBy[c.First]
	}
	return ""
}

// causeOf is what the RST that ended the conversation was the answer to; "" if none did.
func causeOf(c *analyzer.Close) string {
	if c.Kind != analyzer.CloseReset {
		return ""
	}
	return c.Cause.String()
}

func lossText(c *analyzer.Conversation) string {
	if v := lossRatio(c); v.known {
		return percent(v.f)
	}
	return ""
}

func roundTripText(c *analyzer.Conversation) string {
	if v := roundTrip(c); v.known {
		return human.Duration(time.Duration(v.ns()))
	}
	return ""
}
