package ladder

import (
	"testing"

	"tcptrace/analyzer"
)

// TestLabel holds what a picture says of segments: what tells nothing is left out.
func TestLabel(t *testing.T) {
	for _, test := range []struct {
		view analyzer.SegmentView
		want Label
	}{
		{analyzer.SegmentView{Flags: "S", Window: 64240, Kind: analyzer.KindSYN}, Label{"SYN seq 0 win 64240", "", false}},
		{analyzer.SegmentView{Flags: "A", Seq: 1, Ack: 7, HasAck: true, Window: 500, Kind: analyzer.KindACK}, Label{"ACK 7", "", true}},
		{analyzer.SegmentView{Flags: "A", Seq: 1, Ack: 7, HasAck: true, Kind: analyzer.KindACK}, Label{"ACK 7 win 0", "", false}},
		{analyzer.SegmentView{Flags: "PA", Seq: 1, Len: 100, HasAck: true, Window: 500, Notes: []string{"truncated"}}, Label{"1:101(100)", "", true}},
		{analyzer.SegmentView{Flags: "PA", Seq: 1, Len: 100, HasAck: true, Window: 500, Kind: analyzer.KindRetransmission, Cause: analyzer.CauseTimeout, Notes: []string{"truncated"}},
			Label{"1:101(100)", "retransmission (timer)", false}},
		{analyzer.SegmentView{Flags: "FA", Seq: 101, HasAck: true, Window: 500, Kind: analyzer.KindFIN}, Label{"FIN+ACK seq 101", "", false}},
	} {
		if got := NewLabel(&test.view); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.view.Flags, got, test.want)
		}
	}
}
