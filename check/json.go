package check

import (
	"encoding/json"
	"io"

	"tcptrace/check/expect"
)

const resultsSchema = "tcptrace.check.v1"

// The document of WriteJSON.
type (
	resultsRecord struct {
		Schema   string         `json:"schema"`
		Captures []resultRecord `json:"captures"`
		Counts   map[Status]int `json:"counts"`
		ExitCode int            `json:"exit_code"`
	}
	resultRecord struct {
		Capture       string             `json:"capture,omitempty"`
		Expectation   string             `json:"expectation,omitempty"`
		Status        Status             `json:"status"`
		Conversations int                `json:"conversations"`
		Failures      []failureRecord    `json:"failures"`
		Problems      []string           `json:"problems"`
		Suppressed    []suppressedRecord `json:"suppressed"`
		Odd           []string           `json:"odd,omitempty"`
	}
	failureRecord struct {
		Rule     string   `json:"rule"`
		Stream   *int64   `json:"stream,omitempty"`
		ID       string   `json:"community_id,omitempty"`
		Field    string   `json:"field,omitempty"`
		Message  string   `json:"message"`
		Expected string   `json:"expected,omitempty"`
		Found    string   `json:"found,omitempty"`
		File     string   `json:"file,omitempty"`
		Line     int      `json:"line,omitempty"`
		Frames   []uint64 `json:"frames"`
		Timeline []string `json:"timeline,omitempty"`
	}
	suppressedRecord struct {
		Anomaly   string `json:"anomaly"`
		Anomalies int    `json:"anomalies"`
		Reason    string `json:"reason"`
		File      string `json:"file"`
		Line      int    `json:"line"`
	}
)

// WriteJSON writes results as one document for programs.
func WriteJSON(w io.Writer, rs Results) error {
	doc := resultsRecord{Schema: resultsSchema, Captures: []resultRecord{}, Counts: map[Status]int{}, ExitCode: rs.ExitCode()}
	for i := range rs {
		doc.Captures = append(doc.Captures, rs[i].json())
		doc.Counts[rs[i].Status]++
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(doc)
}

func (r *Result) json() resultRecord {
	v := resultRecord{
		Capture: r.Capture, Expectation: r.Expectation, Status: r.Status, Conversations: r.Conversations, Odd: r.Odd,
		Failures: []failureRecord{}, Problems: append([]string{}, r.Problems...), Suppressed: []suppressedRecord{},
	}
	for i := range r.Failures {
		f := &r.Failures[i]
		file, line := r.location(f)
		record := failureRecord{
			Rule: f.Rule, Field: f.Path, Message: f.Text, Expected: f.Expected, Found: f.Found,
			File: file, Line: line, Frames: append([]uint64{}, f.Frames...),
		}
		if f.Stream != expect.NoStream {
			record.Stream = &f.Stream
			record.ID = r.endpoints[f.Stream].communityID
			record.Timeline = r.sceneOf(f.Stream)
		}
		v.Failures = append(v.Failures, record)
	}
	for _, s := range r.Suppressed {
		v.Suppressed = append(v.Suppressed, suppressedRecord{s.Anomaly, s.Anomalies, s.Reason, s.File, s.Line})
	}
	return v
}
