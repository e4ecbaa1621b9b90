package check

import (
	"errors"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/input"
	"tcptrace/report"
)

// TestTooManyAnomalies: a capture may have as many as maxAnomalies.
func TestTooManyAnomalies(t *testing.T) {
	collect := func(before int) (int, error) {
		c := collector{anomalies: before, most: MaxRecords}
		_, err := analyzer.Run(t.Context(), input.Open([]string{"../testdata/pcaps/showcase.pcap"}, input.Options{}), analyzer.Options{}, &c)
		return c.anomalies - before, err
	}
	n, err := collect(0)
	if err != nil || n == 0 {
		t.Fatalf("%d anomalies, %v", n, err)
	}
	if _, err := collect(maxAnomalies - n); err != nil {
		t.Errorf("as many as may be: %v", err)
	}
	if _, err := collect(maxAnomalies - n + 1); !errors.Is(err, errTooManyWrong) {
		t.Errorf("one more: %v", err)
	}
}

// TestTooManyConversations: a capture may have as many as Options.Most, and of one that has more nothing is kept. Who has many is told when
// that is known.
func TestTooManyConversations(t *testing.T) {
	const captured = "../testdata/pcaps/showcase.pcap" // 6 conversations
	for most, whole := range map[int]bool{5: false, 6: true} {
		j := loading(captured, &Options{Most: most}, 1)
		c, problems := j.analyze(t.Context())
		if got := problems == nil && len(c.Conversations) == 6; got != whole || !whole && len(c.Conversations) > 0 {
			t.Errorf("of 6, with room for %d: %d are kept, %q", most, len(c.Conversations), problems)
		}
	}
	var o Options
	if o.most() != MaxRecords {
		t.Errorf("without Most there is room for %d", o.most())
	}
	called := 0
	s := collector{most: manyRecords + 2, large: func() { called++ }, all: make([]*report.Record, manyRecords-1)}
	for want := range 2 {
		if err := s.Conversation(&analyzer.Conversation{}); err != nil || called != want {
			t.Errorf("with %d records: told %d times, %v", len(s.all), called, err)
		}
	}
}
