package segment

import (
	"tcptrace/analyzer/internal/bulk"
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/flight"
	"tcptrace/analyzer/internal/pool"
	"tcptrace/analyzer/internal/quantile"
	"tcptrace/analyzer/internal/reading"
	"tcptrace/reassembly"
)

// Pools hold what the connections of a tracker need beyond their Conn and their Stats, without pointers.
type Pools struct {
	Facts      conn.FactPool
	Flights    flight.Pool
	Recoveries RecoveryPool
	hists      quantile.Pool
	transfers  pool.Pool[bulk.Transfer]
	room       int               // entries of flights and ranges, of 16 bytes each, that there may be
	Forgotten  uint64            // retransmissions that BoundResent cut short
	Revised    []reading.Reading // what the segment at hand shows of earlier ones
}

// flightPerFlow and rangesPerFlow bound, for each conversation that may be tracked, the segments in flight and the
// ranges of missing bytes that all of them may have together, beside those inline.
const (
	flightPerFlow = 16
	rangesPerFlow = 8
)

// NumStocks is how many stocks Pools have, and Stats a share in.
const NumStocks = 3

// Stocks are those of the pools that nothing else bounds.
func (p *Pools) Stocks() [NumStocks]pool.Stock {
	return [NumStocks]pool.Stock{p.Recoveries.Stock(), p.hists.Stock(), p.transfers.Stock()}
}

// Has is how many pieces of stock i the statistics hold.
func (l *Stats) Has(i int) (n int) {
	for side := range l.Of {
		b := &l.Of[side]
		if [NumStocks]uint32{b.recovery, b.RTT.Hist, b.transfer}[i] != 0 {
			n++
		}
	}
	return n
}

// Bytes is the memory of flights and ranges, which have bounds of their own.
func (p *Pools) Bytes() int { return 16 * (p.room - p.Flights.Left() - p.Recoveries.Ranges.Left()) }

// Close says that flights and ranges are to take no more memory than they do.
func (p *Pools) Close() {
	p.room -= p.Flights.Left() + p.Recoveries.Ranges.Left()
	p.Flights.Close()
	p.Recoveries.Ranges.Close()
}

// NewPools are the pools for so many flows.
func NewPools(flows int) Pools {
	return Pools{
		room:       flows * (flightPerFlow + rangesPerFlow),
		Flights:    flight.NewPool(flows * flightPerFlow),
		Recoveries: RecoveryPool{Ranges: reassembly.NewPool(flows * rangesPerFlow)},
	}
}
