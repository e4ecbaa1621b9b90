package observe

import (
	"testing"
	"time"

	"tcptrace/analyzer"
)

// TestClock: it is the system's, also when that is set forward, and goes on at its own pace while that is behind where it was.
func TestClock(t *testing.T) {
	const second = analyzer.Time(time.Second)
	var wall analyzer.Time
	var since time.Duration
	c := Clock{now: func() (analyzer.Time, time.Duration) { return wall, since }}
	for _, step := range []struct {
		what string
		wall analyzer.Time
		pass time.Duration
		want analyzer.Time
	}{
		{"it begins", 1000 * second, 0, 1000 * second},
		{"it goes on", 1001 * second, time.Second, 1001 * second},
		{"set forward", 5000 * second, time.Second, 5000 * second},
		{"set back", 4000 * second, time.Second, 5001 * second},
		{"it goes on behind that", 4001 * second, time.Second, 5002 * second},
		{"it is just before where it was", 5003*second - 1, time.Second, 5003 * second},
		{"it is there again", 5004*second + 1, time.Second, 5004*second + 1},
	} {
		wall, since = step.wall, since+step.pass
		if got := c.Now(); got != step.want {
			t.Errorf("%s: %v, want %v", step.what, got, step.want)
		}
	}
}

// TestTimeGoesOn: while the clock is behind where it was, what is missing is told by the time that passes; not while the packets of that time may
// come.
func TestTimeGoesOn(t *testing.T) {
	for ahead, want := range map[time.Duration]bool{mostBehind + 2*time.Second: false, mostBehind + 5*time.Second: true} {
		s := newStage(t, "")
		s.Clock = func() analyzer.Time { return s.Loop.Monitor().Clock().Add(ahead) }
		s.Observe()
		s.come(1)
		s.out.Reset()
		for range 3 { // it is looked for once a second, and told when it is missing for three
			s.goOn()
		}
		_ = s.Events.Flush()
		if got := s.out.Len() > 0; got != want {
			t.Errorf("%v ahead: told %t: %s", ahead, got, s.out.Bytes())
		}
	}
}
