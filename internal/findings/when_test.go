package findings_test

import (
	"testing"
	"time"

	"tcptrace/internal/testutil/scripts"
)

// TestWhen: what a finding says showed at the first anomaly that tells of it, of each conversation its own, and at no moment if none does.
func TestWhen(t *testing.T) {
	s := look(t, scripts.Frames(t, `conn a server 10.0.0.2:81
conn b client 10.0.0.3:4000
conn c client 10.0.0.4:4000
conn d client 10.0.0.5:4000
+0    a> S   0:0(0) win 64240
+20ms a< R.  0:0(0) ack 1 win 0
+0    b> P.  1:101(100) ack 1 win 502
+20ms b< .   1:1(0) ack 101 win 502
+0    c> P.  1:101(100) ack 1 win 502
+1s   c> P.  1:101(100) ack 1 win 502
+0    c< .   1:1(0) ack 101 win 502
+1s   c> P.  101:201(100) ack 1 win 502
+2s   c> P.  101:201(100) ack 1 win 502
+0    c< .   1:1(0) ack 201 win 502
+0    d> P.  1:101(100) ack 1 win 502
+1s   d> P.  1:101(100) ack 1 win 502
+0    d< .   1:1(0) ack 101 win 502
`))
	start := s.conversations[0].Start
	want := map[string][]time.Duration{
		"refused":        {20 * time.Millisecond},
		"loss":           {1040 * time.Millisecond, 5040 * time.Millisecond},
		"mid-connection": {},
	}
	for i := range s.found.Findings {
		f := &s.found.Findings[i]
		var got []time.Duration
		for k := range s.marks {
			if at, known := f.When(&s.marks[k]); known && f.Has(&s.marks[k]) {
				got = append(got, time.Duration(at-start))
			}
		}
		if times, ok := want[f.ID]; !ok || len(got) != len(times) || len(got) > 0 && (got[0] != times[0] || got[len(got)-1] != times[len(times)-1]) {
			t.Errorf("%s: at %v, want %v", f.ID, got, times)
		}
		delete(want, f.ID)
	}
	for id := range want {
		t.Errorf("%s was not found", id)
	}
}
