package dump

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"tcptrace/analyzer/packet"
)

// TestSorter: what is written, and how much of it late, after packets of which each has its time in seconds, which is its number, too.
func TestSorter(t *testing.T) {
	for _, test := range []struct {
		why     string
		bytes   int64
		packets []int64
		written string // until the end, then at the end
		late    uint64
	}{
		{"in order", 0, []int64{1, 2, 3}, "[]|[1 2 3]", 0},
		{"older ones within the wait", 0, []int64{5, 9, 6, 7, 1}, "[]|[1 5 6 7 9]", 0},
		{"they have waited when the clock is that far on", 0, []int64{5, 6, 15}, "[5]|[6 15]", 0},
		{"and not a moment before", 0, []int64{5, 6, 14}, "[]|[5 6 14]", 0},
		{"one that comes too late", 0, []int64{5, 15, 3, 4}, "[5 3 4]|[15]", 2},
		{"no more than so many bytes", 20, []int64{3, 2, 1}, "[1]|[2 3]", 0},
	} {
		var out []uint64
		s := NewSorter(SortOptions{Wait: 10 * time.Second, Bytes: test.bytes}, func(p *packet.Packet, data []byte, frame uint64) error {
			if len(data) != 10 || data[0] != byte(frame) || p.Time != int64(frame)*int64(time.Second) {
				t.Errorf("%s: packet %d is another: %v at %d", test.why, frame, data, p.Time)
			}
			out = append(out, frame)
			return nil
		})
		for _, n := range test.packets {
			data := make([]byte, 10)
			data[0] = byte(n)
			if err := s.Packet(&packet.Packet{Time: n * int64(time.Second)}, data, uint64(n)); err != nil {
				t.Error(err)
			}
			data[0] = 99 // it was copied
		}
		got := fmt.Sprint(out) + "|"
		out = nil
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if got += fmt.Sprint(out); got != test.written || s.Late() != test.late {
			t.Errorf("%s: %s and %d late, want %s and %d", test.why, got, s.Late(), test.written, test.late)
		}
	}
}

// TestSorterErrors: an error of the writer is passed on, and the packets go.
func TestSorterErrors(t *testing.T) {
	failed := errors.New("failed")
	s := NewSorter(SortOptions{}, func(*packet.Packet, []byte, uint64) error { return failed })
	if err := s.Packet(&packet.Packet{}, nil, 1); err != nil {
		t.Error(err)
	}
	if err := s.Flush(int64(time.Minute)); !errors.Is(err, failed) {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
