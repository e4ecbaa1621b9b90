package names

import (
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func chosen(t *testing.T, args ...string) (*Choice, error) {
	t.Helper()
	var c Choice
	f := pflag.NewFlagSet("test", pflag.ContinueOnError)
	c.AddTo(f, func(path string) (io.ReadCloser, error) { return os.Open(path) })
	return &c, f.Parse(args)
}

func TestChoice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hosts")
	text := "# mine\n\n10.0.0.1  Client other # one\n::ffff:10.0.0.2 mapped\nfe80::1%eth0 linked\n10.0.0.1 second\n10.0.0.3 a\x1bb\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := chosen(t, "--hosts", path)
	if err != nil || c.Off() {
		t.Fatal(err)
	}
	for addr, want := range map[string]string{
		"10.0.0.1": "Client", "10.0.0.2": "mapped", "fe80::1": "linked", "10.0.0.3": "a\x1bb", "10.0.0.4": "",
	} {
		if got := c.Hosts()(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: %q, want %q", addr, got, want)
		}
	}
	for args, off := range map[string]bool{"": false, "--names auto": false, "--names off": true, "-n": true, "--numeric": true, "--names=off": true} {
		c, err := chosen(t, append(strings.Fields(args), "--hosts", path)...)
		if err != nil || c.Off() != off || (c.Hosts() == nil) != off {
			t.Errorf("%q: %v; off: %v", args, err, c.Off())
		}
	}
	if c, err := chosen(t); err != nil || c.Hosts() != nil {
		t.Errorf("%v: there are hosts without a file", err)
	}
}

// TestChoiceErrors: errors name the file and the line.
func TestChoiceErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hosts")
	for text, want := range map[string]string{
		"10.0.0.1 a\nlocalhost 10.0.0.1\n":         path + `:2: "localhost" is no IP address`,
		"10.0.0.1\n":                               path + ":1: 10.0.0.1 has no name",
		"\n10.0.0.1 " + strings.Repeat("x", 1<<17): path + ":2: bufio.Scanner: token too long",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := chosen(t, "--hosts", path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %q", text, err, want)
		}
	}
	for _, args := range [][]string{{"--hosts", path + "x"}, {"--names", "on"}} {
		if _, err := chosen(t, args...); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}
