package flow

import (
	"encoding/binary"

	"tcptrace/analyzer/internal/anomaly"
	"tcptrace/analyzer/internal/conn"
)

// Encoding makes records of conversations that are over, in place of handing them out, for the trackers of one goroutine.
type Encoding struct {
	encode   func(b []byte, c *conn.Conversation, j *anomaly.Judgment) []byte
	conv     conn.Conversation
	evidence Evidence
	judgment anomaly.Judgment
}

// NewEncoding returns one for sink.
func NewEncoding(sink Unnumbered) *Encoding { return &Encoding{encode: sink.NewUnnumbered()} }

// Encode has t make records by e of conversations that are over. Their Output needs a place for them.
func (t *Tracker) Encode(e *Encoding) { t.encoding = e }

// append appends the record of the conversation in a slot.
func (e *Encoding) append(to *Records, t *Tracker, slot uint32) {
	e.evidence.Reset()
	followed := t.Build(slot, &e.conv, &e.evidence, &e.judgment.Course)
	anomaly.Conclude(&e.judgment, &e.conv, followed)
	to.text = e.encode(to.text, &e.conv, &e.judgment)
	to.list = append(to.list, written{len(to.text), e.conv.Outcome, e.conv.History.Cut})
}

// Records are those of conversations that were over in a batch, of all trackers of a goroutine.
type Records struct {
	text []byte
	list []written
}

// written is a record, which ends at a place in the text and begins where the one before ends.
type written struct {
	end       int
	outcome   conn.Outcome
	unwritten uint8 // letters of its history
}

// mostText is how much room for text is kept for the next batch: when a flood gives up, all of it ends in one.
const mostText = 1 << 20

func (r *Records) reset() {
	if r == nil {
		return
	}
	if r.list = r.list[:0]; cap(r.text) > mostText {
		r.text = nil
	}
	r.text = r.text[:0]
}

// at is the i-th record, and its text.
func (r *Records) at(i uint32) (*written, []byte) {
	from := 0
	if i > 0 {
		from = r.list[i-1].end
	}
	return &r.list[i], r.text[from:r.list[i].end]
}

// Shared is how several goroutines can make records for a sink of what is open at the end; nil: they cannot.
func Shared(to Sink) Encoder {
	switch sink := to.(type) {
	case Encoder:
		return sink
	case Unnumbered:
		return numbering{sink}
	}
	return nil
}

// numbering makes records of parts for a sink that takes them one by one: before each stand the stream's number and how long it is.
type numbering struct{ Unnumbered }

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
