package record

import (
	"strconv"

	"tcptrace/analyzer"
	"tcptrace/report/internal/output"
)

// ICMPRecord is the ICMP errors of a kind that quote segments of one endpoint: what the first of them says, and how many there were.
type ICMPRecord struct {
	Kind     string `json:"kind" expr:"kind"`                                 // unreachable, too-big, time-exceeded
	Meaning  string `json:"meaning" expr:"meaning"`                           // the code in words
	Code     uint8  `json:"code" expr:"code"`                                 // as sent: RFC 792, or for IPv6 RFC 4443
	From     string `json:"from" expr:"from"`                                 // the address of whoever sent it
	Endpoint string `json:"endpoint" expr:"endpoint"`                         // that sent the segments, and is told
	Frame    uint64 `json:"frame" expr:"frame"`                               // of the first
	Time     Time   `json:"time" expr:"time"`                                 // of the first
	Count    uint32 `json:"count" expr:"count"`                               // messages
	MTU      uint32 `json:"mtu,omitempty" expr:"mtu"`                         // of too-big: bytes, the least that they name
	TooLarge uint32 `json:"later_too_large,omitempty" expr:"later_too_large"` // of too-big: segments sent since that are larger
	Fitting  uint32 `json:"later_fitting,omitempty" expr:"later_fitting"`     // of too-big: those with data that are not
	Accepted bool   `json:"accepted" expr:"accepted"`                         // what they quote can be in flight (RFC 5927 4.1); else they are taken to be forged or late
}

func newICMPRecords(c *analyzer.Conversation) (list []ICMPRecord) {
	for _, e := range c.ICMP() {
		list = append(list, ICMPRecord{
			Kind: e.Kind, Meaning: e.Code, Code: e.Number, From: e.From.String(), Endpoint: e.About.String(), Frame: e.Frame, Time: Time(e.Time),
			Count: e.Count, MTU: e.MTU, TooLarge: e.TooLarge, Fitting: e.Fitting, Accepted: !e.Forged,
		})
	}
	return list
}

// icmp appends the ICMP errors of c, if there are any.
func (e *Encoder) icmp(b []byte, c *analyzer.Conversation) []byte {
	list := newICMPRecords(c)
	if len(list) == 0 {
		return b
	}
	b = append(b, `,"icmp":`...)
	separator := byte('[')
	for i := range list {
		m := &list[i]
		b = append(b, separator)
		separator = ','
		b = output.AppendString(append(b, `{"kind":`...), m.Kind)
		b = output.AppendString(append(b, `,"meaning":`...), m.Meaning)
		b = strconv.AppendUint(append(b, `,"code":`...), uint64(m.Code), 10)
		b = output.AppendString(append(b, `,"from":`...), m.From)
		b = output.AppendString(append(b, `,"endpoint":`...), m.Endpoint)
		b = strconv.AppendUint(append(b, `,"frame":`...), m.Frame, 10)
		b = e.Clock.Append(append(b, `,"time":"`...), analyzer.Time(m.Time))
		b = strconv.AppendUint(append(b, `","count":`...), uint64(m.Count), 10)
		if m.MTU != 0 {
			b = strconv.AppendUint(append(b, `,"mtu":`...), uint64(m.MTU), 10)
		}
		if m.TooLarge != 0 {
			b = strconv.AppendUint(append(b, `,"later_too_large":`...), uint64(m.TooLarge), 10)
		}
		if m.Fitting != 0 {
			b = strconv.AppendUint(append(b, `,"later_fitting":`...), uint64(m.Fitting), 10)
		}
		b = append(strconv.AppendBool(append(b, `,"accepted":`...), m.Accepted), '}')
	}
	return append(b, ']')
}
