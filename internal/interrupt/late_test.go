package interrupt

import (
	"context"
	"testing"
	"time"
)

// TestLate: time counts from the first question behind the end of the context, not from that end: who is asked late has as much.
func TestLate(t *testing.T) {
	for _, test := range []struct {
		done bool
		long time.Duration
		want bool
	}{{false, 0, false}, {true, 0, true}, {true, time.Hour, false}} {
		ctx, cancel := context.WithCancel(t.Context())
		late := Late(ctx, test.long)
		if test.done {
			cancel()
			if late() {
				t.Errorf("%+v: it is late when it is asked first", test)
			}
		}
		if got := late(); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
		cancel()
	}
}
