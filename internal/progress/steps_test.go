package progress

import (
	"strings"
	"testing"
	"time"
)

// TestSteps: a bar is shown on a terminal, once the work has taken a while, and until it is over.
func TestSteps(t *testing.T) {
	for _, c := range []struct {
		name  string
		tty   bool
		early time.Duration // that the work has not taken yet
		want  bool
	}{{"a terminal", true, -time.Millisecond, true}, {"too early", true, time.Hour, false}, {"a pipe", false, -time.Millisecond, false}} {
		var out strings.Builder
		s := ShowSteps("verifying", c.tty, &out)
		s.since = time.Now().Add(c.early)
		s.Done(3, 10)
		shown := out.String()
		if strings.Contains(shown, "verifying") != c.want || strings.Contains(shown, "3/10") != c.want {
			t.Errorf("%s: %q", c.name, shown)
		}
		s.Close()
		if cleared := strings.HasSuffix(out.String(), "\r"); cleared != c.want {
			t.Errorf("%s: the line is left as it was: %q", c.name, out.String())
		}
		ended := out.Len()
		if s.Done(10, 10); out.Len() != ended {
			t.Errorf("%s: shown after the end", c.name)
		}
	}
}
