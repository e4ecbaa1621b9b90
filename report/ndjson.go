package report

import (
	"io"

	"tcptrace/analyzer"
)

// NDJSON writes a conversation record a line, as the conversations come.
type NDJSON struct {
	out buffer
	enc encoder
}

// NewNDJSON returns a report that writes to w.
func NewNDJSON(w io.Writer) *NDJSON { return &NDJSON{out: newBuffer(w)} }

// Conversation writes the record of c.
func (r *NDJSON) Conversation(c *analyzer.Conversation) error {
	r.out.b = append(r.enc.conversation(r.out.b, c), '\n')
	return r.out.spill()
}

// NewEncoder is for [analyzer.Sink].
func (r *NDJSON) NewEncoder() func([]byte, *analyzer.Conversation) []byte {
	var e encoder
	return func(b []byte, c *analyzer.Conversation) []byte { return append(e.conversation(b, c), '\n') }
}

// Encoded is for [analyzer.Sink].
func (r *NDJSON) Encoded(b []byte) error {
	_, err := r.out.Write(b)
	return err
}

// Finish writes what is still buffered. The format has no place for the summary:
// see [Notes].
func (r *NDJSON) Finish(*analyzer.Summary) error { return r.out.flush() }
