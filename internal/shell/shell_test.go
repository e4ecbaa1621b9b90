package shell

import (
	"os/exec"
	"testing"
)

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

// TestShown: it has no character that is not graphic, and a shell reads it as what it stands for.
func TestShown(t *testing.T) {
	bash, err := exec.LookPath("bash")
	for _, test := range []struct{ word, want string }{
		{"a-b", "a-b"}, {"it's", `'it'\''s'`}, {"ä b", "'ä b'"},
		{"a\n::error::x", `$'a\012::error::x'`}, {"\x1b[31m1", `$'\033[31m1'`}, {"it's\\\r7", `$'it\'s\\\0157'`},
		{"\u202ea", `$'\342\200\256a'`}, {"\xffa\ufffd", `$'\377a\357\277\275'`},
	} {
		got := Shown(test.word)
		if got != test.want {
			t.Errorf("%q: %s, want %s", test.word, got, test.want)
		}
		if err != nil {
			continue
		}
		if out, err := exec.Command(bash, "-c", "printf %s "+got).Output(); err != nil || string(out) != test.word {
			t.Errorf("%s is %q for a shell, %v; want %q", got, out, err, test.word)
		}
	}
	if err != nil {
		t.Log("what a shell reads is not tested:", err)
	}
}

// TestFiles: no file's name is taken for a flag, and standard input for no file.
func TestFiles(t *testing.T) {
	for want, names := range map[string][]string{
		"a.pcap ./-x.pcap": {"a.pcap", "-x.pcap"}, "-": {"-"}, "'./-a b'": {"-a b"}, "./--": {"--"}, `$'./-\033'`: {"-\x1b"}, "": nil,
	} {
		if got := Files(names...); got != want {
			t.Errorf("%q: %s, want %s", names, got, want)
		}
	}
}
