package names

import (
	"strings"
	"testing"
)

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"":                    "",
		"www.Example.COM":     "www.example.com",
		"_dmarc.a-b.c9":       "_dmarc.a-b.c9",
		"a b":                 `a\x20b`,
		"a\x1b[31m\x00\x7f":   `a\x1b[31m\x00\x7f`,
		"b\xc3\xbccher.de":    `b\xc3\xbccher.de`,
		"\u202ereversed":      `\xe2\x80\xaereversed`,
		`"<&>` + "`" + `\x41`: `\x22\x3c\x26\x3e\x60\\x41`,
	} {
		if got := Clean([]byte(text)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestCleanLength: what is longer than a name can be is cut between characters, escaped ones included.
func TestCleanLength(t *testing.T) {
	a := func(n int) string { return strings.Repeat("a", n) }
	for _, tt := range []struct{ text, want string }{
		{a(255), a(255)},
		{a(256), a(252) + "..."},
		{a(251) + "\x00", a(251) + `\x00`},
		{a(252) + "\x00", a(252) + "..."},
		{a(249) + "\x00aaa", a(249) + "..."},
		{a(248) + "\x00aaaa", a(248) + `\x00` + "..."},
		{strings.Repeat("\x00", 1000), strings.Repeat(`\x00`, 63) + "..."},
	} {
		if got := Clean([]byte(tt.text)); got != tt.want || len(got) > MaxLen {
			t.Errorf("%d bytes: %d: %q, want %q", len(tt.text), len(got), got, tt.want)
		}
	}
}

func TestHost(t *testing.T) {
	for text, want := range map[string]string{
		"example.com": "example.com", "example.com.": "example.com", ".": ".", "": "",
		"10.0.0.1": "", "2001:db8::1": "", "[2001:db8::1]": "", "10.0.0.1.": "", "10.0.0.1.in-addr.arpa": "10.0.0.1.in-addr.arpa",
	} {
		if got := host([]byte(text)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestKinds(t *testing.T) {
	seen := map[string]bool{}
	for k := ALPN; k < NumKinds; k++ {
		if s := k.String(); s == "" || seen[s] {
			t.Errorf("kind %d is %q", k, s)
		}
		seen[k.String()] = true
	}
	if None.String() != "" || NumKinds.String() != "" {
		t.Error("what is no kind has a name")
	}
}

func TestTable(t *testing.T) {
	var table Table
	a, b := table.Add("a"), table.Add("b")
	if a == 0 || b == 0 || a == b || table.Add("a") != a || table.Add("") != 0 {
		t.Fatal("equal texts have one number, others another")
	}
	if table.Text(a) != "a" || table.Text(b) != "b" || table.Text(0) != "" {
		t.Error("a number is of another text")
	}
	table.Release(a)
	table.Release(0)
	if table.Text(a) != "a" {
		t.Error("it was forgotten though it was added twice and released once")
	}
	table.Release(a)
	if table.Text(a) != "" || table.Add("c") != a || table.Text(a) != "c" {
		t.Error("what nobody has any more keeps its number")
	}
}

// TestTableBound: the table takes what fits and counts the rest, and takes again what fits once others were released.
func TestTableBound(t *testing.T) {
	var table Table
	name := func(i int) string {
		return strings.Repeat("x", MaxLen-8) + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676%26))
	}
	const each = MaxLen - 8 + 3 + textSize
	const most = maxTableBytes / each
	var last uint32
	for i := range most {
		if last = table.Add(name(i)); last == 0 {
			t.Fatalf("there is no room for text %d", i)
		}
	}
	if table.Add(name(most)) != 0 || table.Dropped != 1 {
		t.Errorf("%d texts were dropped, want 1", table.Dropped)
	}
	if table.Add(name(0)) == 0 {
		t.Error("there is no room for what is there")
	}
	table.Release(last)
	if table.Add(name(most)) == 0 || table.Dropped != 1 {
		t.Error("there is no room for one in the place of another")
	}
}
