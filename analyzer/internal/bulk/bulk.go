// Package bulk finds out what limits the speed of a transfer: of each round trip one factor, after Zhang, Breslau, Paxson and Shenker, "On
// the characteristics and origins of Internet flow rates" (SIGCOMM 2002), with what a tap knows beyond their traces of one direction:
// windows with their scale, what is in flight, what was sent again, and how far away each end is.
//
// A transfer is what a sender sends in its turn beyond an initial window, or from where it fills the window of its receiver: what is less is
// limited by the round trip alone.
//
// Not its job: reading segments (package segment).
package bulk

import (
	"time"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/timing"
	"tcptrace/reassembly"
)

// InitialWindow is how many bytes a sender may send before any ACK, at most (RFC 6928 2).
const InitialWindow = 14600

// The boundaries of the rules.
const (
	growth   = 4              // slow start sends at least a quarter more in a round trip than in the one before: twice as much, or half more with delayed ACKs
	swelling = 4              // a queue makes a round trip longer than the shortest by at least a quarter
	jitter   = conn.Time(2e6) // by which round trips vary in any case
	constant = 2              // so many round trips in a row have no segment more than the most so far, nor a quarter less: nothing grows any more
	pause    = 4              // a gap of at least a quarter of the round trip: more would have come through
	uneven   = 2              // and of twice what is between segments that are spread over the round trip, as a slow path spreads them
)

// Signs are what a segment shows, and a round trip showed.
type Signs uint8

// The signs.
const (
	Lossy     Signs = 1 << iota // something was sent again, or marked
	Full                        // the receiver's window had no room for another full segment
	Paused                      // nothing was in flight, for longer than the ACK of the last took to be answered
	Unscaled                    // the scale of the receiver's window is not known
	Unplumbed                   // how far away the sender is is not known, so that round trips are not
)

// Segment is new bytes as they pass the tap.
type Segment struct {
	Now    conn.Time
	Pos    reassembly.Pos // of its first byte
	Una    reassembly.Pos // what was acknowledged before
	Loop   conn.Time      // the least time in which a segment and its answer pass the whole path
	Size   uint32         // of its payload
	Full   uint32         // that of a full segment
	Window uint32         // that its receiver offered last
	Signs  Signs
	Held   Held
}

// Held is for how long a sender was held up so far, in all: by the window of its receiver, and by repairing losses.
type Held struct{ Window, Recovery conn.Time }

// Transfer is the transfers of one direction: how long each factor limited them so far, and the round trip at hand. The zero value is ready.
type Transfer struct {
	limited [timing.NumFactors]conn.Time

	start, shortest conn.Time      // of the round trip at hand; the shortest one so far
	trip            conn.Time      // how long the one before took
	from, until     reassembly.Pos // its first byte; the ACK of all up to there ends it
	last, gap       conn.Time      // when data passed last; the longest time in it that none did
	segments, small uint32         // in it; the ones of them that are not full
	window          uint32         // offered when it began
	even            uint32         // round trips in a row, up to the one before, in which nothing grew
	bytes, most     uint64         // in the one before; in any before the last loss, or since then if it was more
	seen            Signs          // in it
	held            Held           // when it began
	under           bool           // a transfer is under way
	swelled         bool           // the one before was longer than the shortest
	lossy, lost     bool           // there was a loss; the congestion window is still what that left
	latest          timing.Factor  // that of the round trip before
}

// Send takes a segment of a transfer.
func (t *Transfer) Send(s *Segment) {
	switch t.seen |= s.Signs & Paused; {
	case !t.under:
		*t = Transfer{limited: t.limited, under: true}
		t.begin(s)
	case s.Una >= t.until && s.Now-t.start >= s.Loop:
		t.charge(t.factor(s), s.Now)
		t.begin(s)
	}
	t.gap = max(t.gap, s.Now-t.last)
	t.last = s.Now
	t.segments++
	if s.Size < s.Full {
		t.small++
	}
	t.seen |= s.Signs &^ Paused
}

// Lose notes that something had to be sent again, or that the network marked it.
func (t *Transfer) Lose() { t.seen |= Lossy }

