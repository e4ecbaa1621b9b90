package console

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// hostile is text that a terminal, a log or a CI system would obey.
const hostile = "a\x1b[31mb\x07c\rd\be\u009b2Jf\u202eg\xffh\x00i\x7fj\u2028k\U000e0041l\u200bm\ufeff"

func TestEscapes(t *testing.T) {
	const want = `a\x1b[31mb\ac\rd\be\u009b2Jf\u202eg\xffh\x00i\x7fj\u2028k\U000e0041l\u200bm\ufeff`
	for name, write := range map[string]func(*Writer, []byte) (int, error){"text": (*Writer).Write, "text with styles": (*Writer).WriteStyled} {
		var out bytes.Buffer
		if n, err := write(NewWriter(&out), []byte(hostile)); n != len(hostile) || err != nil || out.String() != want {
			t.Errorf("%s: %d, %v: %s", name, n, err, out.String())
		}
	}
	if got := Plain(hostile); got != want {
		t.Error(got)
	}
	if got := Plain("cut\xe6\xbc"); got != `cut\xe6\xbc` {
		t.Error(got)
	}
	const ordinary = "├─ 漢字 é 60 µs, a\tb\\ \u00a0\n\n~ \ufffd"
	if got := Plain(ordinary); got != ordinary {
		t.Errorf("%q", got)
	}
}

// TestStyles: a style has an effect where styles are written, and is text elsewhere; what looks like one is not.
func TestStyles(t *testing.T) {
	styled := Bold + "a" + Reset + Red + "b" + Yellow + "c" + Reset
	for cut := range len(styled) + 1 {
		var out bytes.Buffer
		w := NewWriter(&out)
		w.WriteStyled([]byte(styled[:cut]))
		w.WriteStyled([]byte(styled[cut:]))
		if got, want := out.String(), "\x1b[1ma\x1b[0m\x1b[31mb\x1b[33mc\x1b[0m"; got != want {
			t.Errorf("cut at %d: %q, want %q", cut, got, want)
		}
	}
	var out bytes.Buffer
	NewWriter(&out).Write([]byte(styled))
	if strings.Contains(out.String(), "\x1b") {
		t.Errorf("%q", out.String())
	}
	for _, forged := range []string{"\x1b[1m", "\x1b[31m", "\x1b[00000000000000000000;1m", Bold[:len(Bold)-3] + "x1m", Bold[1:], markStart[:9] + "\x1b[31m"} {
		out.Reset()
		NewWriter(&out).WriteStyled([]byte(forged + strings.Repeat(".", len(Bold))))
		if strings.Contains(out.String(), "\x1b") || out.Len() == 0 {
			t.Errorf("%q passes as %q", forged, out.String())
		}
	}
}

func TestStyled(t *testing.T) {
	var out bytes.Buffer
	w := Styled(Styled(&out))
	w.Write([]byte(Red + "x\x1b[1m"))
	w.Write([]byte(Reset))
	if got := out.String(); got != "\x1b[31mx\\x1b[1m\x1b[0m" {
		t.Errorf("%q", got)
	}
}

func TestLines(t *testing.T) {
	for text, want := range map[string]string{
		"one": "one", "a\nb": "a\n | b", "a\n | b": "a\n | b", "a\n::error::b\n": "a\n | ::error::b\n | ",
	} {
		if got := Lines(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

type failing struct{}

func (failing) Write(p []byte) (int, error) { return 0, errors.New("full") }

func TestFails(t *testing.T) {
	if n, err := NewWriter(failing{}).Write([]byte("x")); n != 0 || err == nil || err.Error() != "full" {
		t.Error(n, err)
	}
}

// FuzzWriter: whatever is written, in whatever pieces, nothing that a terminal obeys comes out but our sequences where there were marks.
func FuzzWriter(f *testing.F) {
	f.Add([]byte(hostile), uint64(1))
	f.Add([]byte(Bold+"x"+Reset+"\x1b["), uint64(2))
	f.Fuzz(func(t *testing.T, text []byte, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		var plain, styled bytes.Buffer
		a, b := NewWriter(&plain), NewWriter(&styled)
		for rest := text; len(rest) > 0; {
			n := 1 + r.IntN(len(rest))
			a.Write(rest[:n])
			b.WriteStyled(rest[:n])
			rest = rest[n:]
		}
		out := styled.String()
		for _, s := range sequences {
			out = strings.ReplaceAll(out, s, "")
		}
		for _, s := range []string{plain.String(), out} {
			for _, c := range s {
				if c != '\n' && c != '\t' && !unicode.IsGraphic(c) {
					t.Fatalf("%q", s)
				}
			}
			if !utf8.ValidString(s) {
				t.Fatalf("%q is not UTF-8", s)
			}
		}
	})
}
