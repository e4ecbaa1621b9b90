package capture

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"tcptrace/analyzer/packet"
)

// inOrder has chunks of frames, by their times, of so many readers.
type inOrder struct {
	t       *testing.T
	order   order
	readers []*reader
	home    chan *chunk
}

func newInOrder(t *testing.T, readers int) *inOrder {
	x := &inOrder{t: t, order: newOrder(readers), home: make(chan *chunk, 99)}
	for i := range readers {
		x.readers = append(x.readers, &reader{number: i})
	}
	return x
}

func (x *inOrder) add(reader int, came int64, times ...int64) {
	c := &chunk{owner: x.readers[reader], home: x.home, came: came}
	for _, at := range times {
		c.Packets = append(c.Packets, packet.Packet{Time: at})
	}
	x.order.add(c)
}

// end has a reader end.
func (x *inOrder) end(reader int) {
	x.order.add(&chunk{owner: x.readers[reader], last: errors.New("the interface went down")})
}

func (x *inOrder) want(want string) {
	x.t.Helper()
	var b packet.Batch
	any := x.order.fill(&b)
	var got []string
	for _, p := range b.Packets {
		got = append(got, fmt.Sprint(p.Time))
	}
	if strings.Join(got, " ") != want || any != (want != "") {
		x.t.Errorf("delivered %q, %v; want %q", got, any, want)
	}
}

// TestOrder: a frame waits for all that may be older, and for nothing else.
func TestOrder(t *testing.T) {
	x := newInOrder(t, 3)
	x.add(0, 100, 10, 30, 50)
	x.want("")
	x.add(1, 100, 20, 40)
	x.add(2, 100, 35)
	x.want("10 20 30 35")
	x.add(2, 200, 60)
	x.want("40")
	// Reader 1 was found empty, once too soon and once when all had come that was there before the chunk.
	x.order.queues[1].dry = 100 + settle - 1
	x.want("")
	x.order.queues[1].dry = 100 + settle
	x.want("50")
	// The chunk with 60 came later.
	x.order.queues[0].dry = 200 + settle
	x.want("")
	x.order.queues[1].dry = 200 + settle
	x.want("60")
	if x.order.waiting != 0 || len(x.home) != 4 {
		t.Errorf("%d chunks wait, %d are back", x.order.waiting, len(x.home))
	}
}

// TestOrderOfEnded: nobody waits for a reader that has ended, and what it had read is in order.
func TestOrderOfEnded(t *testing.T) {
	x := newInOrder(t, 2)
	x.add(0, 100, 10, 30)
	x.add(1, 100, 20)
	x.want("10 20")
	x.end(1)
	x.want("30")
}

// TestRingsShare: what several rings have is not more than what one has, and each has room.
func TestRingsShare(t *testing.T) {
	for _, c := range []struct {
		buffer, rings, interfaces int
		want                      int // rings of each interface
	}{
		{defaultBuffer, 0, 1, 1}, {defaultBuffer, 1, 1, 1}, {defaultBuffer, 2, 1, 2}, {defaultBuffer, 4, 2, 2}, {defaultBuffer, 4, 5, 1}, {defaultBuffer, 64, 1, mostRings},
		{4 << 20, 8, 1, 4}, {2 << 20, 8, 1, 2}, {2<<20 - 1, 8, 1, 1}, {1 << 20, 8, 1, 1},
	} {
		o, err := Options{BufferSize: c.buffer, Rings: c.rings, Interfaces: strings.Fields("a b c d e")[:c.interfaces]}.complete()
		if err != nil || o.Rings != c.want {
			t.Errorf("%+v: %d rings, %v", c, o.Rings, err)
		}
		if o.Rings == 1 {
			if o.BufferSize != c.buffer {
				t.Errorf("%+v: a ring of %d bytes", c, o.BufferSize)
			}
			continue
		}
		openings, each := o.divide()
		if o.BufferSize+o.chunks*batchBytes != c.buffer || openings < leastRing || each < leastRing || openings+each*(o.Rings-1) > o.BufferSize {
			t.Errorf("%+v: %d bytes of rings, %d and %d each, and %d chunks", c, o.BufferSize, openings, each, o.chunks)
		}
	}
}

// BenchmarkOrder is what it costs to put a frame of 128 bytes in order among those of so many rings, in the goroutine that does that alone.
func BenchmarkOrder(b *testing.B) {
	for _, readers := range []int{2, 4, 8, 16} {
		b.Run(fmt.Sprint(readers), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 1))
			o := newOrder(readers)
			free := make([]chan *chunk, readers)
			for i := range free {
				free[i] = make(chan *chunk, 1)
				free[i] <- &chunk{owner: &reader{number: i}, home: free[i], Batch: packet.Batch{Buf: make([]byte, 128*batchPackets), Packets: make([]packet.Packet, batchPackets)}}
			}
			var into packet.Batch
			at := int64(0)
			for delivered := 0; delivered < b.N; delivered += len(into.Packets) {
				b.StopTimer()
				for i := range free {
					if len(free[i]) == 0 {
						continue
					}
					c := <-free[i]
					next := at
					for n := range c.Packets {
						next += int64(1 + rng.IntN(2*readers))
						c.Packets[n] = packet.Packet{Time: next, Off: uint32(128 * n), CapLen: 128}
					}
					o.add(c)
				}
				into.Buf, into.Packets = into.Buf[:0], into.Packets[:0]
				b.StartTimer()
				o.fill(&into)
				at = into.Packets[len(into.Packets)-1].Time
			}
		})
	}
}
