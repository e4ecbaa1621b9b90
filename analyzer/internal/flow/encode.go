package flow

import (
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
	if t.Build(slot, &e.conv, &e.evidence, &e.judgment.Course) {
		e.judgment.Conclude(&e.conv)
	} else {
		e.judgment.Judge(&e.conv)
	}
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