// End ends the transfer, if one is under way: at a time all of it was acknowledged, or the capture ended; until then its sender was held up so
// long.
func (t *Transfer) End(at conn.Time, held Held) {
	if t.under {
		t.charge(t.rest(held), max(at, t.last))
		t.under = false
	}
}

// Limits is how long each factor limited the transfers, as they would be if the last of them ended as End says.
func (t *Transfer) Limits(at conn.Time, held Held) (out timing.Limits) {
	ended := *t
	ended.End(at, held)
	for f, d := range ended.limited {
		out[f] = time.Duration(d)
	}
	return out
}

// begin begins a round trip.
func (t *Transfer) begin(s *Segment) {
	t.start, t.last, t.gap = s.Now, s.Now, 0
	t.from, t.until = s.Pos, s.Pos+reassembly.Pos(s.Size)
	t.segments, t.small, t.seen, t.window, t.held = 0, 0, 0, s.Window, s.Held
}

func (t *Transfer) charge(f timing.Factor, to conn.Time) {
	t.limited[f] += max(to-t.start, 0)
	t.latest = f
}

// shown is the factor that single segments of the round trip showed.
func (t *Transfer) shown(held Held) timing.Factor {
	switch {
	case t.seen&Full != 0 && held.Window-t.held.Window > held.Recovery-t.held.Recovery:
		return timing.ReceiveWindow
	case t.seen&Lossy != 0:
		return timing.Congestion
	case t.seen&Full != 0:
		return timing.ReceiveWindow
	case t.seen&Paused != 0, 2*t.small > t.segments:
		return timing.Application
	}
	return timing.NoFactor
}

// factor is what limited the round trip that s ends. The window is filled, too, by a round trip that has as many bytes: a tap near the receiver
// sees ACKs before their sender can heed them.
func (t *Transfer) factor(s *Segment) timing.Factor {
	var (
		trip   = s.Now - t.start
		bytes  = uint64(max(s.Pos-t.from, 0))
		before = t.bytes
		faster = before == 0 || float64(bytes)*float64(t.trip) >= float64(before+before/growth)*float64(trip) // a quarter more in the same time
		swells = t.shortest != 0 && trip > t.shortest+t.shortest/swelling+jitter
		blind  = (t.seen|s.Signs)&(Unscaled|Unplumbed) != 0
	)
	t.gap = max(t.gap, s.Now-t.last)
	full := uint64(s.Full)
	t.even++
	if bytes >= t.most+full || bytes < t.most-t.most/growth {
		t.even = 0
	}
	swelled := t.swelled
	t.bytes, t.trip, t.swelled = bytes, trip, swells
	if t.shortest == 0 || trip < t.shortest {
		t.shortest = trip
	}
	f := t.shown(s.Held)
	t.lossy = t.lossy || f == timing.Congestion
	t.lost = f == timing.Congestion || t.lost && bytes < t.most
	t.most = max(t.most, bytes)
	switch {
	case f != timing.NoFactor:
		return f
	case (t.seen|s.Signs)&Unscaled == 0 && bytes+full > uint64(max(t.window, s.Window)):
		return timing.ReceiveWindow
	case t.lost:
		return timing.Congestion
	case swells && (t.even > 0 || swelled && !faster): // more is in a queue, and not through it
		return timing.PathRate
	case bytes >= before+before/growth && t.even == 0:
		return timing.SlowStart
	case t.even < constant && t.lossy:
		return timing.Congestion
	case t.even < constant:
		return timing.SlowStart
	case blind:
		return timing.Unclear
	case t.gap >= trip/pause && t.gap*conn.Time(t.segments) >= uneven*trip:
		return timing.SendBuffer
	}
	return timing.PathRate
}

// rest is what limited the round trip at hand, which ends before it is whole: what it showed, or the same as the one before.
func (t *Transfer) rest(held Held) timing.Factor {
	switch f := t.shown(held); {
	case f == timing.Application && t.seen&Paused == 0, f == timing.NoFactor: // the last segments are never full
		if t.latest == timing.NoFactor {
			return timing.SlowStart
		}
		return t.latest
	default:
		return f
	}
}
