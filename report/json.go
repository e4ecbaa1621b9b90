package report

import (
	"bytes"
	"encoding/json"
	"io"

	"tcptrace/analyzer"
	"tcptrace/report/internal/output"
	"tcptrace/report/internal/record"
)

// reportSchema names the document that JSON writes.
const reportSchema = "tcptrace.report.v1"

// JSON writes one document with all conversations and the summary. It is
// written as the conversations come; only its end makes it valid JSON, so a
// reader can recognize a report that was cut short.
type JSON struct {
	out       output.Buffer
	enc       record.Encoder
	selection Selection
	findings  any
	begun     bool
}

// NewJSON returns a report that writes to w.
func NewJSON(w io.Writer) *JSON { return &JSON{out: output.NewBuffer(w)} }

func (r *JSON) selected(s Selection) { r.selection = s }

// Findings adds the findings to the document: v, encoded by encoding/json, under the key "findings".
func (r *JSON) Findings(v any) { r.findings = v }

func (r *JSON) begin() {
	r.out.B = append(r.out.B, `{"schema":"`+reportSchema+`","conversations":[`...)
	r.begun = true
}

// next begins another conversation.
func (r *JSON) next() {
	if r.begun {
		r.out.B = append(r.out.B, ',')
	} else {
		r.begin()
	}
	r.out.B = append(r.out.B, '\n')
}

// Conversation writes the record of c.
func (r *JSON) Conversation(c *analyzer.Conversation) error {
	r.next()
	r.out.B = r.enc.Conversation(r.out.B, c)
	return r.out.Spill()
}

// NewUnnumbered is for [analyzer.Sink].
func (r *JSON) NewUnnumbered() func([]byte, *analyzer.Conversation, *analyzer.Judgment) []byte {
	return new(record.Encoder).Unnumbered
}

// Numbered is for [analyzer.Sink].
func (r *JSON) Numbered(stream uint64, rest []byte) error {
	r.next()
	r.out.B = append(record.AppendHead(r.out.B, stream), rest...)
	return r.out.Spill()
}

// Finish writes the summary and ends the document.
func (r *JSON) Finish(s *analyzer.Summary) error {
	if !r.begun {
		r.begin()
	}
	summary, err := json.Marshal(NewSummaryRecord(s, r.selection))
	if err != nil {
		return err
	}
	r.out.B = append(r.out.B, "\n],\n"...)
	if r.findings != nil {
		var found bytes.Buffer
		e := json.NewEncoder(&found)
		e.SetEscapeHTML(false) // expressions have && in them
		if err := e.Encode(r.findings); err != nil {
			return err
		}
		r.out.B = append(append(append(r.out.B, `"findings":`...), bytes.TrimSpace(found.Bytes())...), ",\n"...)
	}
	r.out.B = append(r.out.B, "\"summary\":"...)
	r.out.B = append(r.out.B, summary...)
	r.out.B = append(r.out.B, "}\n"...)
	return r.out.Flush()
}
