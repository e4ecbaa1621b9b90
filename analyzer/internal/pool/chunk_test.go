package pool

import (
	"testing"
	"unsafe"
)

func TestChunksAreZeroAndApart(t *testing.T) {
	type value [3]uint64
	const n = 1000
	chunks := map[uintptr]bool{}
	for i := range 2*blockSize/(n*24) + 2 {
		c := Chunk[value](n)
		if len(c) != n || cap(c) != n {
			t.Fatalf("a chunk of %d values has %d, and room for %d", n, len(c), cap(c))
		}
		at := uintptr(unsafe.Pointer(&c[0]))
		if at%alignment != 0 {
			t.Fatalf("chunk %d begins at %#x, within a cache line", i, at)
		}
		chunks[at] = true
		for k := range c {
			if c[k] != (value{}) {
				t.Fatalf("value %d of chunk %d is %v: not zero, or another chunk's", k, i, c[k])
			}
			c[k] = value{1, 2, 3}
		}
	}
	if want := 2*blockSize/(n*24) + 2; len(chunks) != want {
		t.Errorf("%d chunks are at %d places", want, len(chunks))
	}
}

func TestChunkOfAnySize(t *testing.T) {
	for _, n := range []int{0, 1, mostOfBlock - 1, mostOfBlock, mostOfBlock + 1, 2 * blockSize} {
		if c := Chunk[byte](n); len(c) != n {
			t.Errorf("a chunk of %d bytes has %d", n, len(c))
		}
	}
	block.Lock()
	before := len(block.rest)
	block.Unlock()
	Chunk[byte](mostOfBlock + 1)
	block.Lock()
	defer block.Unlock()
	if len(block.rest) != before {
		t.Error("more than a quarter of a block comes from one: what is left of blocks would be wasted")
	}
}

func TestNoPointersInChunks(t *testing.T) {
	for name, try := range map[string]func(){
		"pointer": func() { Chunk[*int](1) },
		"string":  func() { Chunk[string](1) },
		"nested":  func() { Chunk[struct{ a [2]struct{ b []byte } }](1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: the garbage collector would not see it", name)
				}
			}()
			try()
		}()
	}
	Chunk[struct {
		a [2]struct{ b complex128 }
		c bool
	}](1)
}
