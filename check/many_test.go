package check

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/check/expect"
	"tcptrace/report"
)

// Many failures take time in proportion, and people are told of the first ones and how many more there are.
func TestManyFailures(t *testing.T) {
	c := &expect.Capture{}
	r := Result{Capture: "x.pcap", Status: Failed}
	const streams = 50_000
	for i := range streams {
		c.Conversations = append(c.Conversations, report.Record{Stream: uint64(2 * i)})
		r.Failures = append(r.Failures, expect.Failure{Stream: int64(2 * i), Text: "it failed"}, expect.Failure{Stream: int64(2*i + 1), Text: "there is none"})
	}
	began := time.Now()
	done, cancel := context.WithCancel(t.Context())
	cancel() // no pictures
	r.explain(done, &job{options: &Options{}, alone: &analyzer.Analyzer{}}, c)
	var b strings.Builder
	Results{r}.Describe(&b)
	if took := time.Since(began); took > 20*time.Second { // it took minutes when each failure looked through all records
		t.Errorf("it took %v", took)
	}
	if len(r.endpoints) != streams {
		t.Errorf("endpoints of %d streams", len(r.endpoints))
	}
	text := b.String()
	if got := strings.Count(text, "it failed") + strings.Count(text, "there is none"); got != maxTold || !strings.Contains(text, fmt.Sprintf("and %d more", 2*streams-maxTold)) {
		t.Errorf("%d failures are told:\n%.200s", got, text[len(text)-200:])
	}
	r.Failures = r.Failures[:maxTold]
	b.Reset()
	if (Results{r}).Describe(&b); strings.Contains(b.String(), "more that are not shown") {
		t.Error("more than there are")
	}
}
