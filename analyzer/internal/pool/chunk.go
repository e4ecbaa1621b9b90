package pool

import (
	"fmt"
	"reflect"
	"sync"
	"unsafe"
)

// A block is memory for many chunks, whoever needs them: of pages so large that looking a value up is no search for its page, too. It is
// garbage when all of them are.
const (
	blockSize = 16 << 20
	alignment = 64 // a cache line
)

// block is what is left of the latest block, of all pools.
var block struct {
	sync.Mutex
	rest []byte
}

// mostOfBlock is the largest chunk that comes from a block. Larger ones have memory of their own.
const mostOfBlock = blockSize / 4

// Chunk is room for n zero values, in memory that the kernel is asked for at once: for those that need much. Values with pointers, which the
// garbage collector would not see there, make it panic.
func Chunk[T any](n int) []T {
	if t := reflect.TypeFor[T](); hasPointer(t) {
		panic(fmt.Sprintf("pool: %v has a pointer", t))
	}
	var one T
	size := uintptr(n) * unsafe.Sizeof(one)
	if size == 0 || size > mostOfBlock {
		return make([]T, n)
	}
	at := take(size)
	populate(at, size)
	return unsafe.Slice((*T)(at), n)
}

// take cuts so many bytes off a block.
func take(size uintptr) unsafe.Pointer {
	size = (size + alignment - 1) &^ (alignment - 1)
	block.Lock()
	defer block.Unlock()
	if uintptr(len(block.rest)) < size {
		block.rest = make([]byte, blockSize)
		enlarge(unsafe.Pointer(unsafe.SliceData(block.rest)), blockSize)
	}
	at := unsafe.Pointer(unsafe.SliceData(block.rest))
	block.rest = block.rest[size:]
	return at
}

// hasPointer reports whether the garbage collector would have to follow something in a value of type t.
func hasPointer(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			if hasPointer(t.Field(i).Type) {
				return true
			}
		}
		return false
	case reflect.Array:
		return hasPointer(t.Elem())
	}
	return t.Kind() > reflect.Complex128 // strings, too
}
