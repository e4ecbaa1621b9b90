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

// handOut gives the sink what is open when the input ends. These can be most of the conversations, and nothing else is left
// to do meanwhile: so all workers make the records, if that can be done side by side.
func handOut(rest *flow.Rest, sink flow.Sink, workers int) error {
	shared, ok := sink.(flow.Encoder)
	if !ok || workers == 1 {
		return rest.Each(0, rest.Len(), sink.Conversation)
	}
	results := make([]chan []byte, (rest.Len()+handOutAtOnce-1)/handOutAtOnce)
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
			encode := shared.NewEncoder()
			for b := range free {
				i := int(next.Add(1)) - 1
				if i >= len(results) {
					return
				}
				_ = rest.Each(i*handOutAtOnce, min((i+1)*handOutAtOnce, rest.Len()), func(c *conn.Conversation) error {
					b = encode(b, c)
					return nil
				})
				results[i] <- b
			}
		})
	}
	var err error
	for i := 0; i < len(results) && err == nil; i++ {
		b := <-results[i]
		err = shared.Encoded(b)
		free <- b[:0]
	}
	close(free)
	all.Wait()
	return err
}
