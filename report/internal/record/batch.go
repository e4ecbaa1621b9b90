package record

import (
	"cmp"
	"slices"

	"tcptrace/analyzer"
	"tcptrace/report/internal/output"
)

// batch puts lines of a buffer in order of time. The lines of one stream stay in the order in which they came, whatever times they have.
type batch struct {
	lines    []batchLine
	latest   map[uint64]analyzer.Time // of each stream but the last
	stream   uint64                   // the stream of the latest line of any
	streamAt analyzer.Time            // the latest of that
	newest   analyzer.Time            // of all
	sorted   []byte
}

type batchLine struct {
	at       analyzer.Time
	from, to int
}

func newBatch() batch {
	return batch{lines: make([]batchLine, 0, 1024), latest: make(map[uint64]analyzer.Time, 1024), sorted: make([]byte, 0, 2*output.SpillAt)}
}

// line says that a line of a stream begins at a place in the buffer.
func (b *batch) line(from int, at analyzer.Time, stream uint64) {
	if stream != b.stream {
		b.latest[b.stream] = b.streamAt
		b.stream, b.streamAt = stream, b.latest[stream]
	}
	b.streamAt = max(b.streamAt, at)
	b.add(from, b.streamAt)
}

// last says that a line begins which stays behind all before it.
func (b *batch) last(from int) { b.add(from, b.newest) }

func (b *batch) add(from int, at analyzer.Time) {
	b.newest = max(b.newest, at)
	b.lines = append(b.lines, batchLine{at: at, from: from})
}

// join adds the lines of another batch, whose text comes behind that of b, from there on, and which is empty then. They are of other streams; the other
// batch still puts what it has of its own behind them, until it forgets them.
func (b *batch) join(from int, other *batch) {
	for _, l := range other.lines {
		b.add(from+l.from, l.at)
	}
	other.lines = other.lines[:0]
}

// sort returns the lines of text in order, in text or in a buffer that takes its place, and forgets them.
func (b *batch) sort(text []byte) []byte {
	byTime := func(x, y batchLine) int {
		if x.at == y.at {
			return x.from - y.from // a stable sort takes twice as long
		}
		return cmp.Compare(x.at, y.at)
	}
	if !slices.IsSortedFunc(b.lines, byTime) {
		for i := range b.lines {
			b.lines[i].to = len(text)
			if i+1 < len(b.lines) {
				b.lines[i].to = b.lines[i+1].from
			}
		}
		slices.SortFunc(b.lines, byTime)
		sorted := b.sorted[:0]
		for _, l := range b.lines {
			sorted = append(sorted, text[l.from:l.to]...)
		}
		text, b.sorted = sorted, text
	}
	b.forget()
	return text
}

func (b *batch) forget() {
	b.lines, b.newest, b.streamAt = b.lines[:0], 0, 0
	clear(b.latest)
}
