package extract

import (
	"cmp"
	"context"
	"io"
	"math"
	"slices"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
	"tcptrace/internal/live/dump"
	"tcptrace/internal/remote"
)

// span is when the packets of an input were captured.
type span struct {
	name        string
	order       int // of the argument
	first, last int64
	part        Part
}

// Parts is the inputs as blocks, in the order of time, if at least one of them has more than packets and they follow one another: then all that is
// beside packets can be kept, section by section. Else there are none. Whoever gets some closes them.
func Parts(ctx context.Context, inputs []string) (list []Part, err error) {
	var spans []span
	for i, name := range inputs {
		if name == "-" || remote.Is(name) { // not to be read once more
			return nil, nil
		}
		s, whole, err := spanOf(ctx, name)
		if err != nil || !whole {
			return nil, err
		}
		s.order = i
		spans = append(spans, s)
	}
	slices.SortStableFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.order, b.order)) })
	for i := 1; i < len(spans); i++ {
		if before, s := &spans[i-1], &spans[i]; s.first < before.last || s.first == before.last && s.order < before.order {
			return nil, nil
		}
	}
	more := false
	defer func() {
		if err != nil || !more {
			Close(list)
			list = nil
		}
	}()
	for i := range spans {
		in, ng, err := dump.OpenBlocks(spans[i].name, input.Options{Context: context.WithoutCancel(ctx)})
		if err != nil {
			return list, err
		}
		more = more || ng
		spans[i].part.In = in
		list = append(list, spans[i].part)
	}
	return list, nil
}

// Close closes what Parts opened.
func Close(list []Part) {
	for i := range list {
		list[i].In.(io.Closer).Close()
	}
}

// spanOf reads an input by itself. whole: to its end.
func spanOf(ctx context.Context, name string) (s span, whole bool, err error) {
	s = span{name: name, first: math.MaxInt64, last: math.MinInt64}
	src := input.Open([]string{name}, input.Options{Context: ctx})
	defer src.Close()
	var b packet.Batch
	for err = src.Next(&b); err == nil; err = src.Next(&b) {
		for i := range b.Packets {
			at := b.Packets[i].Time
			s.first, s.last = min(s.first, at), max(s.last, at)
			s.part.Frames += uint64(b.Packets[i].Behind) + 1
		}
		s.part.Packets += uint64(len(b.Packets))
	}
	if err != io.EOF {
		return s, false, err
	}
	return s, len(src.Stats().Errors) == 0, nil
}
