package check

import (
	"errors"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/input"
)

// TestTooManyAnomalies: a capture may have as many as maxAnomalies.
func TestTooManyAnomalies(t *testing.T) {
	collect := func(before int) (int, error) {
		c := collector{anomalies: before}
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
