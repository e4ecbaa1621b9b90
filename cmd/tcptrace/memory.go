package main

import (
	"math"

	"github.com/spf13/pflag"

	"tcptrace/internal/machine"
)

// asMemoryAllows is --max-flows when it was not given.
const asMemoryAllows = math.MinInt

// What tracking may take unless --max-flows is given, in bytes. On a machine, or in a container, of less than enoughMemory it is
// smallBudget, and never more than half of what there is.
const (
	fullBudget   = 1 << 30
	smallBudget  = 600 << 20
	enoughMemory = 4 << 30
	// baseMemory is what a run takes without any conversation.
	baseMemory = 60 << 20
)

// flowCost is what a conversation takes while it is tracked, in bytes: measured with SYNs that nobody answers, and a fifth more.
type flowCost uint64

const (
	flowRead  flowCost = 2400 // its segments are read
	flowQuick flowCost = 1200 // they are not
	flowFirst flowCost = 900  // those of the first ones only
	flowLive  flowCost = 3400 // one tracker has them all, and the view beside

	mostFlows     = 1 << 20
	mostLiveFlows = 1 << 18
)

// maxFlowsFlag adds --max-flows. beyond says what happens then.
func maxFlowsFlag(f *pflag.FlagSet, n *int, beyond string) {
	*n = asMemoryAllows
	f.IntVar(n, "max-flows", asMemoryAllows, "track at most `n` conversations at once"+beyond+
		"\n(default: as many as 1 GB has room for; 600 MB where there are less than 4 GB of memory)")
	f.Lookup("max-flows").DefValue = "0" // so that help does not show one
}

// flowsOr is n, or if that was not given, how many conversations may be tracked on this machine.
func flowsOr(n int, cost flowCost, most int) int {
	if n != asMemoryAllows {
		return n
	}
	return min(most, flowsIn(machine.Memory(), cost))
}

// flowsIn is how many conversations may be tracked on a machine with so much memory.
func flowsIn(memory uint64, cost flowCost) int {
	budget := uint64(fullBudget)
	if memory < enoughMemory {
		budget = min(smallBudget, memory/2)
	}
	const least = 1 << 12
	return max(least, int((max(budget, baseMemory)-baseMemory)/uint64(cost)))
}
