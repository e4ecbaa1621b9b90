package flow

import (
	"unsafe"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/pool"
	"tcptrace/analyzer/internal/reuse"
	"tcptrace/analyzer/internal/segment"
	"tcptrace/internal/wire"
)

// The memory of a tracker is bounded by so many bytes for each conversation that it may follow, which is what ordinary ones take. Those that
// take more, such as an attacker makes, leave less for others: when it is used up, conversations end early that have what
// there is too little of.
const (
	readBytes  = 2400
	quickBytes = 1200
	firstBytes = 900 // the sink wants the first ones only
	liveBytes  = 3400

	leastMemory = 64 << 20 // of all partitions, for few conversations
)

// memoryPerFlow is how much there is for each conversation.
func (t *Tracker) memoryPerFlow() int {
	switch {
	case t.undivided:
		return liveBytes
	case !t.reads:
		return quickBytes
	case t.first > 0:
		return firstBytes
	}
	return readBytes
}

// Stocks of which conversations take pieces.
const (
	stockConns     = 0
	stockFacts     = 1
	stockIncidents = 2
	stockStats     = 3 // and those behind it
	stockHeld      = stockStats + segment.NumStocks
	stockRivals    = stockHeld + 1
	stockBeside    = stockRivals + 1
	numStocks      = stockBeside + 1
)

// Beside is what somebody else keeps of a tracker's conversations, in the same memory.
type Beside interface {
	Stock() pool.Stock
	Has(slot uint32) int // pieces of it that the conversation in a slot has
}

const (
	checkEvery = 32              // segments
	spare      = 16 * checkEvery // pieces of each stock: more than so many segments take
	mostEnded  = 64              // conversations at once, for one stock
	compared   = 64              // conversations, of which the one goes that has the most
	looked     = 4096            // at so many, at most, to find them
)

// heldSize is about what a hold takes.
const heldSize = reuse.MaxHeld * int(unsafe.Sizeof(wire.Segment{})+unsafe.Sizeof(Notice{}))

func (t *Tracker) stocks() (all [numStocks]pool.Stock) {
	all[stockConns] = t.Slab.pool.Stock()
	if t.reads && t.first == 0 {
		all[stockConns].Size += int(unsafe.Sizeof(segment.Stats{}))
	}
	facts, stats := t.Facts.Stocks(), t.Pools.Stocks()
	copy(all[stockFacts:], facts[:])
	copy(all[stockStats:], stats[:])
	all[stockHeld] = pool.Stock{All: len(t.held) + len(t.unused), Idle: len(t.unused), Size: heldSize}
	all[stockRivals] = pool.Stock{All: len(t.rivals), Size: heldSize}
	if t.Beside != nil {
		all[stockBeside] = t.Beside.Stock()
	}
	return all
}

// has is how many pieces of a stock the conversation in a slot has.
func (t *Tracker) has(stock int, slot uint32) int {
	c := t.Slab.At(slot)
	switch {
	case stock == stockConns:
		return 1
	case stock == stockFacts:
		return (int(c.Facts.N) + conn.BlockFacts - 1) / conn.BlockFacts
	case stock == stockIncidents:
		return c.Kinds()
	case stock == stockHeld:
		return oneIf(c.Flags.Has(conn.Pending))
	case stock == stockRivals:
		return oneIf(c.Flags.Has(conn.Disputed))
	case stock == stockBeside:
		return t.Beside.Has(slot)
	case c.Flags.Has(conn.IsRead):
		return t.stats.At(slot).Has(stock - stockStats)
	}
	return 0
}

// used is the memory of all stocks, and of what has bounds of its own.
func (t *Tracker) used(stocks *[numStocks]pool.Stock) int {
	sum := t.Slab.embryos.bytes() + 8*len(t.index.entries) + t.Pools.Bytes()
	for _, s := range stocks {
		sum += s.Bytes()
	}
	return sum
}

// bound sees to it that the tracker takes no more memory than it may.
func (t *Tracker) bound(frame uint64, out *Output) {
	if t.sinceBound++; t.sinceBound < checkEvery {
		return
	}
	t.sinceBound = 0
	stocks := t.stocks()
	if t.used(&stocks) < t.memory {
		return
	}
	t.crowded = true
	t.Pools.Close()
	for stock := range stocks {
		for range mostEnded {
			s := t.stocks()[stock]
			if s.Idle >= spare || s.Bytes() <= t.memory/numStocks/8 {
				break
			}
			slot := t.heaviest(stock)
			if slot == noSlot {
				break
			}
			t.evict(slot, frame, out)
		}
	}
}

// heaviest is the conversation that has most of a stock, of some that come next in the slab; of those that have as much, the one that was
// silent longest.
func (t *Tracker) heaviest(stock int) uint32 {
	used := t.Slab.pool.Used()
	best, most, n := noSlot, 0, 0
	for i := uint32(0); i < min(used, looked) && n < compared; i++ {
		slot := (t.hand + 1) % used
		t.hand = slot
		c := t.Slab.At(slot)
		if c.Gen%2 == 0 {
			continue
		}
		has := t.has(stock, slot)
		if has > 0 {
			n++
		}
		if has > most || has > 0 && has == most && c.Last < t.Slab.At(best).Last {
			best, most = slot, has
		}
	}
	return best
}

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}
