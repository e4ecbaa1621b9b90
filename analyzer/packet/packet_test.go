package packet

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// counting has so many packets, then fails.
type counting struct {
	left int
	err  error
}

func (c *counting) ReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	if c.left == 0 {
		return nil, gopacket.CaptureInfo{}, c.err
	}
	c.left--
	return fmt.Append(nil, c.left), gopacket.CaptureInfo{Timestamp: time.Unix(0, int64(c.left)), Length: 100, InterfaceIndex: 3}, nil
}

// TestFrom: every packet comes once, in order, and the error behind them.
func TestFrom(t *testing.T) {
	unplugged := errors.New("unplugged")
	for _, n := range []int{0, 1, sourceBatch, sourceBatch + 1, 3 * sourceBatch} {
		for _, last := range []error{io.EOF, unplugged} {
			src := From(&counting{n, last}, layers.LinkTypeEthernet)
			var b Batch
			left, err := n, error(nil)
			for err = src.Next(&b); err == nil; err = src.Next(&b) {
				for i, p := range b.Packets {
					left--
					if string(b.Data(i)) != fmt.Sprint(left) || p.Time != int64(left) || p.WireLen != 100 || p.Link != 1 || p.Iface != 3 {
						t.Fatalf("%d packets, %d left: %+v %q", n, left, p, b.Data(i))
					}
				}
			}
			if left != 0 || err != last {
				t.Errorf("%d packets: %d are missing, error %v, want %v", n, left, err, last)
			}
		}
	}
}

// TestAdd: a packet is on the wire as long as what was captured of it, at least, and what is handed out cannot grow into the next.
func TestAdd(t *testing.T) {
	var b Batch
	for _, data := range []string{"abc", "", "de"} {
		if !b.Add(Packet{WireLen: 2}, []byte(data)) {
			t.Fatal("no room")
		}
	}
	_ = append(b.Data(0), 'x')
	if got := fmt.Sprintf("%s,%s,%s", b.Data(0), b.Data(1), b.Data(2)); got != "abc,,de" || b.Packets[0].WireLen != 3 || b.Packets[1].WireLen != 2 {
		t.Error(got, b.Packets)
	}
	if b.Reset(); len(b.Packets)+len(b.Buf) != 0 {
		t.Error("not empty")
	}
}

func TestTime(t *testing.T) {
	for _, test := range []struct {
		at   time.Time
		want int64
	}{
		{time.Time{}, 0}, {time.Unix(-1, 999_999_999), 0}, {time.Unix(0, 0), 0}, {time.Unix(0, 1), 1},
		{time.Unix(0, MaxTime-1), MaxTime - 1}, {time.Unix(0, MaxTime), MaxTime}, {time.Unix(0, MaxTime+1), MaxTime},
		{time.Date(2117, 1, 1, 0, 0, 0, 0, time.UTC), MaxTime}, {time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), MaxTime},
	} {
		if got := Time(test.at); got != test.want {
			t.Errorf("%v: %d, want %d", test.at, got, test.want)
		}
	}
}
