// Package machine tells what the machine has, or the container.
//
// Not its job: to decide how much of it anybody takes.
package machine

import (
	"math"
	"sync"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// Memory is how many bytes this process may have: of the machine, or of its control group if that is less. What is not known is enough.
var Memory = sync.OnceValue(func() uint64 {
	all := uint64(math.MaxUint64)
	if n, err := memlimit.FromSystem(); err == nil && n > 0 {
		all = n
	}
	if n, err := memlimit.FromCgroup(); err == nil && n > 0 {
		all = min(all, n)
	}
	return all
})
