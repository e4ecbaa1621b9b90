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

// Run analyzes all packets of src, by several goroutines, and hands the conversations to sink, in the caller's. If ctx is
// cancelled it stops reading, reports what it has seen, and returns the cause beside the summary.
//
// An error of the sink is a *SinkError; any other is ctx's or src's. That an input is cut short or damaged is no error: what came before
// that is analyzed, and a packet.Reporter says what was wrong.
func Run(ctx context.Context, src packet.Source, opts Options, sink Sink) (Summary, error) {
	return pipeline.Run(ctx, src, opts, sink)
}

// Read is Run for a loop: it yields the conversations of src, each once it is over. A conversation is valid until the next one. What is wrong
// comes last, without a conversation: an error of src or the cause of ctx, or a *packet.Error for each input that was cut short or damaged,
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

// yielding is a Sink of a loop.
type yielding func(*Conversation) bool

var errBreak = errors.New("the loop has ended")

func (y yielding) Conversation(c *Conversation) error {
	if !y(c) {
		return errBreak
	}
	return nil
}

// Choice is the conversations of which a second pass over a capture shows the packets (Watch). The sink of the first pass tells it of
// every conversation, by Take or Leave. It holds about 40 bytes for each one taken. The zero value, with Options set once, is ready.
//
// The first pass is by Run, or by Read or Reread where a Frame's Reading shall be as exact as what the conversations say.
//
// Its fields: go doc ./analyzer/internal/pipeline Choice
type Choice = pipeline.Choice

// Frame is a captured frame of a conversation that was chosen. It is valid during the call that gets it.
//
// Its fields: go doc ./analyzer/internal/pipeline Frame
type Frame = pipeline.Frame

// ErrChanged says that a second pass met an input with fewer packets than the first.
var ErrChanged = pipeline.ErrChanged
