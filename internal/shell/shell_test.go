package shell

import "testing"

func TestWords(t *testing.T) {
	for _, test := range []struct {
		words []string
		want  string
	}{
		{[]string{"eth0", "a-b_c.d/e:f+g,@%=9"}, "eth0 a-b_c.d/e:f+g,@%=9"},
		{[]string{""}, "''"},
		{[]string{"a b", "$(x)", "~"}, "'a b' '$(x)' '~'"},
		{[]string{"it's"}, `'it'\''s'`},
	} {
		if got := Words(test.words...); got != test.want {
			t.Errorf("%q: %s, want %s", test.words, got, test.want)
		}
	}
}
