package segment

import (
	"tcptrace/analyzer/internal/bulk"
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/pool"
	"tcptrace/analyzer/internal/quantile"
	"tcptrace/reassembly"
)

// Pools hold what the connections of a tracker need beyond their Conn and their Stats, without pointers.
type Pools struct {
	Facts      conn.FactPool
	Flights    flightPool
	Recoveries RecoveryPool
	hists      quantile.Pool
	transfers  pool.Pool[bulk.Transfer]
	Forgotten  uint64    // retransmissions that BoundResent cut short
	Revised    []Reading // what the segment at hand shows of earlier ones
}

// flightPerFlow and rangesPerFlow bound, for each conversation that may be tracked, the segments in flight and the
// ranges of missing bytes that all of them may have together, beside those inline.
const (
	flightPerFlow = 16
	rangesPerFlow = 8
)

// NewPools are the pools for so many flows.
func NewPools(flows int) Pools {
	return Pools{
		Flights:    flightPool{budget: flows * flightPerFlow},
		Recoveries: RecoveryPool{Ranges: reassembly.NewPool(flows * rangesPerFlow)},
	}
}
