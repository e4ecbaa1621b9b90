package look

import (
	"testing"

	"github.com/spf13/pflag"
)

func TestColor(t *testing.T) {
	for _, test := range []struct {
		args           []string
		noColor        string
		terminal, pipe bool
	}{
		{nil, "", true, false},
		{nil, "1", false, false},
		{[]string{"--color", "auto"}, "", true, false},
		{[]string{"--color=always"}, "1", true, true},
		{[]string{"--color=never"}, "", false, false},
		{[]string{"--no-color"}, "", false, false},
		{[]string{"--color=always", "--no-color"}, "", false, false},
	} {
		t.Setenv("NO_COLOR", test.noColor)
		var c Color
		f := pflag.NewFlagSet("", pflag.ContinueOnError)
		c.AddTo(f)
		if err := f.Parse(test.args); err != nil || c.On(true) != test.terminal || c.On(false) != test.pipe {
			t.Errorf("%q, NO_COLOR=%s: %v; on a terminal %v, otherwise %v", test.args, test.noColor, err, c.On(true), c.On(false))
		}
	}
	if err := new(Color).Set("yes"); err == nil {
		t.Error("--color yes is taken")
	}
}
