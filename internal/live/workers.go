package live

import (
	"cmp"
	"runtime"
)

// enoughWorkers is how many goroutines track at most unless more are asked for, which may be MostWorkers: others read, decode before them, and tell behind them.
const (
	enoughWorkers = 16
	MostWorkers   = 64
)

// Workers is how many goroutines track and judge conversations, and how many rings of the kernel a capture has, if so many were asked for. 0: as many
// as suit this machine.
func Workers(asked int) int {
	processors := runtime.GOMAXPROCS(0)
	return cmp.Or(asked, min(max(processors/2, min(processors, 2)), enoughWorkers))
}
