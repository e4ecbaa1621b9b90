package pool

import (
	"os"
	"syscall"
	"unsafe"
)

const populateWrite = 23 // MADV_POPULATE_WRITE, Linux 5.14

// populate asks the kernel for the memory of a new chunk at once. The first touch of each of its pages would be a fault,
// which costs as much as the analysis of twenty segments. Where the kernel cannot, they are.
func populate(start unsafe.Pointer, size uintptr) {
	page := uintptr(os.Getpagesize())
	skip := -uintptr(start) & (page - 1)
	if size < skip+page {
		return
	}
	n := (size - skip) &^ (page - 1)
	_ = syscall.Madvise(unsafe.Slice((*byte)(unsafe.Add(start, skip)), n), populateWrite)
}
