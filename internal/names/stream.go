package names

import (
	"slices"

	"tcptrace/internal/wire"
)

// Bounds of what is kept of streams.
const (
	maxStreams     = 1024
	maxStreamBytes = 4 << 20 // of all of them
	maxPieces      = 64      // that one came in: more are no beginning that a client sends
)

// streams are beginnings of streams that are not read to their end. Where there are too many the oldest goes.
type streams struct {
	open  map[streamKey]*stream
	order []*stream // in which they began; those no longer in open are skipped
	bytes int
}

type streamKey struct {
	wire.Key
	dir uint8
}

// stream is one: the bytes that are captured of it from its first on, and what comes behind a gap.
type stream struct {
	key    streamKey
	bytes  []byte
	late   []piece // in order of their places
	pieces int
	size   int // of all of it
}

// piece is the bytes of a stream from a place on.
type piece struct {
	at   uint32
	data []byte
}

func (p *piece) end() uint32 { return p.at + uint32(len(p.data)) }

func (t *streams) begin(key streamKey) *stream {
	t.drop(key)
	for len(t.open) >= maxStreams {
		t.dropOldest()
	}
	if t.open == nil {
		t.open = map[streamKey]*stream{}
	}
	if len(t.order) > 2*maxStreams {
		t.order = slices.DeleteFunc(t.order, func(x *stream) bool { return t.open[x.key] != x })
	}
	x := &stream{key: key}
	t.open[key] = x
	t.order = append(t.order, x)
	return x
}

func (t *streams) drop(key streamKey) {
	if len(t.open) == 0 {
		return
	}
	if x := t.open[key]; x != nil {
		t.bytes -= x.size
		delete(t.open, key)
	}
}

// dropOldest drops the stream that began first.
func (t *streams) dropOldest() {
	x := t.order[0]
	t.order = t.order[1:]
	if t.open[x.key] == x {
		t.drop(x.key)
	}
}

// add adds a copy of p, as far as it is among the first maxRead bytes, to x. It is false if x came in too many pieces.
func (t *streams) add(x *stream, p piece) bool {
	if x.pieces++; x.pieces > maxPieces {
		return false
	}
	p.data = p.data[:min(len(p.data), maxRead-int(p.at))]
	for t.bytes+len(p.data) > maxStreamBytes && t.order[0] != x {
		t.dropOldest()
	}
	t.bytes += len(p.data)
	x.size += len(p.data)
	if int(p.at) > len(x.bytes) {
		p.data = slices.Clone(p.data)
		at, _ := slices.BinarySearchFunc(x.late, p.at, func(q piece, at uint32) int { return int(q.at) - int(at) })
		x.late = slices.Insert(x.late, at, p)
		return true
	}
	x.join(p)
	for len(x.late) > 0 && int(x.late[0].at) <= len(x.bytes) {
		x.join(x.late[0])
		x.late = x.late[1:]
	}
	return true
}

// join adds a piece that begins no later than where the bytes end.
func (x *stream) join(p piece) {
	if int(p.end()) > len(x.bytes) {
		x.bytes = append(x.bytes, p.data[len(x.bytes)-int(p.at):]...)
	}
}

// consume takes the first n bytes away, which are read.
func (t *streams) consume(x *stream, n int) {
	if n == 0 {
		return
	}
	x.bytes = append(x.bytes[:0], x.bytes[n:]...)
	for i := range x.late {
		x.late[i].at -= uint32(n)
	}
	x.pieces = 0
	x.size -= n
	t.bytes -= n
}
