package flow

import (
	"slices"
	"testing"
	"time"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/reading"
	"tcptrace/internal/wire"
)

// TestSteady: the times by a connection's clock of segments that were captured at some times, in µs.
func TestSteady(t *testing.T) {
	type at struct {
		dir uint8
		us  float64
	}
	for _, test := range []struct {
		name     string
		captured []at
		want     []float64
		back     uint32 // times that the clock went back
	}{
		{"two queues", []at{{0, 100}, {1, 99.001}, {0, 101}}, []float64{100, 100, 101}, 0},
		{"a µs", []at{{0, 100}, {1, 99}, {0, 101}}, []float64{100, 100, 101}, 1},
		{"a direction out of order", []at{{0, 20e3}, {0, 10e3 + 1}, {0, 30e3}}, []float64{20e3, 20e3, 30e3}, 1},
		{"a direction set back", []at{{0, 20e3}, {0, 10e3}, {0, 30e3}}, []float64{20e3, 20e3, 40e3}, 1},
		{"set back twice", []at{{0, 90e3}, {0, 10e3}, {0, 60e3}, {0, 20e3}, {0, 30e3}}, []float64{90e3, 90e3, 140e3, 140e3, 150e3}, 2},
		{"two taps", []at{{0, 90e3}, {1, 10e3}, {0, 95e3}, {1, 15e3}, {0, 99e3}, {1, 19e3}}, []float64{90e3, 90e3, 95e3, 95e3, 99e3, 99e3}, 3},
		{"still, until it has caught up", []at{{0, 90e3}, {1, 10e3}, {1, 20e3}, {1, 91e3}, {0, 92e3}}, []float64{90e3, 90e3, 90e3, 91e3, 92e3}, 1},
		{"the other direction first", []at{{0, 90e3}, {1, 10e3}, {0, 12e3}, {1, 15e3}}, []float64{90e3, 90e3, 90e3, 93e3}, 1},
	} {
		tracker := NewTracker(Options{MaxFlows: 1}, nil)
		var got []float64
		tracker.Watch(func(*reading.Reading) { got = append(got, float64(tracker.Slab.At(0).Last)/1e3) })
		var out Output
		for i, a := range test.captured {
			s := wire.Segment{Key: pair(1), Dir: a.dir, Time: int64(a.us * 1e3), Frame: uint64(i + 1), Flags: wire.ACK, Seq: uint32(100 * (1 + a.dir)), Ack: uint32(200 - 100*a.dir), Window: 100, IPID: uint16(i)}
			tracker.Segment(&s, Hash(&s.Key), &out)
			if s.Time != int64(a.us*1e3) {
				t.Errorf("%s: the time captured is %v", test.name, time.Duration(s.Time))
			}
		}
		back := uint32(0)
		if m := tracker.Slab.At(0).Find(&tracker.Facts.Incidents, conn.IncidentClock, 0); m != nil {
			back = m.Count
		}
		if !slices.Equal(got, test.want) || back != test.back {
			t.Errorf("%s: %v µs, went back %d times; want %v, %d", test.name, got, back, test.want, test.back)
		}
	}
}
