package analyzer

import (
	"context"
	"errors"
	"iter"

	"tcptrace/analyzer/internal/pipeline"
	"tcptrace/analyzer/packet"
)

// Options say how packets are analyzed. The zero value means the defaults.
//
// Its fields: go doc ./analyzer/internal/pipeline Options
type Options = pipeline.Options

// SinkError is an error of a Sink, which ended the analysis.
//
// Its fields: go doc ./analyzer/internal/pipeline SinkError
type SinkError = pipeline.SinkError

// Run analyzes all packets of src with several goroutines, and hands the conversations to sink in the caller's goroutine. If ctx is
// cancelled, it stops reading, reports what it has seen, and returns the cause along with the summary.
//
// An error of the sink is a *SinkError; any other is from ctx or src. It is not an error if an input is cut short or damaged: what came before
// that is analyzed, and a packet.Reporter says what was wrong.
func Run(ctx context.Context, src packet.Source, opts Options, sink Sink) (Summary, error) {
	return pipeline.Run(ctx, src, opts, sink)
}

// Read is Run as an iterator: it yields the conversations of src, each once it is over. A conversation is valid until the next one. Errors
// come last, without a conversation: an error of src or the cause of ctx, or a *packet.Error for each input that was cut short or damaged,
// joined (errors.Join).
func Read(ctx context.Context, src packet.Source, opts Options) iter.Seq2[*Conversation, error] {
	return func(yield func(*Conversation, error) bool) {
		_, err := Run(ctx, src, opts, yielding(func(c *Conversation) bool { return yield(c, nil) }))
		if errors.Is(err, errBreak) {
			return
		}
		if r, ok := src.(packet.Reporter); ok && err == nil {
			for _, damage := range r.Stats().Errors {
				err = errors.Join(err, damage)
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// yielding is a Sink that yields conversations to a loop.
type yielding func(*Conversation) bool

var errBreak = errors.New("the loop has ended")

func (y yielding) Conversation(c *Conversation) error {
	if !y(c) {
		return errBreak
	}
	return nil
}

// Choice is the set of conversations whose packets a second pass over a capture shows (Watch). The sink of the first pass reports
// every conversation to it, with Take or Leave. It holds about 40 bytes for each one taken. The zero value is ready to use once Options are set.
//
// The first pass is made by Run, or by Read or Reread if the Reading of a Frame must be as exact as the conversations.
//
// Its fields: go doc ./analyzer/internal/pipeline Choice
type Choice = pipeline.Choice

// Frame is a captured frame of a chosen conversation. It is valid only during the call that gets it.
//
// Its fields: go doc ./analyzer/internal/pipeline Frame
type Frame = pipeline.Frame

// ErrChanged says that a second pass met an input with fewer packets than the first.
var ErrChanged = pipeline.ErrChanged
