package report

import (
	"io"

	"tcptrace/analyzer"
	"tcptrace/report/internal/output"
	"tcptrace/report/internal/record"
)

// NDJSON writes conversation records as the conversations come, one per line.
type NDJSON struct {
	out output.Buffer
	enc record.Encoder
}

// NewNDJSON returns a report that writes to w.
func NewNDJSON(w io.Writer) *NDJSON { return &NDJSON{out: output.NewBuffer(w)} }

// Conversation writes the record of c.
func (r *NDJSON) Conversation(c *analyzer.Conversation) error {
	r.out.B = append(r.enc.Conversation(r.out.B, c), '\n')
	return r.out.Spill()
}

// NewEncoder is for [analyzer.Sink].
func (r *NDJSON) NewEncoder() func([]byte, *analyzer.Conversation) []byte {
	var e record.Encoder
	return func(b []byte, c *analyzer.Conversation) []byte { return append(e.Conversation(b, c), '\n') }
}

// NewJudgedEncoder is NewEncoder for conversations that were judged.
func (r *NDJSON) NewJudgedEncoder() func([]byte, *analyzer.Conversation, *analyzer.Judgment) []byte {
	var e record.Encoder
	return func(b []byte, c *analyzer.Conversation, j *analyzer.Judgment) []byte {
		return append(e.Judged(b, c, j), '\n')
	}
}

// Encoded is for [analyzer.Sink].
func (r *NDJSON) Encoded(b []byte) error {
	_, err := r.out.Write(b)
	return err
}

// NewUnnumbered is for [analyzer.Sink].
func (r *NDJSON) NewUnnumbered() func([]byte, *analyzer.Conversation, *analyzer.Judgment) []byte {
	var e record.Encoder
	return func(b []byte, c *analyzer.Conversation, j *analyzer.Judgment) []byte {
		return append(e.Unnumbered(b, c, j), '\n')
	}
}

// Numbered is for [analyzer.Sink].
func (r *NDJSON) Numbered(stream uint64, rest []byte) error {
	r.out.B = append(record.AppendHead(r.out.B, stream), rest...)
	return r.out.Spill()
}

// Finish writes what is still buffered. The format has no place for the summary:
// see [Notes].
func (r *NDJSON) Finish(*analyzer.Summary) error { return r.out.Flush() }
