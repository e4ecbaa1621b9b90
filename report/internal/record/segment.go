package record

import (
	"io"
	"strconv"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/report/internal/output"
)

// segmentSchema names the segment record (docs/segments.md).
const segmentSchema = "tcptrace.segment.v1"

// SegmentRecord is a segment as the segment record (docs/segments.md) has it, in Go data, as
// [analyzer.SegmentView] defines it.
type SegmentRecord struct {
	Schema      string  `json:"schema"`
	Stream      uint64  `json:"stream"`
	CommunityID string  `json:"community_id"`
	Frame       uint64  `json:"frame"`
	Time        Time    `json:"time"`
	TimeS       float64 `json:"t_s"` // since the conversation's first frame
	From        string  `json:"from"`
	Flags       string  `json:"flags"`
	Seq         int64   `json:"seq"`
	Ack         *int64  `json:"ack,omitempty"` // absent: the segment has no ACK flag
	Len         uint32  `json:"len"`
	Window      uint64  `json:"window"`
	Unscaled    bool    `json:"window_unscaled,omitempty"` // the window is as sent: its scale is not known
	Kind        string  `json:"kind"`
	Cause       string  `json:"cause,omitempty"` // present, as spurious, for retransmissions
	Spurious    *bool   `json:"spurious,omitempty"`
	Text        string  `json:"text,omitempty"` // that an RST carries, escaped
	Client      string  `json:"client"`         // states after the segment
	Server      string  `json:"server"`

	ClientEvidence string `json:"client_evidence,omitempty"` // how the states are known; absent: they are not
	ServerEvidence string `json:"server_evidence,omitempty"`

	Notes    []string `json:"notes"`
	Comments []string `json:"comments,omitempty"` // that the capture has beside the frame, escaped and cut
}

// NewSegmentRecord is the record of v.
func NewSegmentRecord(v *analyzer.SegmentView) SegmentRecord {
	r := SegmentRecord{
		Schema: segmentSchema, Stream: v.Stream, CommunityID: output.CommunityID(v.Addr[analyzer.Client], v.Addr[analyzer.Server]), Frame: v.Frame, Time: Time(v.Time), TimeS: output.FloatSeconds(v.Since),
		From: v.From.String(), Flags: v.Flags, Seq: v.Seq, Len: v.Len, Window: v.Window, Unscaled: v.Unscaled, Kind: v.Kind.String(), Text: v.Text,
		Client: v.State[analyzer.Client].String(), Server: v.State[analyzer.Server].String(), Notes: append([]string{}, v.Notes...),
	}
	r.ClientEvidence, r.ServerEvidence = evidence(v, analyzer.Client), evidence(v, analyzer.Server)
	r.Comments = append(r.Comments, v.Comments...)
	if v.HasAck {
		r.Ack = &v.Ack
	}
	if v.Kind == analyzer.KindRetransmission {
		r.Cause, r.Spurious = v.Cause.String(), &v.Spurious
	}
	return r
}

// evidence is how the state of a side is known, "" if it is not.
func evidence(v *analyzer.SegmentView, side analyzer.Side) string {
	if v.State[side] == fsm.Unknown {
		return ""
	}
	return v.Evidence[side].String()
}

// Segment appends the record of v. As in [encoder.conversation], no string but an RST's text and comments needs escaping: all
// others are names from fixed tables.
func (e *Encoder) Segment(b []byte, v *analyzer.SegmentView) []byte {
	b = strconv.AppendUint(append(b, `{"schema":"`+segmentSchema+`","stream":`...), v.Stream, 10)
	b = output.AppendCommunityID(append(b, `,"community_id":"`...), v.Addr[analyzer.Client], v.Addr[analyzer.Server])
	b = strconv.AppendUint(append(b, `","frame":`...), v.Frame, 10)
	b = e.Clock.Append(append(b, `,"time":"`...), v.Time)
	b = output.AppendSeconds(append(b, `","t_s":`...), int64(v.Since))
	b = append(append(b, `,"from":"`...), v.From.String()...)
	b = append(append(b, `","flags":"`...), v.Flags...)
	b = strconv.AppendInt(append(b, `","seq":`...), v.Seq, 10)
	if v.HasAck {
		b = strconv.AppendInt(append(b, `,"ack":`...), v.Ack, 10)
	}
	b = strconv.AppendUint(append(b, `,"len":`...), uint64(v.Len), 10)
	b = strconv.AppendUint(append(b, `,"window":`...), v.Window, 10)
	if v.Unscaled {
		b = append(b, `,"window_unscaled":true`...)
	}
	b = append(append(append(b, `,"kind":"`...), v.Kind.String()...), '"')
	if v.Kind == analyzer.KindRetransmission {
		b = append(append(b, `,"cause":"`...), v.Cause.String()...)
		b = strconv.AppendBool(append(b, `","spurious":`...), v.Spurious)
	}
	if v.Text != "" {
		b = output.AppendString(append(b, `,"text":`...), v.Text)
	}
	b = append(append(b, `,"client":"`...), v.State[analyzer.Client].String()...)
	b = append(append(b, `","server":"`...), v.State[analyzer.Server].String()...)
	b = append(b, '"')
	if text := evidence(v, analyzer.Client); text != "" {
		b = append(append(append(b, `,"client_evidence":"`...), text...), '"')
	}
	if text := evidence(v, analyzer.Server); text != "" {
		b = append(append(append(b, `,"server_evidence":"`...), text...), '"')
	}
	b = append(b, `,"notes":[`...)
	for i, note := range v.Notes {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), note...), '"')
	}
	b = append(b, ']')
	for i, text := range v.Comments {
		if i == 0 {
			b = append(b, `,"comments":[`...)
		} else {
			b = append(b, ',')
		}
		b = output.AppendString(b, text)
	}
	if len(v.Comments) > 0 {
		b = append(b, ']')
	}
	return append(b, '}')
}

// SegmentsNDJSON writes a segment record a line.
type SegmentsNDJSON struct {
	out output.Buffer
	enc Encoder
}

// NewSegmentsNDJSON returns one that writes to w.
func NewSegmentsNDJSON(w io.Writer) *SegmentsNDJSON { return &SegmentsNDJSON{out: output.NewBuffer(w)} }

// Segment writes the record of v.
func (r *SegmentsNDJSON) Segment(v *analyzer.SegmentView) error {
	r.out.B = append(r.enc.Segment(r.out.B, v), '\n')
	return r.out.Spill()
}

// Finish writes what is still buffered.
func (r *SegmentsNDJSON) Finish() error { return r.out.Flush() }
