package turn

import "testing"

// TestAsks: small words are questions if more than half of them are answered soon; behind what was pushed, half are enough.
func TestAsks(t *testing.T) {
	for _, test := range []struct {
		said            Word
		small, answered int
		want            bool
	}{
		{Quick, 0, 0, false},
		{Quick, 1, 0, false},
		{Quick, 1, 1, true},
		{Quick, 2, 1, false},
		{Quick, 3, 2, true},
		{Replied, 0, 0, true}, // there were none
		{Replied, 1, 0, false},
		{Replied, 2, 1, true},
		{Replied, 3, 1, false},
		{Quick, 1000, 128, true}, // counted up to 255
		{Quick, 1000, 127, false},
		{Replied, 1000, 128, true},
		{Replied, 1000, 127, false},
		{Quick, 1000, 1000, true},
	} {
		turns := Turns{Said: test.said}
		for range test.small {
			turns.Count()
		}
		for range test.answered {
			turns.Answered()
		}
		if got := turns.Asks(); got != test.want {
			t.Errorf("word %d, %d of %d answered: asks %v, want %v", test.said, test.answered, test.small, got, test.want)
		}
	}
}

// TestKindsOfWords: words behind what was pushed are counted apart from others.
func TestKindsOfWords(t *testing.T) {
	turns := Turns{Said: Quick}
	turns.Count()
	turns.Answered()
	turns.Said = Replied
	turns.Count()
	if turns.Asks() {
		t.Error("behind what was pushed nothing was answered")
	}
	turns.Said = Quick
	if !turns.Asks() {
		t.Error("elsewhere all was answered")
	}
}
