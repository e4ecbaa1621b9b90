package pool

import (
	"os"
	"syscall"
	"unsafe"
)

const (
	populateWrite = 23 // MADV_POPULATE_WRITE, Linux 5.14
	largePage     = 2 << 20
)

// populate asks the kernel for the memory of a new chunk at once. The first touch of each of its pages would be a fault,
// which costs as much as the analysis of twenty segments. Where the kernel cannot, they are.
func populate(start unsafe.Pointer, size uintptr) {
	advise(start, size, uintptr(os.Getpagesize()), populateWrite)
}

// enlarge asks the kernel for large pages. A value that is looked up is seldom in one of the few thousand small ones of which the processor
// knows where they are.
func enlarge(start unsafe.Pointer, size uintptr) {
	advise(start, size, largePage, syscall.MADV_HUGEPAGE)
}

// advise tells the kernel something about the whole pages in memory.
func advise(start unsafe.Pointer, size, page uintptr, advice int) {
	skip := -uintptr(start) & (page - 1)
	if size < skip+page {
		return
	}
	n := (size - skip) &^ (page - 1)
	_ = syscall.Madvise(unsafe.Slice((*byte)(unsafe.Add(start, skip)), n), advice)
}
