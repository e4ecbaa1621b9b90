package analyzer

import "tcptrace/reassembly"

// pools hold what the connections of a tracker need beyond their conv and their ledger, without pointers.
type pools struct {
	facts     factPool
	flights   flightPool
	repairs   repairPool
	hists     histPool
	forgotten uint64    // retransmissions that BoundResent cut short
	revised   []Reading // what the segment at hand shows of earlier ones
}

// flightPerFlow and rangesPerFlow bound, for each conversation that may be tracked, the segments in flight and the
// ranges of missing bytes that all of them may have together, beside those inline.
const (
	flightPerFlow = 16
	rangesPerFlow = 8
)

// newPools are the pools for so many flows.
func newPools(flows int) pools {
	return pools{
		flights: flightPool{budget: flows * flightPerFlow},
		repairs: repairPool{ranges: reassembly.NewPool(flows * rangesPerFlow)},
	}
}
