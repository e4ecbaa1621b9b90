package findings

import (
	"strings"
	"testing"
)

func TestSome(t *testing.T) {
	for _, test := range []struct {
		n, all uint64
		want   string
	}{
		{1, 1, "the only conversation"}, {1, 2, "1 of 2 conversations"}, {2, 2, "both conversations"}, {2, 3, "2 of 3 conversations"},
		{3, 3, "all 3 conversations"}, {1000, 2000, "1,000 of 2,000 conversations"},
	} {
		for _, selected := range []bool{false, true} {
			want := test.want
			if selected {
				want = strings.Replace(want, "conversation", "selected conversation", 1)
			}
			if got := (&Options{Selected: selected}).some(test.n, test.all); got != want {
				t.Errorf("%d of %d: %q, want %q", test.n, test.all, got, want)
			}
		}
	}
}
