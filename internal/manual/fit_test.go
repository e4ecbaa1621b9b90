package manual

import (
	"strings"
	"testing"
)

// TestFitted: text and what is said of flags is filled; what fits, examples and what belongs together stay as they are.
func TestFitted(t *testing.T) {
	help := `one two three
four five six seven eight, such as:

  a:   1    # as it is
  b:   2    # more than there is room for here
  c    what goes on
       in another line

Usage:
  prog FILE
  prog [command]

Examples:
  prog a very long example that is not to be broken

Flags:
  -a, --all             everything there is
                        and more (default 30s)
      --by day or hour  often
`
	want := `one two three four five six seven
eight, such as:

  a:   1    # as it is
  b:   2    # more than there is room
            for here
  c    what goes on in another line

Usage:
  prog FILE
  prog [command]

Examples:
  prog a very long example that is not to be broken

Flags:
  -a, --all             everything
                        there is and
                        more
                        (default 30s)
      --by day or hour  often
`
	if got := fitted(help, 37); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if got := fitted(help, 32); !strings.HasPrefix(got, "one two three four five six\nseven eight") {
		t.Errorf("a column less than the first line has:\n%s", got)
	}
}
