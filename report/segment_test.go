package report

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"reflect"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/report/internal/record"
)

// randomSegment covers every field, and leaves out what may be left out.
func randomSegment(rng *rand.Rand) *analyzer.SegmentView {
	number := func() uint64 { return rng.Uint64() >> rng.IntN(64) }
	v := &analyzer.SegmentView{
		Stream: number(), Frame: number(), Time: analyzer.Time(rng.Int64() - rng.Int64()),
		From: analyzer.Side(rng.IntN(2)), Flags: []string{"", "S", "PA", "FSRPAUEC"}[rng.IntN(4)],
		Seq: int64(number()), Ack: int64(number()), HasAck: rng.IntN(2) == 0, Len: rng.Uint32(), Window: number(), Unscaled: rng.IntN(2) == 0,
		Kind: analyzer.Kind(rng.IntN(int(analyzer.NumKinds))), Cause: 1 + analyzer.Cause(rng.IntN(int(analyzer.NumCauses-1))),
		Spurious: rng.IntN(2) == 0, State: [2]fsm.State{fsm.State(rng.IntN(int(fsm.NumStates))), fsm.State(rng.IntN(int(fsm.NumStates)))},
	}
	v.Since = v.Time.Sub(v.Time - analyzer.Time(rng.Int64N(1e15)-rng.Int64N(1e15))) // beyond, see checkRecord
	for range rng.IntN(4) {
		v.Notes = append(v.Notes, []string{"zero-window", "ack-of-unseen", "no-answer"}[rng.IntN(3)])
	}
	return v
}

// TestSegmentAgainstRecord holds the hand-written encoder against encoding/json of SegmentRecord.
func TestSegmentAgainstRecord(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	retransmissions := 0
	n := thorough(2000)
	for range n {
		v := randomSegment(rng)
		if v.Kind == analyzer.KindRetransmission {
			retransmissions++
		}
		var e record.Encoder
		got, record := e.Segment(nil, v), NewSegmentRecord(v)
		want, err := json.Marshal(record)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(tokens(t, got), tokens(t, want)) {
			t.Errorf("the encoders differ:\n%s\n%s", got, want)
		}
		var back SegmentRecord
		d := json.NewDecoder(bytes.NewReader(got))
		d.DisallowUnknownFields()
		if err := d.Decode(&back); err != nil {
			t.Fatalf("%v in %s", err, got)
		}
		if !reflect.DeepEqual(back, record) {
			t.Errorf("the record reads back as\n%+v, want\n%+v", back, record)
		}
	}
	if retransmissions < n/30 {
		t.Errorf("only %d retransmissions", retransmissions)
	}
}

func TestNoAllocationPerSegmentRecord(t *testing.T) {
	r := NewSegmentsNDJSON(io.Discard)
	v := randomSegment(rand.New(rand.NewPCG(1, 2)))
	err := r.Segment(v)
	if n := testing.AllocsPerRun(1000, func() { err = r.Segment(v) }); n != 0 || err != nil {
		t.Errorf("%v allocations a record, error %v", n, err)
	}
}
