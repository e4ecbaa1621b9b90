// Package look has the flags that say how what is for people looks: whether it has colours, and how it shows times.
//
// Not its job: to write any text.
package look

import (
	"fmt"
	"os"
	"slices"

	"github.com/spf13/pflag"
)

// ColorModes are what --color takes.
var ColorModes = []string{"auto", "always", "never"}

// Color is whether text has colours. The zero value is auto: on a terminal, unless NO_COLOR is set (no-color.org).
type Color struct {
	mode string
	none bool // --no-color
}

// AddTo adds the flags --color and, hidden, --no-color.
func (c *Color) AddTo(f *pflag.FlagSet) {
	f.Var(c, "color", "`when` to use colours: auto (on a terminal, unless NO_COLOR is set), always or never")
	f.BoolVar(&c.none, "no-color", false, "the same as --color never")
	f.Lookup("no-color").Hidden = true
}

// On reports whether there are colours in what is written to a terminal or not.
func (c *Color) On(terminal bool) bool {
	switch {
	case c.none || c.mode == "never":
		return false
	case c.mode == "always":
		return true
	}
	return terminal && os.Getenv("NO_COLOR") == ""
}

// Set is for pflag.
func (c *Color) Set(mode string) error {
	if !slices.Contains(ColorModes, mode) {
		return fmt.Errorf("%q is not auto, always or never", mode)
	}
	c.mode = mode
	return nil
}

// String is for pflag.
func (c *Color) String() string {
	if c.mode == "" {
		return ColorModes[0]
	}
	return c.mode
}

// Type is for pflag.
func (c *Color) Type() string { return "when" }
