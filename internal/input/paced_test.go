package input

import (
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tcptrace/analyzer/packet"
)

// pace delivers packets of these times through a PacedSource, and calls see for each batch with the time that passed.
func pace(t *testing.T, times []int64, speed float64, see func(p *PacedSource, passed time.Duration, got []rec)) {
	t.Helper()
	var rs []rec
	for i, at := range times {
		rs = append(rs, rec{at, 1, uint32(i%7 + 2), string([]byte{byte(i), byte(i >> 8)}[:min(2, i%7+2)])})
	}
	synctest.Test(t, func(t *testing.T) {
		p := Paced(t.Context(), &listed{recs: rs, most: 1 + len(rs)/3}, speed)
		start := time.Now()
		var b packet.Batch
		var all []rec
		for {
			before := time.Now()
			err := p.Next(&b)
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []rec
			for i, q := range b.Packets {
				got = append(got, rec{q.Time, q.Link, q.WireLen, string(b.Data(i))})
			}
			if d := time.Since(before); d > pacedPulse || d < pacedPulse && len(got) == 0 {
				t.Errorf("a batch of %d packets took %v", len(got), d)
			}
			all = append(all, got...)
			see(p, time.Since(start), got)
		}
		wantRecs(t, "paced", all, rs)
	})
}

// listed is a source of packets in small batches.
type listed struct {
	Source
	recs []rec
	most int
}

func (l *listed) Next(b *packet.Batch) error {
	if len(l.recs) == 0 {
		return io.EOF
	}
	b.Buf, b.Packets = b.Buf[:0], b.Packets[:0]
	for _, r := range l.recs[:min(l.most, len(l.recs))] {
		b.Packets = append(b.Packets, packet.Packet{Time: r.time, Off: uint32(len(b.Buf)), CapLen: uint32(len(r.data)), WireLen: r.wire, Link: r.link})
		b.Buf = append(b.Buf, r.data...)
	}
	l.recs = l.recs[len(b.Packets):]
	return nil
}

func TestPacedTimes(t *testing.T) {
	const s, ms = int64(time.Second), int64(time.Millisecond)
	hour := 3600 * s
	for name, tt := range map[string]struct {
		speed float64
		times []int64
		want  []time.Duration // when each packet comes, at most a tick later
	}{
		"1x":             {1, []int64{5 * s, 5*s + 3*ms, 5*s + 3*ms, 6 * s, 66 * s}, []time.Duration{0, 3e6, 3e6, 1e9, 61e9}},
		"10x":            {10, []int64{0, s, 2 * s, 50*s + 7}, []time.Duration{0, 1e8, 2e8, 5e9}},
		"0.5x":           {0.5, []int64{0, s, 3 * s}, []time.Duration{0, 2e9, 6e9}},
		"max":            {0, []int64{0, s, hour, 3 * s}, []time.Duration{0, 0, 0, 0}},
		"reordered":      {1, []int64{0, 2 * s, s + 500*ms, 3 * s}, []time.Duration{0, 2e9, 2e9, 3e9}},
		"clock set back": {1, []int64{100 * s, 102 * s, 10 * s, 11 * s}, []time.Duration{0, 2e9, 2e9, 3e9}},
		"a gap":          {1, []int64{0, s, s + hour, s + 2*hour + 1, 2*s + 2*hour + 1}, []time.Duration{0, 1e9, 3601e9, 3601e9, 3602e9}},
		"extremes":       {1, []int64{math.MinInt64, math.MaxInt64, math.MinInt64, 0, math.MaxInt64, math.MaxInt64 - 1}, make([]time.Duration, 6)},
	} {
		t.Run(name, func(t *testing.T) {
			i := 0
			pace(t, tt.times, tt.speed, func(_ *PacedSource, passed time.Duration, got []rec) {
				for _, r := range got {
					if want := tt.want[i]; passed < want || passed > want+pacedTick {
						t.Errorf("packet %d of %d comes after %v, want %v", i, r.time, passed, want)
					}
					i++
				}
			})
		})
	}
}

// The clock goes on in a pause, at the pace, and is never ahead of what is to come.
func TestPacedClock(t *testing.T) {
	const start = int64(1e18)
	times := []int64{start, start + 1e9, start + 60e9}
	last, empty := int64(0), 0
	pace(t, times, 4, func(p *PacedSource, passed time.Duration, got []rec) {
		now := p.Clock()
		if now < last {
			t.Errorf("the clock goes back from %d to %d", last, now)
		}
		last = now
		if len(got) > 0 {
			if want := got[len(got)-1].time; now != want {
				t.Errorf("after %v the clock is %d, want that of the packet, %d", passed, now, want)
			}
			return
		}
		empty++
		if want := start + 4*int64(passed); now != want {
			t.Errorf("after %v the clock is %d, want %d", passed, now, want)
		}
	})
	if want := 2 + 147; empty != want {
		t.Errorf("%d empty batches, want %d", empty, want)
	}
}

// Dense traffic comes in batches, not packet by packet, and in time.
func TestPacedDense(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var times []int64
	for i := range int64(5000) {
		times = append(times, i*10_000+r.Int64N(5000))
	}
	batches, n := 0, 0
	pace(t, times, 1, func(_ *PacedSource, passed time.Duration, got []rec) {
		batches++
		for _, r := range got {
			if late := passed - time.Duration(r.time-times[0]); late < 0 || late > pacedTick {
				t.Errorf("packet %d comes %v late", n, late)
			}
			n++
		}
	})
	if batches > 60 {
		t.Errorf("%d batches", batches)
	}
}

// A consumer that stood still gets at once what it has missed.
func TestPacedCatchesUp(t *testing.T) {
	slept := false
	var came []time.Duration
	pace(t, []int64{0, 1e9, 2e9, 3e9, 10e9}, 1, func(p *PacedSource, passed time.Duration, got []rec) {
		for range got {
			came = append(came, passed)
		}
		if !slept {
			slept = true
			time.Sleep(2500 * time.Millisecond)
			if now := p.Clock(); now != 0 {
				t.Errorf("the clock is at %d, ahead of packets", now)
			}
		}
	})
	if want := []time.Duration{0, 2500e6, 2500e6, 3e9, 10e9}; !slices.Equal(came, want) {
		t.Errorf("packets come after %v, want %v", came, want)
	}
}

func TestPacedCancel(t *testing.T) {
	why := errors.New("enough")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		p := Paced(ctx, &listed{recs: []rec{{time: 0}, {time: 1e12}}, most: 5}, 1)
		var b packet.Batch
		if err := p.Next(&b); err != nil || len(b.Packets) != 1 {
			t.Fatal(err)
		}
		start := time.Now()
		time.AfterFunc(30*time.Millisecond, func() { cancel(why) })
		if err := p.Next(&b); err != why || time.Since(start) != 30*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if err := p.Next(&b); err != why {
			t.Error(err)
		}
	})
}
