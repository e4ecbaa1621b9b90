// Package flows says how many conversations may be tracked at once, so that memory is bounded on any machine.
//
// Not its job: to count them, or to let them go (analyzer.Options.MaxFlows).
package flows

import (
	"math"

	"github.com/spf13/pflag"

	"tcptrace/internal/machine"
)

// AsMemoryAllows is --max-flows when it was not given.
const AsMemoryAllows = math.MinInt

// What tracking may take unless --max-flows is given, in bytes. On a machine, or in a container, of less than enoughMemory it is
// smallBudget, and never more than half of what there is.
const (
	fullBudget   = 1 << 30
	smallBudget  = 600 << 20
	enoughMemory = 4 << 30
	// baseMemory is what a run takes without any conversation.
	baseMemory = 60 << 20
)

// Cost is what a conversation takes while it is tracked, in bytes: measured with SYNs that nobody answers, and a fifth more.
// As much is what the tracker may take for each (analyzer/internal/flow/memory.go).
type Cost uint64

const (
	Read  Cost = 2400 // its segments are read
	Quick Cost = 1200 // they are not
	First Cost = 900  // those of the first ones only
	Live  Cost = 3400 // one tracker has them all, and the view beside

	Most     = 1 << 20 // of a capture
	MostLive = 1 << 18
)

// Flag adds --max-flows. beyond says what happens then.
func Flag(f *pflag.FlagSet, n *int, beyond string) {
	*n = AsMemoryAllows
	f.IntVar(n, "max-flows", AsMemoryAllows, "track at most `n` conversations at once"+beyond+
		"\n(default: as many as 1 GB has room for; 600 MB where there are less than 4 GB of memory)")
	f.Lookup("max-flows").DefValue = "0" // so that help does not show one
}

// Or is n, or if that was not given, how many conversations may be tracked on this machine.
func Or(n int, cost Cost, most int) int {
	if n != AsMemoryAllows {
		return n
	}
	return min(most, in(machine.Memory(), cost))
}

// Kept is how many conversations may be kept when they are over, of most: fewer on a small machine, where less is tracked, too.
func Kept(most int) int { return kept(machine.Memory(), most) }

func kept(memory uint64, most int) int {
	if memory < enoughMemory {
		return most / 4
	}
	return most
}

// in is how many conversations may be tracked on a machine with so much memory.
func in(memory uint64, cost Cost) int {
	budget := uint64(fullBudget)
	if memory < enoughMemory {
		budget = min(smallBudget, memory/2)
	}
	const least = 1 << 12
	return max(least, int((max(budget, baseMemory)-baseMemory)/uint64(cost)))
}
