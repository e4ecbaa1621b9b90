package dump

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"
)

// Size is a number of bytes as a flag: 100MB, 64MiB, 1000.
type Size int64

// Type is for pflag.
func (s *Size) Type() string { return "size" }

func (s *Size) String() string {
	if *s == 0 {
		return "0" // which help does not show as a default
	}
	return strings.ReplaceAll(humanize.IBytes(uint64(*s)), " ", "")
}

// Set takes a number with a unit or without.
func (s *Size) Set(text string) error {
	n, err := humanize.ParseBytes(text)
	if err != nil || n > MostBytes {
		return fmt.Errorf("%q is not a size, such as 100MB or 64MiB", text)
	}
	*s = Size(n)
	return nil
}

// MostBytes is the largest Size.
const MostBytes = 1 << 60
