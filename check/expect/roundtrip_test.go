package expect

import (
	"reflect"
	"testing"
)

// TestRoundTrip: what was not measured is not below a limit.
func TestRoundTrip(t *testing.T) {
	for _, test := range []struct {
		path, limit string
		value       float64
		want        string
	}{
		{"endpoints.client.sent.rtt_p50_s", "<0.05", 0.01, ""},
		{"endpoints.client.sent.rtt_p50_s", "<0.05", 0, "not known"},
		{"endpoints.client.sent.rtt_p50_s", "0", 0, ""},
		{"endpoints.client.sent.handshake_rtt_s", "<0.05", 0, "not known"},
		{"endpoints.client.sent.zero_window_s", "<0.05", 0, ""},
		{"endpoints.client.sent.loss_ratio", "<0.05", 0, ""},
		{"endpoints.client.sent.rtt_samples", "<5", 0, ""},
	} {
		n, err := parseNumber(test.limit)
		if err != nil {
			t.Fatal(err)
		}
		var c comparison
		(&quantity{1, n}).compare(&c, place{path: test.path, name: test.path}, reflect.ValueOf(test.value))
		got := ""
		if len(c.out) > 0 {
			got = c.out[0].Found
		}
		if got != test.want {
			t.Errorf("%s: %s, found %v: %q, want %q", test.path, test.limit, test.value, got, test.want)
		}
	}
}
