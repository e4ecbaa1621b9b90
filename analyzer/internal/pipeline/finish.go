package pipeline

import (
	"encoding/binary"
	"sync"
	"sync/atomic"

	"tcptrace/analyzer/internal/anomaly"
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
	switch shared := h.shared(); {
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

// shared is how several goroutines can make records of it for the sink; nil: they cannot.
func (h *handing) shared() flow.Encoder {
	switch sink := h.sink.(type) {
	case flow.Encoder:
		return sink
	case flow.Unnumbered:
		return numbering{sink}
	}
	return nil
}

// numbering makes records of parts for a sink that takes them one by one: before each stand the stream's number and how long it is.
type numbering struct{ flow.Unnumbered }

const numberingHead = 8 + 4

func (n numbering) NewEncoder() func([]byte, *conn.Conversation) []byte {
	encode, judgment := n.NewUnnumbered(), new(anomaly.Judgment)
	return func(b []byte, c *conn.Conversation) []byte {
		judgment.Judge(c)
		b = append(binary.BigEndian.AppendUint64(b, c.Stream), 0, 0, 0, 0)
		at := len(b)
		b = encode(b, c, judgment)
		binary.BigEndian.PutUint32(b[at-4:], uint32(len(b)-at))
		return b
	}
}

func (n numbering) Encoded(b []byte) error {
	for len(b) > 0 {
		stream, size := binary.BigEndian.Uint64(b), int(binary.BigEndian.Uint32(b[8:]))
		b = b[numberingHead:]
		if err := n.Numbered(stream, b[:size]); err != nil {
			return err
		}
		b = b[size:]
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
