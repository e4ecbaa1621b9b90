package apart

import (
	"slices"
	"testing"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/flow"
)

// What becomes of a conversation is told if it has ended, or has been silent for longer than it was not and than answers take.
func TestWorthTelling(t *testing.T) {
	const s = conn.Time(1e9)
	for _, c := range []struct {
		what     string
		expected int64
		x        flow.Outlook
		want     bool
	}{
		{"closed just now", Never, flow.Outlook{Ended: true, Over: 160 * s, Start: 90 * s, End: 100 * s}, true},
		{"closed, and nobody knows until when it lasts", Never, flow.Outlook{Ended: true, Over: conn.Never, Start: 90 * s, End: 100 * s}, false},
		{"closed, and has to do with others", Never, flow.Outlook{Ended: true, Waits: true, Over: 160 * s, End: 100 * s}, false},
		{"a SYN a second ago", Never, flow.Outlook{Over: 200 * s, Start: 99 * s, End: 99 * s}, false},
		{"a SYN more than a second ago", Never, flow.Outlook{Over: 200 * s, Start: 99*s - 1, End: 99*s - 1}, true},
		{"open, silent for as long as it was not", int64(200 * s), flow.Outlook{Over: conn.Never, Start: 80 * s, End: 90 * s}, false},
		{"open, silent for longer than it was not", int64(200 * s), flow.Outlook{Over: conn.Never, Start: 80*s + 1, End: 90 * s}, true},
		{"open, silent for longer, and nobody knows when all end", Never, flow.Outlook{Over: conn.Never, Start: 80*s + 1, End: 90 * s}, false},
	} {
		o := Outline{End: int64(100 * s), Expected: c.expected}
		if got := o.worthTelling(&c.x); got != c.want {
			t.Errorf("%s: %v", c.what, got)
		}
	}
}

// Of two conversations on the same sockets one is enough that was opened in the file, or that was not read, whichever comes first.
func TestOneForEach(t *testing.T) {
	for _, c := range []struct{ first, second, want bool }{{false, false, false}, {true, false, true}, {false, true, true}, {true, true, true}} {
		got := oneForEach([]Open{
			{ID: 7, Over: 1, Told: true, packets: 2, opened: c.first, unread: c.second}, {ID: 3, Told: true},
			{ID: 7, Over: 2, Told: true, packets: 3, opened: c.second, unread: c.first},
		})
		if want := []Open{{ID: 3, Told: true}, {ID: 7, Over: Never, packets: 5, opened: c.want, unread: c.want}}; !slices.Equal(got, want) {
			t.Errorf("%v, %v: %+v, not %+v", c.first, c.second, got, want)
		}
	}
}
