package pipeline

import (
	"sync"
	"sync/atomic"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/flow"
)

const (
	handOutAtOnce = 32      // conversations that a goroutine makes records of at a time
	handOutRoom   = 1 << 17 // bytes of which; more is allocated as it is needed
)

// handing gives the sink what is open when the input ends.
type handing struct {
	rest *flow.Rest
	sink flow.Sink
	late func() bool // Options.Late of an analysis that was interrupted; nil: all is handed out
	left uint64      // not handed out
}

// parts is into how many parts the rest is divided.
func (h *handing) parts() int { return (h.rest.Len() + handOutAtOnce - 1) / handOutAtOnce }

// part is where a part begins, and where the next one does.
func (h *handing) part(i int) (from, to int) {
	return i * handOutAtOnce, min((i+1)*handOutAtOnce, h.rest.Len())
}

// isLate reports whether no more is to be handed out.
func (h *handing) isLate() bool { return h.late != nil && h.late() }

// leave counts a part that is not handed out.
func (h *handing) leave(i int) {
	from, to := h.part(i)
	h.left += uint64(to - from)
}

// out hands it out. That can be most of the conversations, and nothing else is left to do meanwhile: so all workers make the records, if
// that can be done side by side.
func (h *handing) out(workers int) error {
	switch shared := flow.Shared(h.sink); {
	case shared != nil && workers > 1:
		return h.encoded(shared, workers)
	case h.late == nil:
		return h.rest.Each(0, h.rest.Len(), h.sink.Conversation)
	}
	for i := range h.parts() {
		if h.isLate() {
			h.leave(i)
			continue
		}
		from, to := h.part(i)
		if err := h.rest.Each(from, to, h.sink.Conversation); err != nil {
			return err
		}
	}
	return nil
}

// encoded hands it out as records that workers make.
func (h *handing) encoded(sink flow.Encoder, workers int) error {
	results := make([]chan []byte, h.parts())
	for i := range results {
		results[i] = make(chan []byte, 1)
	}
	// A goroutine takes the next part once it has a buffer: so the part that is waited for has one.
	free := make(chan []byte, 2*workers)
	for range cap(free) {
		free <- make([]byte, 0, handOutRoom)
	}
	var next atomic.Int64
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			encode := sink.NewEncoder()
			for b := range free {
				i := int(next.Add(1)) - 1
				if i >= len(results) {
					return
				}
				if !h.isLate() { // else b stays empty
					from, to := h.part(i)
					_ = h.rest.Each(from, to, func(c *conn.Conversation) error {
						b = encode(b, c)
						return nil
					})
				}
				results[i] <- b
			}
		})
	}
	var err error
	for i := 0; i < len(results) && err == nil; i++ {
		b := <-results[i]
		if len(b) > 0 {
			err = sink.Encoded(b)
		} else {
			h.leave(i)
		}
		free <- b[:0]
	}
	close(free)
	all.Wait()
	return err
}
