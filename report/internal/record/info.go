package record

import (
	"strconv"
	"strings"

	"tcptrace/analyzer/host"
	"tcptrace/report/internal/output"
)

// InfoRecord is what the kernel of an endpoint measures and decides (tcp_info), when it was last asked: once a second, at most.
type InfoRecord struct {
	Congestion    string  `json:"congestion,omitempty" expr:"congestion"`                       // name of the algorithm
	RTTS          float64 `json:"rtt_s,omitempty" expr:"rtt_s"`                                 // smoothed (RFC 6298)
	RTTVarS       float64 `json:"rttvar_s,omitempty" expr:"rttvar_s"`                           // its variation
	MinRTTS       float64 `json:"min_rtt_s,omitempty" expr:"min_rtt_s"`                         // the least of late
	CWND          uint32  `json:"cwnd_packets,omitempty" expr:"cwnd_packets"`                   // congestion window
	SSThresh      uint32  `json:"ssthresh_packets,omitempty" expr:"ssthresh_packets"`           // slow start threshold; absent: nothing was lost
	Retransmitted uint32  `json:"retransmitted_packets,omitempty" expr:"retransmitted_packets"` // all that it sent again
	Delivery      uint64  `json:"delivery_bytes_s,omitempty" expr:"delivery_bytes_s"`           // the latest rate at which its data arrived
	Pacing        uint64  `json:"pacing_bytes_s,omitempty" expr:"pacing_bytes_s"`               // at which it sends at most
}

func newInfoRecord(end *host.End) InfoRecord {
	if end == nil || end.Info == nil {
		return InfoRecord{}
	}
	i := end.Info
	return InfoRecord{
		strings.ToValidUTF8(i.Congestion, "\ufffd"), output.FloatSeconds(i.RTT), output.FloatSeconds(i.RTTVar), output.FloatSeconds(i.MinRTT),
		i.CWND, i.SSThresh, i.Retransmitted, i.Delivery, i.Pacing,
	}
}

// appendInfo appends what the kernel of an end measures, if that is known, as a field.
func appendInfo(b []byte, end *host.End) []byte {
	if end == nil || end.Info == nil || *end.Info == (host.Info{}) {
		return b
	}
	i := end.Info
	b = append(b, `,"kernel":{`...)
	if i.Congestion != "" {
		b = append(output.AppendString(append(b, `"congestion":`...), i.Congestion), ',')
	}
	for _, t := range [...]struct {
		name  string
		value int64
	}{{`"rtt_s":`, int64(i.RTT)}, {`"rttvar_s":`, int64(i.RTTVar)}, {`"min_rtt_s":`, int64(i.MinRTT)}} {
		if t.value != 0 {
			b = append(output.AppendSeconds(append(b, t.name...), t.value), ',')
		}
	}
	for _, n := range [...]struct {
		name  string
		value uint64
	}{
		{`"cwnd_packets":`, uint64(i.CWND)}, {`"ssthresh_packets":`, uint64(i.SSThresh)}, {`"retransmitted_packets":`, uint64(i.Retransmitted)},
		{`"delivery_bytes_s":`, i.Delivery}, {`"pacing_bytes_s":`, i.Pacing},
	} {
		if n.value != 0 {
			b = append(strconv.AppendUint(append(b, n.name...), n.value, 10), ',')
		}
	}
	b[len(b)-1] = '}'
	return b
}
