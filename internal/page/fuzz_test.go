package page

import (
	"bytes"
	"os"
	"regexp"
	"testing"

	"tcptrace/internal/input"
	"tcptrace/internal/testutil/golden"
)

const (
	fuzzedBytes = 16 << 10 // of a capture: larger ones are slow, and show nothing more
	pageBytes   = 4 << 20  // more than the page of one takes
)

// FuzzPage makes the page of any bytes: it is bounded, what it says of the capture is JSON, and all else on it is as on the page of an empty one.
func FuzzPage(f *testing.F) {
	seeds := golden.Captures(f)
	for _, path := range seeds {
		capture, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		if len(capture) <= 4<<10 {
			f.Add(capture)
		}
	}
	empty := []byte{0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 96, 0, 0, 0, 1, 0, 0, 0}
	made := func(t testing.TB, capture []byte) string {
		return writeFrom(t, MostDetails, []string{"-"}, func() input.Source {
			return input.Open([]string{"-"}, input.Options{Stdin: bytes.NewReader(capture)})
		})
	}
	data := regexp.MustCompile(block.String() + "\n?")
	rest := data.ReplaceAllString(made(f, empty), "")
	f.Fuzz(func(t *testing.T, capture []byte) {
		if len(capture) > fuzzedBytes {
			t.Skip("longer than what is fuzzed")
		}
		text := made(t, capture)
		if len(text) > pageBytes {
			t.Errorf("%d bytes", len(text))
		}
		if got := data.ReplaceAllString(text, ""); got != rest {
			i := 0
			for i < min(len(got), len(rest)) && got[i] == rest[i] {
				i++
			}
			t.Errorf("beside the data the page has %q, not %q", got[i:min(len(got), i+200)], rest[i:min(len(rest), i+200)])
		}
		blocks(t, text)
	})
}
