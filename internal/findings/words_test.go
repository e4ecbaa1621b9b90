package findings

import "testing"

func TestSome(t *testing.T) {
	for _, test := range []struct {
		n, all uint64
		want   string
	}{
		{1, 1, "the only conversation"}, {1, 2, "1 of 2 conversations"}, {2, 2, "both conversations"}, {2, 3, "2 of 3 conversations"},
		{3, 3, "all 3 conversations"}, {1000, 2000, "1,000 of 2,000 conversations"},
	} {
		if got := some(test.n, test.all); got != test.want {
			t.Errorf("%d of %d: %q, want %q", test.n, test.all, got, test.want)
		}
	}
}
