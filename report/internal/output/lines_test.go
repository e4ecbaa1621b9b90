package output

import (
	"slices"
	"strings"
	"testing"
)

type pieces []int

func (p *pieces) Write(b []byte) (int, error) {
	*p = append(*p, len(b))
	return len(b), nil
}

// TestFlushLines: lines are written in pieces of whole lines, as large as they may be; a line that is longer is a piece of its own.
func TestFlushLines(t *testing.T) {
	line := func(n int) string { return strings.Repeat("x", n-1) + "\n" }
	for _, test := range []struct {
		text string
		want pieces
	}{
		{"", nil},
		{line(SpillAt), pieces{SpillAt}},
		{line(SpillAt) + line(1), pieces{SpillAt, 1}},
		{line(SpillAt-1) + line(1) + line(3), pieces{SpillAt, 3}},
		{line(SpillAt-1) + line(2), pieces{SpillAt - 1, 2}},
		{line(SpillAt+1) + line(2), pieces{SpillAt + 1, 2}},
		{strings.Repeat("x", SpillAt+1), pieces{SpillAt + 1}},
	} {
		var got pieces
		b := NewBuffer(&got)
		b.B = append(b.B, test.text...)
		if err := b.FlushLines(); err != nil || !slices.Equal(got, test.want) || len(b.B) > 0 {
			t.Errorf("%d bytes: pieces of %d, want %d; %v", len(test.text), got, test.want, err)
		}
	}
}
